package check

import (
	"errors"

	"simp/fsm"
)

// calm judges where a pair leads when the network becomes good and the users stop. A good network loses, repeats and reorders
// nothing and is fast: what is on its way arrives before any timer expires. Timers expire: those that end what nobody attends to
// (an invitation, a goodbye) before those that only repeat, which changes nothing but how often the latter do; and of the latter
// none a second time before each has once, since all take equally long. In which order the two sides hear and expire is
// open, so all orders are tried.
//
// Every such run has to end, in a pair where nobody waits for anything, and where each user has heard what became of each
// message. A run that comes back to where it was never ends. And what has arrived at a native partner is answered, so nothing of
// it may go out again.
type calm struct {
	c     *Case
	rests map[stage]bool // true: every run from here ends well; false: one from here is under way
}

// stage is where a calm stands.
type stage struct {
	key
	due     uint8   // sides whose timer has yet to expire in this round, a bit each
	arrived [2]item // what each side has sent last that has arrived in this calm where it has to be answered
}

// item is something that waits for an answer.
type item struct {
	kind fsm.Packet
	num  uint8
	says fsm.Label[name]
}

func newCalm(c *Case) *calm { return &calm{c: c.good(), rests: make(map[stage]bool)} }

// good is the case with room for all that is under way in a calm.
func (c *Case) good() *Case {
	good := *c
	good.Room = mostRoom
	return &good
}

// judge returns an error if a calm from p on does not end well. The story that goes with it ends where the calm begins.
func (q *calm) judge(p pair, k key) error { return q.from(p, stage{key: k}) }

func (q *calm) from(p pair, at stage) error {
	if good, begun := q.rests[at]; begun {
		if good {
			return nil
		}
		return violated(Restless, "in a calm the two go on for ever")
	}
	q.rests[at] = false
	moves, due := q.moves(&p, at.due)
	if len(moves) == 0 {
		if err := rested(&p); err != nil {
			return err
		}
	}
	for _, m := range moves {
		next, left, arrived := p, due, at.arrived
		me, sender := &p.side[m.side], 1-m.side
		switch {
		case m.kind == expire:
			left &^= 1 << m.side
			if in := me.inFlight(); m.due == fsm.Retransmit && in.kind != fsm.NoPacket && arrived[m.side] == in {
				return violated(Needless, "in a calm %s sends a %s again that has arrived", user(int(m.side)), in.kind)
			}
		case me.hasToAnswer(p.to[m.side].at[m.at]):
			d := p.to[m.side].at[m.at]
			arrived[sender] = item{d.kind, d.num, d.label}
		}
		if err := q.c.apply(&next, m); err != nil {
			return during(err, m)
		}
		for i := range arrived {
			if next.side[i].snap.State != p.side[i].snap.State {
				arrived[i] = item{} // what it has sent before is another conversation's business
			}
		}
		if err := q.from(next, stage{next.key(), left, arrived}); err != nil {
			return during(err, m)
		}
	}
	q.rests[at] = true
	return nil
}

// during adds a move of the calm to an error that came up behind it.
func during(err error, m move) error {
	var v *violation
	if errors.As(err, &v) {
		v.calm = append(v.calm, m)
	}
	return err
}

// moves lists what can happen next in a calm, and which sides' timers have yet to expire in this round.
func (q *calm) moves(p *pair, due uint8) (all []move, left uint8) {
	for i := range p.to {
		full := p.to[1-i].n >= mostRoom-1 && p.to[1-i].n > p.to[i].n // the answer might find no room
		if p.to[i].n > 0 && !full {
			all = q.next(&p.to[i], uint8(i), all)
		}
	}
	if len(all) > 0 {
		return all, due
	}
	for _, t := range [...]fsm.Timer{fsm.Expiry, fsm.Retransmit, fsm.Linger} {
		running := p.running(t)
		left = due & running
		if left == 0 {
			left = running
		}
		for i := range p.side {
			if left&(1<<i) != 0 {
				all = append(all, move{side: uint8(i), kind: expire, due: t})
			}
		}
		if len(all) > 0 {
			return all, left
		}
	}
	return nil, 0
}

// running is on which sides a timer runs, a bit each.
func (p *pair) running(t fsm.Timer) (sides uint8) {
	for i := range p.side {
		sides |= p.side[i].timers >> t & 1 << i
	}
	return sides
}

// next appends what can be heard next of a way. Where the network has kept no order until now, nobody knows any.
func (q *calm) next(w *way, side uint8, all []move) []move {
	for k := range w.n {
		if k > 0 && (q.c.Network != Reordering || w.at[k].same(w.at[k-1])) {
			continue
		}
		all = append(all, move{side: side, kind: hear, at: k})
	}
	return all
}

// inFlight is what the party would send again.
func (m *party) inFlight() item {
	s := &m.snap
	switch {
	case s.State == fsm.Established && s.InFlight:
		return item{fsm.CHAT, uint8(s.TxNum), fsm.Label[name]{Name: m.names.Conversation()}}
	case s.State == fsm.SynReceived && s.Answered:
		return item{fsm.SYNACK, 0, m.names.Acceptance()}
	case s.State == fsm.FinWait:
		return item{fsm.FIN, 0, m.names.Ending(fsm.NoPacket, fsm.Label[name]{})}
	}
	return item{}
}

// hasToAnswer reports whether a partner in this state has to answer a datagram at once, one way or another.
func (m *party) hasToAnswer(d datagram) bool {
	s, names := m.snap, m.names
	if !s.Policy.Labels || names.Old(d.kind, d.label, s.State) {
		return false
	}
	switch d.kind {
	case fsm.CHAT:
		return s.State == fsm.Established || s.State == fsm.SynReceived && s.Answered
	case fsm.SYNACK:
		return s.State == fsm.SynSent || s.State == fsm.Established
	case fsm.FIN:
		return s.State != fsm.Idle || s.After != fsm.Forgotten
	default:
		return false
	}
}

// rested judges a pair in which nothing happens any more.
func rested(p *pair) error {
	for i := range p.side {
		m := &p.side[i]
		if s := m.snap.State; s != fsm.Idle && s != fsm.Established || m.snap.InFlight || m.snap.Leaving {
			return violated(Restless, "%s waits for ever: %s", user(i), m.snap)
		}
		if m.head != m.said {
			return violated(Unsettled, "%s never hears what became of message %d", user(i), m.head+1)
		}
	}
	return nil
}
