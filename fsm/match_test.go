package fsm

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// match is our machine against a peer of another kind, on a network that loses and delays but keeps the order and repeats
// nothing. Alice is ours. Of Bob's side of the link only what he has written and taken is used; the rest of him is the peer.
// A match is comparable, as a link is, so a search can tell whether it has been here before.
type match struct {
	link
	peer     peer
	moved    bool // a message of ours was settled since the peer's last one was taken, so its number may have come round
	sameText bool // all messages of the peer read the same: nothing but their number tells one from a copy of the last
}

// peer is a model of another implementation: a small value, whose methods return what becomes of it. An error says that
// something happened to it that must not.
type peer interface {
	hear(datagram, *farSide) (peer, error)
	mayDo(deed) bool
	do(deed, *farSide) peer
	inChat() bool
}

// deed is something that the peer's user, or its timer, can do.
type deed uint8

const (
	peerInvites deed = iota
	peerAccepts
	peerWrites
	peerLeaves
	peerRepeats // its timer
	numDeeds
)

func (d deed) String() string {
	return [...]string{"invites", "accepts", "writes", "leaves", "repeats"}[d]
}

// farSide is what a peer can reach of the match.
type farSide struct{ l *link }

func (f *farSide) send(d datagram) { f.l.to[alice].push(d, f.l.room) }

// taken notes that the peer has shown a message of ours, and reports whether it had before.
func (f *farSide) taken(d datagram) (again bool) {
	bit := uint8(1) << d.msg
	again = f.l.side[bob].got&bit != 0
	f.l.side[bob].got |= bit
	return again
}

// written is the number of a new message of the peer, counted from 0.
func (f *farSide) written() uint8 {
	f.l.side[bob].said++
	return f.l.side[bob].said - 1
}

// errLost is what must not become of a peer's message: acknowledged, and not shown to our user.
var errLost = errors.New("a message of the peer was acknowledged and not delivered")

// acknowledged notes that the peer has seen the ACK of its message.
func (f *farSide) acknowledged(msg uint8) error {
	if f.l.side[alice].got&(1<<msg) == 0 {
		return errLost
	}
	return nil
}

// game is what a search of matches is bounded by.
type game struct {
	bounds // messages and invites of both sides, and the policy of ours
	peer   peer
	deeds  []deed
	same   bool // see match.sameText
	lag    bool // our timer may fire while something is on its way: a round trip may take longer than the retransmission time
	hasty  bool // so may the peer's
	once   bool // the peer must not show a message twice, which is the price of any copy to one that tells no duplicates
	settle func(g *game, m match) error
}

// turn is one thing that can happen next: a move on our side, what becomes of the first datagram on the peer's wire, or a
// deed of the peer.
type turn struct {
	move
	deed  deed
	deeds bool
}

func (t turn) String() string {
	if t.deeds {
		return "B " + t.deed.String()
	}
	return t.move.String()
}

func (g *game) begin() match {
	return match{link: newLink(g.policy, g.room), peer: g.peer, sameText: g.same}
}

// quiet reports whether nothing is on its way.
func (m *match) quiet() bool { return m.to[alice].n+m.to[bob].n == 0 }

func (g *game) turns(m *match, all []turn) []turn {
	for _, on := range [...]Input{Invite, Cancel, Accept, Decline, Say, Leave, LeaveNow} {
		if g.can(alice, &m.side[alice], on) {
			all = append(all, turn{move: move{on: on}})
		}
	}
	for _, t := range [...]Timer{Retransmit, Expiry} {
		if m.side[alice].timers&(1<<t) != 0 && (g.lag || t != Retransmit || m.quiet()) {
			all = append(all, turn{move: move{kind: expire, due: t}})
		}
	}
	for i := range m.to {
		if m.to[i].n > 0 {
			all = append(all, turn{move: move{side: uint8(i), kind: hear}}, turn{move: move{side: uint8(i), kind: lose}})
		}
	}
	if m.to[alice].n > 0 && m.to[alice].at[0].kind == CHAT {
		all = append(all, turn{move: move{kind: refuseRoom}})
	}
	for _, d := range g.deeds {
		bounded := d == peerWrites && m.side[bob].said >= g.messages[bob] || d == peerInvites && m.side[bob].sent >= g.invites[bob]
		early := d == peerRepeats && !g.hasty && !m.quiet()
		if !bounded && !early && m.peer.mayDo(d) {
			all = append(all, turn{deed: d, deeds: true})
		}
	}
	return all
}

func (g *game) take(m *match, t turn) error {
	switch {
	case t.deeds:
		if t.deed == peerInvites {
			m.side[bob].sent++
		}
		m.peer = m.peer.do(t.deed, &farSide{&m.link})
		return nil
	case t.kind == hear && t.side == bob:
		d := m.to[bob].at[0]
		m.to[bob].pop()
		next, err := m.peer.hear(d, &farSide{&m.link})
		m.peer = next
		if !g.once && errors.Is(err, errShownTwice) {
			return nil
		}
		return err
	case t.kind == hear, t.kind == refuseRoom:
		d := m.to[alice].at[0]
		m.to[alice].pop()
		e := Event{On: received(d.kind), Seq: d.seq, Reason: d.reason, More: m.more(alice)}
		if d.kind == CHAT {
			last := m.side[alice].last
			e.Room = t.kind == hear
			e.Repeat = last.kind == CHAT && last.seq == d.seq && (last.msg == d.msg || m.sameText && !m.moved)
		}
		settled, took := m.side[alice].head, m.side[alice].got
		err := m.step(g.decide, alice, e, d)
		m.moved = (m.moved || m.side[alice].head != settled) && m.side[alice].got == took
		return err
	}
	settled := m.side[alice].head
	err := g.apply(&m.link, t.move)
	m.moved = m.moved || m.side[alice].head != settled
	return err
}

// search visits every match that can come about, breadth first, and returns how many there are, with the shortest story that
// ends in an error of a turn, if there is one.
func (g *game) search() (int, error) {
	start := g.begin()
	seen := map[match]struct{}{start: {}}
	visits := []visit{{}}
	layer, first := []match{start}, 0
	var possible []turn
	for len(layer) > 0 {
		var found []match
		for at := range layer {
			possible = g.turns(&layer[at], possible[:0])
			for t := range possible {
				m := layer[at]
				err := g.take(&m, possible[t])
				if _, known := seen[m]; known && err == nil {
					continue
				}
				visits = append(visits, visit{int32(first + at), uint8(t)})
				if err == nil && g.settle != nil {
					err = g.settle(g, m)
				}
				if err != nil {
					return len(visits), fmt.Errorf("%w:\n%s", err, g.retell(visits))
				}
				seen[m] = struct{}{}
				found = append(found, m)
			}
		}
		first += len(layer)
		layer = found
	}
	return len(visits), nil
}

// retell is the story of the last visit, a line for each turn.
func (g *game) retell(visits []visit) string {
	var path []uint8
	for at := len(visits) - 1; at > 0; at = int(visits[at].from) {
		path = append(path, visits[at].by)
	}
	var story strings.Builder
	m := g.begin()
	for _, by := range slices.Backward(path) {
		t := g.turns(&m, nil)[by]
		err := g.take(&m, t)
		fmt.Fprintf(&story, "%-30s %s %+v\n", t, m.String(), m.peer)
		if err != nil {
			fmt.Fprintf(&story, "%v\n", err)
		}
	}
	return story.String()
}

// calm lets everything arrive, and the timers expire when nothing is on its way, until our side rests. The peer repeats what
// it waits for four times and then stops: some wait for ever for what nobody promised them. Users do nothing.
func (g *game) calm(m *match) error {
	repeats := 0
	for range 200 {
		var t turn
		switch {
		case m.to[bob].n > 0:
			t = turn{move: move{side: bob, kind: hear}}
		case m.to[alice].n > 0:
			t = turn{move: move{kind: hear}}
		case repeats < 4 && m.peer.mayDo(peerRepeats):
			t = turn{deed: peerRepeats, deeds: true}
			repeats++
		case m.side[alice].timers&(1<<Retransmit) != 0:
			t = turn{move: move{kind: expire, due: Retransmit}}
		default:
			return nil
		}
		if err := g.take(m, t); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: our side does not come to rest", errStuck)
}

// answersInCalm expects of a network that becomes calm that everything settles, and that one of the next so many messages in
// an open chat is delivered.
func answersInCalm(messages int) func(*game, match) error {
	return func(g *game, m match) error {
		if err := g.calm(&m); err != nil {
			return err
		}
		for range messages {
			if m.side[alice].snap.State != Established || !m.peer.inChat() {
				return nil
			}
			if err := m.user(g.decide, alice, Say); err != nil {
				return err
			}
			number := m.side[alice].said - 1
			if err := g.calm(&m); err != nil {
				return err
			}
			if m.side[bob].got&(1<<number) != 0 {
				return nil
			}
		}
		return fmt.Errorf("%w: %d messages in a calm network, and none arrives", errStuck, messages)
	}
}
