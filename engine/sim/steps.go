package sim

import (
	"bytes"
	"net/netip"
	"slices"

	"simp/codec/client"
	"simp/engine"
	"simp/fsm"
)

// What each single step of a daemon of ours is held against.

// contact is what one daemon has had from, and has sent to, one address.
type contact struct {
	last [numSorts][]byte // the last datagram of each sort that went there

	// The account of somebody who has not completed a handshake.
	paid     bool // the user has acted, or a chat was open: what is sent is not on the daemon's own account
	received int
	sent     int
	answers  int // acceptances
	lastIn   int // size of the last datagram from there
	delayed  int // datagrams that waited when it came
	exempt   int // of those still to go: they belong to the account before this one

	// What arrived last, for the time until its step is over.
	stranger bool
	before   fsm.State
	compare  bool   // with
	others   uint64 // how the conversations with others stood
}

// sort is a kind of datagram that must not be repeated without a timer.
type sort int

const (
	sortSYN sort = iota
	sortSYNACK
	sortFIN
	sortCHAT
	numSorts
	noSort sort = -1
)

// sortOf reads the two bytes that say what a datagram is.
func sortOf(b []byte) sort {
	switch {
	case len(b) < 2:
	case b[0] == 2:
		return sortCHAT
	case b[0] == 1:
		switch b[1] {
		case 2:
			return sortSYN
		case 6:
			return sortSYNACK
		case 8:
			return sortFIN
		}
	}
	return noSort
}

// contact is what u's daemon has with an address, which may be nobody's.
func (s *stage) contact(u *user, peer netip.AddrPort) (*contact, *user) {
	if o := s.at[peer]; o != nil {
		return &u.with(o).sends, o
	}
	l := s.link(u.addr, peer)
	if l.stranger == nil {
		l.stranger = new(contact)
	}
	return l.stranger, nil
}

// arrives is called before a datagram is handed to a node.
func (s *stage) arrives(n *Node, from netip.AddrPort, b []byte) {
	u := s.at[n.Addr]
	c, _ := s.contact(u, from)
	session := n.Session(from)
	if sortOf(b) == sortSYN && (session == nil || session.Quiet()) {
		c.paid, c.received, c.sent, c.answers, c.exempt = false, 0, 0, 0, 0 // somebody who has yet to prove himself
	}
	c.lastIn = len(b)
	c.received += len(b)
	c.stranger, c.before = session == nil, fsm.Idle
	c.delayed = 0
	if session != nil {
		c.before, c.delayed = session.State(), session.Delayed()
	}
	if c.compare = len(n.sessions) > 1 || session == nil && len(n.sessions) > 0; c.compare {
		c.others = s.fingerprint(u, from)
	}
}

// fingerprint is a number that changes when a conversation of u with anybody but one does.
func (s *stage) fingerprint(u *user, but netip.AddrPort) uint64 {
	const prime = 1099511628211
	sum := uint64(14695981039346656037)
	mix := func(n uint64) { sum = (sum ^ n) * prime }
	for _, o := range u.others {
		c := u.node.Session(o.addr)
		if c == nil || o.addr == but {
			continue
		}
		mix(uint64(o.index) + 1)
		mix(uint64(c.State()))
		if c.AtRest() {
			mix(1)
		}
		if at, any := c.NextDeadline(); any {
			mix(uint64(at.Sub(start)))
		}
	}
	return sum
}

// stepped holds a step of u's daemon against what it promises of each single one.
func (s *stage) stepped(n *Node, peer netip.AddrPort, why cause, out *engine.Outbox) {
	u := s.at[n.Addr]
	c, o := s.contact(u, peer)
	moved := false
	for r := range out.Steps {
		moved = moved || r.From != r.To
		s.account(c, r)
		if o != nil {
			s.consent(u, o, r)
		}
	}
	if why == byUser {
		c.paid = true
	}
	if why == byDatagram {
		s.undisturbed(u, o, peer, c, out)
	}
	for b := range out.Datagrams {
		what := sortOf(b)
		switch {
		case c.exempt > 0:
			c.exempt--
		case !c.paid:
			s.bounded(u, o, peer, c, what, len(b))
		}
		if what == noSort {
			continue
		}
		if why == byDatagram && !moved && bytes.Equal(c.last[what], b) && s.isRepeat(c, what, out) {
			s.violate(S7, u, o, "%s sends %s once more to %s without a timer", u.name, summary(b), s.nameOf(peer))
		}
		c.last[what] = append(c.last[what][:0], b...)
	}
}

// isRepeat reports whether a datagram that is like the last one of its sort is a copy of it. A FIN is, while ours waits for
// its ACK; any other one refuses what has come, as does one that answers a message or an acceptance. And behind a message that is done with, or with one that was just written,
// comes another one, if in the same words.
func (s *stage) isRepeat(c *contact, what sort, out *engine.Outbox) bool {
	switch what {
	case sortFIN:
		answers := false
		for r := range out.Steps {
			answers = answers || r.On == fsm.RecvCHAT || r.On == fsm.RecvSYNACK
		}
		return c.before == fsm.FinWait && !answers
	case sortCHAT:
		return !slices.ContainsFunc(out.Events, func(ev client.Event) bool {
			switch ev.(type) {
			case client.Delivered, client.Unconfirmed, client.Sent:
				return true
			}
			return false
		})
	default:
		return true
	}
}

// account begins a new one for somebody who begins anew, and closes it for whoever has completed a handshake.
func (s *stage) account(c *contact, r *fsm.Rule) {
	anew := r.On == fsm.RecvSYN && (r.To == fsm.SynReceived || r.To == fsm.Idle)
	switch {
	case r.To == fsm.Established:
		c.paid = true
	case anew && (r.From == fsm.Established || r.From == fsm.FinWait):
		c.paid, c.received, c.sent, c.answers = false, c.lastIn, 0, 0
		c.exempt = c.delayed
	}
}

// The most that may be sent on a daemon's own account.
const (
	maxAmplification = 3 // bytes for each that came
	maxAnswers       = 3 // copies of an acceptance that no user asked for
)

func (s *stage) bounded(u, o *user, peer netip.AddrPort, c *contact, what sort, size int) {
	c.sent += size
	if c.sent > maxAmplification*c.received {
		s.violate(S8, u, o, "%s has sent %d bytes to %s, who has proved nothing, for %d that came", u.name, c.sent, s.nameOf(peer), c.received)
	}
	if what == sortSYNACK {
		if c.answers++; c.answers > maxAnswers {
			s.violate(S8, u, o, "%s sends %d acceptances to %s, who has proved nothing", u.name, c.answers, s.nameOf(peer))
		}
	}
}

// undisturbed checks that a datagram has changed nothing but the conversation with its sender, and nothing at all if it came
// from a stranger and is no invitation.
func (s *stage) undisturbed(u, o *user, peer netip.AddrPort, c *contact, out *engine.Outbox) {
	if c.compare && c.others != s.fingerprint(u, peer) {
		s.violate(S6, u, o, "a datagram of %s changes a conversation of %s with somebody else", s.nameOf(peer), u.name)
	}
	if !c.stranger {
		return
	}
	for r := range out.Steps {
		if r.On != fsm.RecvSYN && (r.To != fsm.Idle || len(out.Events) > 0) {
			s.violate(S6, u, o, "a datagram of %s, a stranger, has %s take the step %s", s.nameOf(peer), u.name, r.ID())
		}
	}
}

// consent checks that a chat which opens is wanted by both, and is not one too many.
func (s *stage) consent(u, o *user, r *fsm.Rule) {
	rel := u.with(o)
	if r.To == fsm.Established && r.From != fsm.Established {
		rel.opened++
		auto := u.node.cfg.Accept == engine.AcceptAuto
		if !rel.agrees && !auto {
			s.violate(S4, u, o, "a chat with %s opens at %s, who did not agree to it", o.name, u.name)
		}
		s.wanted(u, o)
		open := 0
		for _, other := range u.others {
			if u.stateOf(other) == fsm.Established {
				open++
			}
		}
		if open > u.node.cfg.MaxChats {
			s.violate(S5, u, o, "%s is in %d chats, of which %d are allowed", u.name, open, u.node.cfg.MaxChats)
		}
	}
	if begins := r.To == fsm.SynSent || r.To == fsm.SynReceived; begins && r.From != fsm.SynSent && r.From != fsm.SynReceived {
		there, back := s.link(u.addr, o.addr), s.link(o.addr, u.addr)
		rel.mixed = rel.mixed || max(there.busy, back.busy) > s.Elapsed()
	}
	if r.To == fsm.Idle || r.To == fsm.FinWait || r.From == fsm.Established && r.To == fsm.SynReceived {
		rel.disagree(s.Elapsed())
	}
}

// wanted checks that o wants the chat that opens at u's daemon too, or did while u already wanted it and what says so was on its
// way.
func (s *stage) wanted(u, o *user) {
	rel, back := u.with(o), o.with(u)
	if o.node == nil || o.node.cfg.Accept == engine.AcceptAuto || back.agrees || back.agreed > 0 && back.until >= rel.since {
		return
	}
	s.violate(S4, u, o, "a chat with %s opens at %s, but %s does not want it, nor did since %s does", o.name, u.name, o.name, u.name)
}

func (s *stage) nameOf(addr netip.AddrPort) string {
	if u := s.at[addr]; u != nil {
		return u.name
	}
	return addr.String()
}
