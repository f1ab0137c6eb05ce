package foreign

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"simp/codec/client"
	"simp/codec/client/foreign/foreigntest"
)

// stage is a dialogue with a double of its daemon, and other daemons behind
// that. Everything takes 5 ms on its way, and arrives in order.
type stage struct {
	*player
	double foreigntest.Daemon
	harm   []string
	due    []happening
	peers  map[netip.Addr]manner
}

const latency = 5 * time.Millisecond

type happening struct {
	at time.Time
	do func()
}

// manner is how a peer takes an invitation.
type manner string

const (
	accepts  manner = "accepts"
	declines manner = "declines"
	busy     manner = "busy"
	silently manner = ""
	slow     manner = "accepts, and acknowledges slowly"
	hangs    manner = "accepts, and acknowledges no goodbye"
)

var clientAt = netip.MustParseAddrPort("127.0.0.1:40000")

func newStage(t *testing.T, k Kind) *stage {
	s := &stage{peers: map[netip.Addr]manner{}}
	w := foreigntest.World{
		Own:    self,
		Client: s.toClient,
		Peer:   s.toPeer,
		Harm:   func(reason string) { s.harm = append(s.harm, reason) },
	}
	s.double = foreigntest.NewA(w)
	if k == B {
		s.double = foreigntest.NewB(w)
	}
	s.player = &player{t: t, d: New(k, Config{Daemon: self}), now: start}
	s.do(func(out *Outbox) { s.d.Start(s.now, out) })
	return s
}

func (s *stage) later(after time.Duration, do func()) {
	s.due = append(s.due, happening{s.now.Add(after), do})
}

func (s *stage) toClient(to netip.AddrPort, b []byte) {
	if to != clientAt {
		return
	}
	s.later(latency, func() {
		if !s.ended {
			s.datagram(string(b))
		}
	})
}

func (s *stage) toPeer(to netip.Addr, p foreigntest.Packet) {
	manner := s.peers[to]
	answer := func(op foreigntest.Op, text string) {
		after := 2 * latency
		if manner == slow && p.Op == foreigntest.Chat {
			after = 300 * time.Millisecond
		}
		s.later(after, func() { s.double.FromPeer(s.now, to, foreigntest.Packet{Op: op, User: "peer", Text: text}) })
	}
	switch p.Op {
	case foreigntest.SYN:
		switch manner {
		case accepts, slow, hangs:
			answer(foreigntest.SYNACK, "")
		case declines:
			answer(foreigntest.FIN, "")
		case busy:
			answer(foreigntest.ERR, "User already in another chat")
		case silently:
		}
	case foreigntest.SYNACK, foreigntest.Chat:
		answer(foreigntest.ACK, "")
	case foreigntest.FIN:
		// A FIN with words declines, and is not acknowledged: a's daemon would take
		// that for the handshake's.
		if manner != hangs && p.Text == "" {
			answer(foreigntest.ACK, "")
		}
	case foreigntest.ACK, foreigntest.ERR:
	}
}

// run lets time pass for everybody.
func (s *stage) run(t time.Duration) {
	until := s.now.Add(t)
	for {
		for _, b := range s.sent {
			s.later(latency, func() { s.double.FromClient(s.now, clientAt, []byte(b)) })
		}
		s.sent = nil
		slices.SortStableFunc(s.due, func(a, b happening) int { return a.at.Compare(b.at) })
		next := until.Add(1)
		if len(s.due) > 0 {
			next = s.due[0].at
		}
		for _, at := range []time.Time{s.d.Deadline(), s.double.Deadline()} {
			if !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		if next.After(until) {
			s.now = until
			return
		}
		if next.After(s.now) {
			s.now = next
		}
		if len(s.due) > 0 && !s.due[0].at.After(s.now) {
			do := s.due[0].do
			s.due = s.due[1:]
			do()
			continue
		}
		s.double.Expire(s.now)
		if !s.ended {
			s.do(func(out *Outbox) { s.d.Expire(s.now, out) })
		}
	}
}

func (s *stage) fromPeer(addr netip.AddrPort, op foreigntest.Op, text string) {
	user := "peer"
	if name, is := strings.CutPrefix(text, "as "); is {
		user, text = name, ""
	}
	s.double.FromPeer(s.now, addr.Addr(), foreigntest.Packet{Op: op, User: user, Text: text})
}

// say does what a line of a scenario says:
//
//	the name of a command and its argument, "+" and a time, or "peer", an
//	address's last number, and an operation, "as" a name, or a manner
func (s *stage) say(line string) {
	word, rest, _ := strings.Cut(line, " ")
	address := func(n string) netip.AddrPort { return netip.MustParseAddrPort("127.0.0." + n + ":7777") }
	if word == "quit" {
		s.command(client.Quit{})
		return
	}
	if word == "peer" {
		n, op, _ := strings.Cut(rest, " ")
		switch op, text, _ := strings.Cut(op, " "); op {
		case "SYN", "SYN+ACK", "FIN", "ERR", "chat":
			s.fromPeer(address(n), foreigntest.Op(op), text)
		default:
			s.peers[address(n).Addr()] = manner(op + strings.TrimRight(" "+text, " "))
		}
		return
	}
	if after, is := strings.CutPrefix(word, "+"); is {
		t, err := time.ParseDuration(after)
		if err != nil {
			s.t.Fatal(err)
		}
		s.run(t)
		return
	}
	var c client.Command
	switch word {
	case "ping":
		c = client.Ping{}
	case "connect":
		c = client.Connect{User: rest}
	case "invite":
		c = client.Invite{Peer: address(rest)}
	case "cancel":
		c = client.Cancel{Peer: address(rest)}
	case "accept":
		c = client.Accept{Peer: address(rest)}
	case "decline":
		c = client.Decline{Peer: address(rest)}
	case "chat":
		c = client.Chat{Text: rest}
	case "leave":
		c = client.Leave{Now: rest == "now"}
	case "status":
		c = client.StatusQuery{}
	default:
		s.t.Fatalf("no such line: %s", line)
	}
	s.command(c)
}

// short writes events in the words of the scenarios. Notes are "note".
func short(events []client.Event) []string {
	var all []string
	for _, e := range events {
		line := e.Name()
		switch e := e.(type) {
		case client.Connected:
			for _, p := range e.Pending {
				line += fmt.Sprintf(" (%s %s)", last(p.Peer), p.User)
			}
		case client.Inviting:
			line += fmt.Sprintf(" %s try %d", last(e.Peer), e.Tries)
		case client.Unanswered:
			line += fmt.Sprintf(" %s %ds", last(e.Peer), e.Seconds)
		case client.Invitation:
			line += " " + last(e.Peer) + " " + e.User
		case client.Withdrawn:
			line += " " + last(e.Peer) + " " + string(e.Reason)
		case client.Established:
			line += " " + last(e.Peer)
		case client.Message:
			line += fmt.Sprintf(" %s %d %s", last(e.Peer), e.N, e.Text)
		case client.Sent:
			line += fmt.Sprintf(" %d", e.N)
			if e.As != "" {
				line += " as " + e.As
			}
		case client.Unconfirmed:
			line += fmt.Sprintf(" %d", e.N)
		case client.Closed:
			line += " " + last(e.Peer) + " " + string(e.Reason)
			for _, u := range e.Undelivered {
				line += fmt.Sprintf(" undelivered %d", u.N)
			}
		case client.Status:
			for _, c := range e.Chats {
				line += fmt.Sprintf(" %s %s %d", last(c.Peer), c.State, c.Queued)
			}
			for _, p := range e.Pending {
				line += " " + last(p.Peer) + " pending"
			}
		case client.Error:
			line = "error " + e.OpName + " " + string(e.Reason)
			if e.OpName == "" && e.Reason == ReasonUnsupported {
				line = "note"
			}
		}
		all = append(all, line)
	}
	return all
}

func last(p netip.AddrPort) string {
	if p == UnknownPeer {
		return "somebody"
	}
	return fmt.Sprint(p.Addr().As4()[3])
}
