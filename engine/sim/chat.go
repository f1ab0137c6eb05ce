package sim

import (
	"fmt"
	"net/netip"
	"time"

	"simp/codec/client"
	"simp/engine"
	"simp/netio"
)

// Chat is a conversation to simulate: one user invites the other, both write at once, and the inviting user leaves when
// everything has arrived.
type Chat struct {
	Faults   netio.Faults
	Messages int           // each way
	Limit    time.Duration // of virtual time
	Plain    bool          // nobody announces itself
	Trace    func(line string)
}

// Result is what came of a Chat.
type Result struct {
	Elapsed    time.Duration // virtual
	Complete   bool          // everything arrived, and both sides are quiet
	Violations []string      // of what must hold in every run
}

// person is a user of a Chat and what that user has seen.
type person struct {
	node      *Node
	peer      netip.AddrPort
	invites   bool
	count     int
	heard     []string // texts, in the order in which they were shown
	delivered int
	closed    bool
}

// Run simulates the chat with a seed. Every run must hold: no message is shown twice, out of order or without having been
// sent; none is reported delivered that the other side does not have.
func (c Chat) Run(seed uint64) Result {
	w := New(c.Faults, seed)
	w.Trace = c.Trace
	cfg := engine.Defaults()
	cfg.Plain = c.Plain
	addrs := [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:7777"), netip.MustParseAddrPort("10.0.0.2:7777")}
	a := &person{node: w.Add(addrs[0], "alice", cfg), peer: addrs[1], invites: true, count: c.Messages}
	b := &person{node: w.Add(addrs[1], "bob", cfg), peer: addrs[0], count: c.Messages}
	var r Result
	violate := func(format string, args ...any) {
		r.Violations = append(r.Violations, fmt.Sprintf("%.3fs ", w.Elapsed().Seconds())+fmt.Sprintf(format, args...))
	}
	a.node.Hear = func(ev client.Event) { a.hear(ev, b, violate) }
	b.node.Hear = func(ev client.Event) { b.hear(ev, a, violate) }
	a.node.Do(a.peer, client.Invite{Peer: a.peer})
	quiet := w.Run(c.Limit)
	if quiet && a.closed && !b.closed {
		// All copies of the goodbye were lost, which the protocol allows (6.3). The user who is left alone leaves too.
		b.node.Do(b.peer, client.Leave{Peer: b.peer})
		quiet = w.Run(c.Limit)
	}
	r.Elapsed = w.Elapsed()
	r.Complete = quiet && a.done() && b.done() && a.node.Quiet() && b.node.Quiet()
	return r
}

func text(name string, n int) string { return fmt.Sprintf("%s %d", name, n) }

func (p *person) done() bool {
	return p.closed && p.delivered == p.count && len(p.heard) == p.count
}

func (p *person) hear(ev client.Event, other *person, violate func(string, ...any)) {
	switch ev := ev.(type) {
	case client.Unanswered:
		if p.invites { // an invitation to somebody unknown is repeated only when the user says so
			p.node.Do(p.peer, client.Invite{Peer: p.peer})
		}
	case client.Invitation:
		p.node.Do(p.peer, client.Accept{Peer: p.peer})
	case client.Established:
		for n := 1; n <= p.count; n++ {
			p.node.Do(p.peer, client.Chat{Peer: p.peer, Text: text(p.node.Name, n)})
		}
	case client.Message:
		want := text(other.node.Name, len(p.heard)+1)
		if ev.Text != want || ev.N != len(p.heard)+1 {
			violate("%s is shown %q as message %d, expected %q", p.node.Name, ev.Text, ev.N, want)
		}
		p.heard = append(p.heard, ev.Text)
		p.leaveWhenDone(other)
	case client.Delivered:
		p.delivered++
		if ev.N != p.delivered {
			violate("%s hears that message %d is delivered, expected %d", p.node.Name, ev.N, p.delivered)
		}
		if len(other.heard) < ev.N {
			violate("%s hears that message %d is delivered, but %s has only %d", p.node.Name, ev.N, other.node.Name, len(other.heard))
		}
		p.leaveWhenDone(other)
	case client.Closed:
		p.closed = true
		if len(ev.Undelivered) > 0 {
			violate("%s's chat is closed (%s) with %d messages undelivered", p.node.Name, ev.Reason, len(ev.Undelivered))
		}
	case client.Error:
		violate("%s gets the error %s: %s", p.node.Name, ev.Reason, ev.Text)
	}
}

// leaveWhenDone has the inviting user leave once both sides know that everything has arrived, as two people would who
// say goodbye before they hang up.
func (p *person) leaveWhenDone(other *person) {
	inviter := p
	if !p.invites {
		inviter = other
	}
	if len(p.heard) == p.count && len(other.heard) == other.count && p.delivered == p.count && other.delivered == other.count {
		inviter.node.Do(inviter.peer, client.Leave{Peer: inviter.peer})
	}
}
