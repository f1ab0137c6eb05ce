package fsm

import (
	"errors"
	"fmt"
	"strings"
)

// link is two conversations that face each other, and the two ways between them: everything that can happen to two users
// and their daemons on a network that loses and repeats, but does not reorder. It is comparable, so that a search can
// tell whether it has been here before, and it judges itself: what no network may bring about is an error of the step.
type link struct {
	side [2]party
	to   [2]wire // to[i] leads to side i
	room uint8   // datagrams on their way in one direction; one that finds no room is lost, as anything may be
}

// party is one daemon's conversation with what surrounds it: timers, the queue of messages, the inbox.
type party struct {
	snap   Snapshot
	timers uint8 // which run, a bit each
	said   uint8 // messages that the user has written, in all chats
	head   uint8 // the first of them that is neither settled nor dropped with its chat
	got    uint8 // messages of the peer that were delivered, a bit each
	last   datagram
	sent   uint8 // invitations, so that a search can bound them
}

type datagram struct {
	kind   Packet
	seq    uint8
	of     Packet
	reason Reason
	msg    uint8 // CHAT: which of the sender's messages
}

const mostRoom = 3

// wire is a queue of datagrams.
type wire struct {
	n  uint8
	at [mostRoom]datagram
}

func (w *wire) push(d datagram, room uint8) {
	if w.n < room {
		w.at[w.n] = d
		w.n++
	}
}

func (w *wire) pop() {
	copy(w.at[:], w.at[1:])
	w.n--
	w.at[w.n] = datagram{}
}

// next is what decides a step: Next, or Next with a rule less.
type next func(Snapshot, Event, *Actions) (Snapshot, *Rule)

// without is Next over a table that lacks one rule, to show what the rule is for.
func without(id string) next {
	return func(s Snapshot, e Event, out *Actions) (Snapshot, *Rule) {
		for _, r := range Cell(s.State, e.On) {
			if r.ID() == id || r.If != nil && !r.If(s.Vars, e) {
				continue
			}
			if r.Do != nil {
				s.Vars = r.Do(s.Vars, e, out)
			}
			s.State = r.To
			return s, r
		}
		panic("nothing is left of " + id)
	}
}

// The errors of a step: what neither loss nor repetition may bring about between two of our machines.
var (
	errNotDelivered = errors.New("a message was reported as delivered and was not")
	errTwice        = errors.New("a message was delivered twice")
	errOrder        = errors.New("a message was delivered behind a later one")
	errStuck        = errors.New("an answer is waited for and nothing would ever ask again")
)

// step lets side i see an event, and does to timers, queue and wires what its effects ask for.
func (l *link) step(decide next, i int, e Event, d datagram) error {
	me, peer := &l.side[i], &l.side[1-i]
	var out Actions
	snap, _ := decide(me.snap, e, &out)
	me.snap = snap
	for _, a := range out.All() {
		switch a.Effect {
		case Send:
			s := datagram{kind: a.Packet, seq: a.Seq, of: a.Of, reason: a.Reason}
			if a.Packet == CHAT {
				s.msg = me.head
			}
			if !snap.Policy.Labels { // on such a wire nothing says what it means
				s.of, s.reason = NoPacket, NoReason
			}
			l.to[1-i].push(s, l.room)
		case Start:
			me.timers |= 1 << a.Timer
		case Stop:
			me.timers &^= 1 << a.Timer
			if a.Timer == AllTimers {
				me.timers = 0
			}
		case Queue:
			me.said++
		case Deliver:
			bit := uint8(1) << d.msg
			if me.got&bit != 0 {
				return errTwice
			}
			if me.got > bit {
				return errOrder
			}
			me.got |= bit
			me.last = d
		case Complete:
			if peer.got&(1<<me.head) == 0 {
				return errNotDelivered
			}
			me.head++
		case GiveUp:
			me.head++
		case Tell:
			if a.Notice == TellEstablished {
				me.last = datagram{} // what was taken in an earlier chat is no duplicate in this one
			}
		case Refuse:
		}
	}
	if snap.State != Established {
		me.head = me.said // what waits for delivery is dropped with its chat, and its user is told
	}
	if waitsForAnswer(snap) && me.timers&(1<<Retransmit) == 0 {
		return errStuck
	}
	return nil
}

// waitsForAnswer reports whether the timer has to bring a lost datagram back: everywhere but where a user decides.
func waitsForAnswer(s Snapshot) bool {
	switch s.State {
	case SynSent:
		return s.mayRepeatSYN()
	case SynReceived:
		return s.Answered
	case Established:
		return s.InFlight
	case FinWait:
		return true
	case Idle:
	}
	return false
}

// user lets the user of side i act.
func (l *link) user(decide next, i int, on Input) error {
	return l.step(decide, i, Event{On: on, Room: on == Say}, datagram{})
}

// due lets a timer of side i expire, which it only does if it runs.
func (l *link) due(decide next, i int, t Timer) error {
	l.side[i].timers &^= 1 << t
	return l.step(decide, i, Event{On: t.Due(), More: l.more(i)}, datagram{})
}

// arrive hands side i the first datagram on its wire, which stays there too if the network repeats it.
func (l *link) arrive(decide next, i int, stays, room bool) error {
	d := l.to[i].at[0]
	if !stays {
		l.to[i].pop()
	}
	e := Event{On: received(d.kind), Seq: d.seq, Of: d.of, Reason: d.reason, More: l.more(i)}
	if d.kind == CHAT {
		e.Room, e.Repeat = room, d == l.side[i].last
	}
	return l.step(decide, i, e, d)
}

// more reports whether another message of side i waits behind the one in flight.
func (l *link) more(i int) bool { return l.side[i].said-l.side[i].head > 1 }

func received(p Packet) Input {
	switch p {
	case SYN:
		return RecvSYN
	case SYNACK:
		return RecvSYNACK
	case ACK:
		return RecvACK
	case FIN:
		return RecvFIN
	case ERR:
		return RecvERR
	case CHAT:
		return RecvCHAT
	case NoPacket:
	}
	panic("no such datagram: " + p.String())
}

func newLink(p Policy, room uint8) link {
	fresh := party{snap: Snapshot{Vars: Vars{Policy: p}}}
	return link{side: [2]party{fresh, fresh}, room: room}
}

func (l *link) String() string {
	var b strings.Builder
	for i := range l.side {
		fmt.Fprintf(&b, "%c: %s, wrote %d, settled %d, got %b;", "AB"[i], l.side[i].snap, l.side[i].said, l.side[i].head, l.side[i].got)
		for _, d := range l.to[i].at[:l.to[i].n] {
			fmt.Fprintf(&b, " <- %s %d", d.kind, d.seq)
		}
		b.WriteString("  ")
	}
	return b.String()
}
