package foreigntest

import (
	"fmt"
	"net/netip"
	"time"
	"unicode/utf8"
)

// place is what the double's client thread takes the next datagram for.
type place uint8

const (
	aCommand place = iota
	aName
	aChoice
	aAddress
)

const (
	menu       = "\x05\x01Do you want to wait for connection or start one? [wait/start]: "
	forgetting = 20 * time.Millisecond // between what it says and what it does about it
)

type from struct {
	addr netip.Addr
	p    Packet
}

// A is the double of a's daemon.
type A struct {
	w World

	// The thread for the client.
	place     place
	dead      bool
	client    netip.AddrPort
	connected bool
	user      string
	forgetAt  time.Time

	// The thread that opens chats. It stands still while a request waits.
	request bool // pending_request
	asked   bool // the client was asked
	caller  from
	inbox   []from
	lost    bool       // it has died of what others sent, which it can do without its client
	calling bool       // an invitation is out
	other   netip.Addr // the partner, or whom the last invitation or request is about

	// The thread that receives in a chat, and the one that sends.
	chatting bool
	finSent  bool
	buffer   []string
	inFlight bool
}

var _ Daemon = (*A)(nil)

// NewA returns a daemon that has just been started.
func NewA(w World) *A { return &A{w: w} }

// Free implements [Daemon].
func (a *A) Free() bool { return !a.dead && !a.connected && a.place == aCommand }

// Deadline implements [Daemon].
func (a *A) Deadline() time.Time { return a.forgetAt }

// Expire implements [Daemon].
func (a *A) Expire(now time.Time) {
	if a.forgetAt.IsZero() || now.Before(a.forgetAt) {
		return
	}
	a.forgetAt = time.Time{}
	a.connected, a.client, a.other = false, netip.AddrPort{}, netip.Addr{}
	a.open(now)
}

func (a *A) harm(format string, args ...any) {
	a.dead = true
	a.w.Harm(fmt.Sprintf(format, args...))
}

func (a *A) say(b string) {
	if !a.client.IsValid() {
		a.harm("it speaks to a client that it has forgotten")
		return
	}
	a.w.Client(a.client, []byte(b))
}

func (a *A) send(to netip.Addr, op Op, text string) {
	switch {
	case !to.IsValid():
		a.harm("%s to nobody", op)
	case to == a.w.Own:
		a.inbox = append(a.inbox, from{to, Packet{op, a.user, text}})
	default:
		a.w.Peer(to, Packet{op, a.user, text})
	}
}

// FromClient implements [Daemon].
func (a *A) FromClient(now time.Time, who netip.AddrPort, b []byte) {
	if a.dead {
		return
	}
	rest := b[min(2, len(b)):]
	if len(b) == 0 || !utf8.Valid(rest) {
		a.harm("a datagram that cannot be decoded: %q", b)
		return
	}
	text := string(rest)
	switch a.place {
	case aName:
		a.name(text)
	case aChoice:
		a.place = aCommand
		if text == "start" {
			a.place = aAddress
			a.say("\x05\x01Enter the other daemon's IP address: ")
		}
	case aAddress:
		a.place = aCommand
		ip, err := netip.ParseAddr(text)
		if err != nil || !ip.Is4() {
			a.harm("an address that is none: %q", text)
			return
		}
		a.other = ip
		a.calling = ip != a.w.Own
		a.send(ip, SYN, "")
	case aCommand:
		a.command(who, b[0], text)
	}
	a.open(now)
}

func (a *A) name(text string) {
	if !ascii([]byte(text)) || len(text) > 32 {
		a.harm("a name that it cannot send: %q", text)
		return
	}
	a.user = text
	a.place = aCommand
	if !a.request {
		a.place = aChoice
		a.say(menu)
	}
}

func (a *A) command(who netip.AddrPort, kind byte, text string) {
	switch kind {
	case 0x00:
		if !a.forgetAt.IsZero() {
			a.harm("a login while it forgets its client")
			return
		}
		if a.connected {
			a.w.Client(who, []byte("\x02\x00The daemon already connected to a client"))
		}
		a.w.Client(who, []byte("\x00\x00"))
		a.client, a.connected = who, true
		a.say("\x00\x01Please enter a username: ")
		a.place = aName
	case 0x01:
		switch {
		case !a.other.IsValid() || !a.chatting:
			a.harm("a message without a chat")
		case !ascii([]byte(text)):
			a.harm("a message that is not ASCII: %q", text)
		default:
			a.buffer = append(a.buffer, text)
			a.forward()
		}
	case 0x03:
		if !a.chatting || a.inFlight {
			a.harm("a goodbye without a chat, or while a message waits for its ACK")
			return
		}
		a.finSent = true
		a.send(a.other, FIN, "")
	case 0x07:
		if a.calling {
			a.harm("it may forget its client before it has opened the menu for it")
			return
		}
		a.place = aChoice
		a.say(menu)
	case 0x09:
		if a.request && a.asked {
			a.answered(text == "y")
		}
	case 0x02, 0x04, 0x05, 0x06: // ignored
	default:
		a.harm("type %#02x", kind)
	}
}

func (a *A) forward() {
	if !a.inFlight && len(a.buffer) > 0 {
		a.inFlight = true
		a.send(a.other, Chat, a.buffer[0])
		a.buffer = a.buffer[1:]
	}
}

func (a *A) answered(yes bool) {
	a.request, a.asked = false, false
	if yes {
		a.send(a.other, SYNACK, "")
		return
	}
	a.send(a.other, FIN, "Error: The other client declined your request")
}

// FromPeer implements [Daemon].
func (a *A) FromPeer(now time.Time, addr netip.Addr, p Packet) {
	a.inbox = append(a.inbox, from{addr, p})
	a.open(now)
}

// open is what the threads for other daemons do with what has arrived.
func (a *A) open(now time.Time) {
	for !a.dead && !a.lost {
		if a.request {
			if !a.asked && a.connected && a.place != aName {
				a.asked = true
				a.other = a.caller.addr
				a.say(fmt.Sprintf("\x04\x01Request from user %s address: %s:7777. Do you want to accept? [y/n]: ", a.caller.p.User, a.caller.addr))
			}
			return
		}
		if len(a.inbox) == 0 || !a.forgetAt.IsZero() {
			return
		}
		next := a.inbox[0]
		a.inbox = a.inbox[1:]
		if a.chatting {
			a.listen(now, next)
			continue
		}
		if next.p.Op != SYN {
			a.calling = false
		}
		switch next.p.Op {
		case SYN:
			a.request, a.asked, a.caller = true, false, next
		case SYNACK:
			if a.lost = !a.other.IsValid(); a.lost {
				return
			}
			a.send(a.other, ACK, "")
			a.opened()
		case ACK:
			a.opened()
		case FIN, ERR:
			if a.lost = !a.client.IsValid(); a.lost {
				return
			}
			a.say("\x02\x00" + next.p.Text)
			a.forgetAt = now.Add(forgetting)
		case Chat:
		}
	}
}

func (a *A) opened() {
	if !a.client.IsValid() {
		a.lost = true
		return
	}
	a.chatting, a.finSent = true, false
	a.say("\x06\x00Connection established")
}

func (a *A) listen(now time.Time, next from) {
	switch next.p.Op {
	case Chat:
		a.say("\x01\x00" + next.p.Text)
		a.send(a.other, ACK, "")
	case FIN:
		a.send(a.other, ACK, "")
		a.closed(now)
	case ACK:
		if a.finSent {
			a.closed(now)
			return
		}
		a.inFlight = false
		a.forward()
	case SYN:
		a.send(next.addr, ERR, "User is busy in another chat")
	case SYNACK, ERR:
	}
}

func (a *A) closed(now time.Time) {
	a.say("\x03\x00")
	a.chatting, a.inFlight, a.buffer = false, false, nil
	a.forgetAt = now.Add(forgetting)
}
