// Package follow draws what a running daemon's state machines do: as a picture of where every conversation stands, or a line
// for each step. It knows no terminal, no clock and no network.
package follow

import (
	"net/netip"
	"slices"
	"time"

	"simp/codec/client"
	"simp/codec/text"
)

// most is how many conversations are kept in mind. Beyond that the one that has been silent for longest is forgotten.
const most = 256

// Model is what is known of a daemon. It is for one goroutine.
type Model struct {
	daemon client.Watching
	peers  map[netip.AddrPort]*conversation
	turn   int // counts what happened

	steps, in, out, missed int
}

// conversation is what is known of one.
type conversation struct {
	peer  netip.AddrPort
	user  string
	state string
	shown bool // it was there or has taken a step; a datagram alone makes no conversation
	place int  // when it came
	heard int  // when something last happened

	steps, in, out int
	last, change   *client.Step // the last one, and the last that changed the state; nil: none since we came
}

// NewModel begins with where everything stands.
func NewModel(start client.Watching) *Model {
	m := &Model{daemon: start, peers: make(map[netip.AddrPort]*conversation)}
	for _, machine := range start.Machines {
		c := m.of(machine.Peer)
		c.user, c.state, c.shown = machine.User, text.Visible(machine.State), true
	}
	return m
}

// Take takes in something that happened.
func (m *Model) Take(ev client.Event) {
	switch ev := ev.(type) {
	case client.Step:
		ev = clean(ev)
		c := m.of(ev.Peer)
		c.user, c.state, c.shown, c.last = ev.User, ev.To, true, &ev
		if ev.From != ev.To {
			c.change = &ev
		}
		c.steps++
		m.steps++
	case client.Datagram:
		c := m.of(ev.Peer)
		if ev.Dir == client.DirectionOut {
			c.out++
			m.out++
		} else {
			c.in++
			m.in++
		}
	case client.Missed:
		m.missed += ev.N
	}
}

// of returns the conversation with a peer, which something has just happened to.
func (m *Model) of(peer netip.AddrPort) *conversation {
	m.turn++
	c := m.peers[peer]
	if c == nil {
		if len(m.peers) >= most {
			m.forget()
		}
		c = &conversation{peer: peer, state: "idle", place: m.turn}
		m.peers[peer] = c
	}
	c.heard = m.turn
	return c
}

// forget makes room for one.
func (m *Model) forget() {
	var silent *conversation
	for _, c := range m.peers {
		if silent == nil || c.heard < silent.heard {
			silent = c
		}
	}
	delete(m.peers, silent.peer)
}

// conversations returns those to show, the most interesting first: open ones first, then the ones of which something was heard last.
func (m *Model) conversations() []*conversation {
	var all []*conversation
	for _, c := range m.peers {
		if c.shown {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *conversation) int {
		if a.resting() != b.resting() {
			if b.resting() {
				return -1
			}
			return 1
		}
		return b.heard - a.heard
	})
	return all
}

func (c *conversation) resting() bool { return c.state == "idle" }

// clean makes harmless on a terminal what a daemon says of a step. The user's name is quoted where it is shown.
func clean(s client.Step) client.Step {
	for _, field := range []*string{&s.From, &s.To, &s.On, &s.Rule, &s.Cause} {
		*field = text.Visible(*field)
	}
	s.At = s.At.Truncate(time.Microsecond)
	return s
}
