package foreigntest

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// B is the double of b's daemon.
type B struct {
	w World

	available bool
	user      string
	partner   netip.Addr // never forgotten
	name      string     // the partner's
	requests  []from
	called    netip.Addr // whom it has invited last
	calledAt  time.Time

	client netip.AddrPort // whom it talks to at the moment
	saying string         // what is not acknowledged yet
	tries  int
	at     time.Time
	list   bool   // it waits for a choice among the requests
	block  string // it stands still until it has a partner: "wait" or "call"
	queue  []fromClient
}

// restB is how soon an answer comes that a client should have waited for.
const restB = 500 * time.Millisecond

type fromClient struct {
	who netip.AddrPort
	b   []byte
}

var _ Daemon = (*B)(nil)

// NewB returns a daemon that has just been started.
func NewB(w World) *B { return &B{w: w, available: true} }

// Free implements [Daemon].
func (b *B) Free() bool { return b.available && b.block == "" && !b.list }

// Deadline implements [Daemon].
func (b *B) Deadline() time.Time {
	if b.saying == "" {
		return time.Time{}
	}
	return b.at
}

// Expire implements [Daemon].
func (b *B) Expire(now time.Time) {
	if b.saying == "" || now.Before(b.at) {
		return
	}
	if b.tries++; b.tries > 3 {
		b.saying = ""
		b.work(now)
		return
	}
	b.at = now.Add(5 * time.Second)
	b.w.Client(b.client, []byte(b.saying))
}

func (b *B) say(now time.Time, message string) {
	b.saying, b.tries, b.at = message, 1, now.Add(5*time.Second)
	b.w.Client(b.client, []byte(message))
}

// FromClient implements [Daemon].
func (b *B) FromClient(now time.Time, who netip.AddrPort, d []byte) {
	b.queue = append(b.queue, fromClient{who, d})
	b.work(now)
}

// work takes what has arrived, as long as it does not stand still.
func (b *B) work(now time.Time) {
	for b.block == "" && len(b.queue) > 0 {
		d := b.queue[0]
		b.queue = b.queue[1:]
		if !ascii(d.b) || len(d.b) > 1024 {
			b.w.Harm(fmt.Sprintf("it takes no such datagram: %q", d.b))
			continue
		}
		fields := strings.Split(string(d.b), "|")
		payload := ""
		if len(fields) > 1 {
			payload = fields[1]
		}
		switch {
		case b.saying != "" && fields[0] == "ACK":
			b.saying = ""
			if b.list {
				continue
			}
		case b.saying != "":
			b.client = d.who
			b.w.Client(d.who, []byte(b.saying))
			b.w.Harm(fmt.Sprintf("%q in the place of an ACK of %q is thrown away", d.b, b.saying))
		case b.list:
			if fields[0] == "CONNECT" {
				b.chosen(now, payload)
			}
		case fields[0] != "ACK":
			b.client = d.who
			b.w.Client(d.who, []byte("ACK"))
			b.operate(now, fields[0], payload)
		}
	}
}

func (b *B) operate(now time.Time, op, payload string) {
	switch op {
	case "PING":
		if !b.available {
			b.say(now, "ERROR|Daemon is busy with another user.")
			return
		}
		b.available = false
		b.say(now, "PONG|Daemon is running.")
	case "CONNECT":
		b.user = payload
		if len(b.requests) == 0 {
			b.say(now, "CONNECT|Welcome, "+payload+"! \nYou currently have no pending chat requests.")
			return
		}
		list := "CONNECT|Welcome, " + payload + "! \nYou have pending chat requests from:\n"
		for _, r := range b.requests {
			list += fmt.Sprintf("IP: %s | Username: %s\n", r.addr, r.p.User)
		}
		b.list = true
		b.say(now, list+"Would you like to chat with any of these users? \nEnter username or 'NO'.")
	case "CONNECTING":
		if payload == "" {
			b.block = "wait"
			b.meet(now)
			return
		}
		ip, err := netip.ParseAddr(strings.TrimSpace(payload[strings.Index(payload, ":")+1:]))
		switch {
		case err != nil:
			b.w.Harm("an address that is none: " + payload)
			return
		case b.partner.IsValid() && b.partner != ip:
			return // it looks for the partner's name under the wrong address, and gives up
		}
		b.called, b.calledAt = ip, now
		b.w.Peer(ip, Packet{SYN, b.user, ""})
		b.block = "call"
		b.meet(now)
	case "CHAT":
		switch {
		case !b.partner.IsValid():
			b.say(now, "ERROR|No chat partner available.")
		case b.user == "":
			b.w.Harm("a message of nobody")
		default:
			b.w.Peer(b.partner, Packet{Chat, b.user, payload})
		}
	case "QUIT":
		b.available, b.user = true, ""
		b.say(now, "QUIT|You have been disconnected.")
	default:
		b.say(now, "ERROR|Unknown operation.")
	}
}

func (b *B) chosen(now time.Time, name string) {
	if strings.EqualFold(name, "NO") {
		b.list = false
		b.say(now, "CONNECTING|")
		return
	}
	for i, r := range b.requests {
		if r.p.User == name {
			b.partner, b.name = r.addr, name
			b.requests = append(b.requests[:i:i], b.requests[i+1:]...)
			b.list = false
			b.say(now, "CONNECTING|connecting to user:"+name+"... ")
			return
		}
	}
}

// meet ends its standing still if it has a partner.
func (b *B) meet(now time.Time) {
	if b.block != "" && b.partner.IsValid() {
		b.block = ""
		b.say(now, "CONNECTING|Connected to user: "+b.name)
		b.work(now)
	}
}

// FromPeer implements [Daemon]. What a partner writes never reaches the client,
// so there is no Chat here.
func (b *B) FromPeer(now time.Time, addr netip.Addr, p Packet) {
	switch p.Op {
	case SYN:
		b.requests = append(b.requests, from{addr, p})
		if !b.partner.IsValid() {
			b.w.Peer(addr, Packet{SYNACK, b.user, ""})
		}
	case SYNACK:
		// Nobody can wait for an answer that does not come; one that is on its way can be waited for.
		if b.user == "" && addr == b.called && now.Sub(b.calledAt) < restB {
			b.w.Harm("the answer to an invitation finds nobody")
		}
		b.w.Peer(addr, Packet{ACK, b.user, ""})
		b.partner, b.name = addr, p.User
	case ACK:
		if !b.partner.IsValid() {
			b.partner, b.name = addr, p.User
		}
	case FIN, ERR, Chat:
	}
	b.meet(now)
}
