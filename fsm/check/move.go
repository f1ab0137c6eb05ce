package check

import (
	"fmt"
	"slices"

	"simp/fsm"
)

// move is one thing that can happen next.
type move struct {
	side uint8
	kind moveKind
	on   fsm.Input // act
	due  fsm.Timer // expire
	at   uint8     // of a datagram: which of those on the way to side
}

type moveKind uint8

const (
	act         moveKind = iota // the user gives a command
	expire                      // a timer does
	crash                       // the daemon is killed and starts anew
	hear                        // a datagram arrives
	hearAndKeep                 // a datagram arrives, and another copy of it stays on its way
	lose                        // a datagram is lost
	refuse                      // a message arrives and cannot be handed to the user
)

func (m move) String() string {
	who := user(int(m.side))
	switch m.kind {
	case act:
		return who + " " + m.on.String()
	case expire:
		return who + " " + m.due.Due().String()
	case crash:
		return who + " crashes"
	case hear, hearAndKeep, lose, refuse:
	}
	what := [...]string{hear: "hears", hearAndKeep: "hears a copy of", lose: "never hears", refuse: "has no room for"}[m.kind]
	return fmt.Sprintf("%s %s datagram %d", who, what, m.at+1)
}

// apply lets the move happen.
func (c *Case) apply(p *pair, m move) error {
	i := int(m.side)
	switch m.kind {
	case act:
		me := &p.side[i]
		if m.on == fsm.Invite {
			me.sent++
		}
		err := p.step(c, i, fsm.Event{On: m.on, Room: m.on == fsm.Say}, datagram{})
		me.agree(m.on)
		return err
	case expire:
		p.side[i].timers &^= 1 << m.due
		return p.step(c, i, fsm.Event{On: m.due.Due(), More: p.side[i].more()}, datagram{})
	case crash:
		p.crash(c, i)
	case hear, hearAndKeep, refuse:
		return p.hear(c, i, int(m.at), m.kind == hearAndKeep, m.kind != refuse)
	case lose:
		p.to[i].take(int(m.at))
	}
	return nil
}

var commands = [...]fsm.Input{fsm.Invite, fsm.Cancel, fsm.Accept, fsm.Decline, fsm.Say, fsm.Leave, fsm.LeaveNow}

// moves appends what can happen. Commands that would only be refused are left out, and the timer that only tells the user.
func (c *Case) moves(p *pair, all []move) []move {
	for i := range p.side {
		side, me := uint8(i), &p.side[i]
		for _, on := range commands {
			if c.can(i, me, on) {
				all = append(all, move{side: side, on: on})
			}
		}
		for _, t := range [...]fsm.Timer{fsm.Retransmit, fsm.Expiry, fsm.Linger} {
			if me.timers&(1<<t) != 0 {
				all = append(all, move{side: side, kind: expire, due: t})
			}
		}
		if me.died < c.Crashes[i] && !me.knowsNothing() {
			all = append(all, move{side: side, kind: crash})
		}
		all = c.arrivals(p, side, all)
	}
	return all
}

// knowsNothing reports whether a crash would change nothing.
func (m *party) knowsNothing() bool {
	return m.snap.State == fsm.Idle && m.snap.After == fsm.Forgotten && m.names == fsm.Names[name]{}
}

// arrivals appends what can become of the datagrams on their way to a side.
func (c *Case) arrivals(p *pair, side uint8, all []move) []move {
	w := &p.to[side]
	for k := range w.n {
		if k > 0 && c.Network != Reordering {
			break
		}
		if k > 0 && w.at[k].same(w.at[k-1]) {
			continue // whichever of the two
		}
		all = append(all, move{side: side, kind: hear, at: k}, move{side: side, kind: lose, at: k})
		if c.Network != Lossy {
			all = append(all, move{side: side, kind: hearAndKeep, at: k})
		}
		if w.at[k].kind == fsm.CHAT && p.side[side].snap.State != fsm.Idle {
			all = append(all, move{side: side, kind: refuse, at: k})
		}
	}
	return all
}

// can reports whether a command has an effect, within the bounds.
func (c *Case) can(i int, m *party, on fsm.Input) bool {
	s := &m.snap
	if slices.Contains(c.Without, on) {
		return false
	}
	switch on {
	case fsm.Invite:
		may := s.State == fsm.Idle || s.State == fsm.SynSent || s.State == fsm.FinWait || s.HalfOpen()
		return m.sent < c.Invites[i] && may
	case fsm.Cancel:
		return s.State == fsm.SynSent || s.State == fsm.SynReceived && s.Answered
	case fsm.Accept, fsm.Decline:
		return s.HalfOpen()
	case fsm.Say:
		return s.State == fsm.Established && !s.Leaving && m.said < c.Messages[i]
	case fsm.Leave:
		return s.State == fsm.Established && !s.Leaving
	case fsm.LeaveNow:
		return s.State == fsm.Established || s.State == fsm.FinWait && s.EndsChat()
	default: // no command of the search
		return false
	}
}
