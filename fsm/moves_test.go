package fsm

import (
	"flag"
	"fmt"
)

var deep = flag.Bool("deep", false, "search matches further, for minutes")

// bounds keep the search of a match finite (match_test.go). What can happen between two machines of ours is searched in
// fsm/check.
type bounds struct {
	policy   Policy
	room     uint8    // datagrams on their way in one direction
	messages [2]uint8 // that each user writes, in all chats
	invites  [2]uint8 // that each user sends
	decide   next
}

// move is one thing that can happen next: a command, a timer, or what becomes of the first datagram on a side's wire.
type move struct {
	side uint8
	kind moveKind
	on   Input // command
	due  Timer // timer
}

type moveKind uint8

const (
	command moveKind = iota
	expire
	hear
	lose
	refuseRoom // CHAT arrives, the inbox is full
)

func (m move) String() string {
	what := [...]string{command: m.on.String(), expire: m.due.Due().String(), hear: "hears", lose: "loses", refuseRoom: "has no room"}[m.kind]
	return fmt.Sprintf("%c %s", "AB"[m.side], what)
}

// apply lets the move happen.
func (b *bounds) apply(l *link, m move) error {
	side := int(m.side)
	switch m.kind {
	case command:
		if m.on == Invite {
			l.side[side].sent++
		}
		return l.user(b.decide, side, m.on)
	case expire:
		return l.due(b.decide, side, m.due)
	case hear, refuseRoom:
		return l.arrive(b.decide, side, false, m.kind != refuseRoom)
	case lose:
		l.to[side].pop()
	}
	return nil
}

// can reports whether a command has an effect, within the bounds.
func (b *bounds) can(i int, p *party, on Input) bool {
	s := &p.snap
	switch on {
	case Invite:
		return p.sent < b.invites[i] && (s.State == SynSent || s.State == Idle && s.After == Forgotten)
	case Cancel:
		return s.State == SynSent || s.State == SynReceived && s.Answered
	case Accept, Decline:
		return s.HalfOpen()
	case Say:
		return s.State == Established && !s.Leaving && p.said < b.messages[i]
	case Leave:
		return s.State == Established && !s.Leaving
	case LeaveNow:
		return s.State == Established || s.State == FinWait && s.EndsChat()
	default: // no command of a match
		return false
	}
}

// visit is how a link was come by.
type visit struct {
	from int32 // index of the visit before
	by   uint8 // index of the move
}
