package check

import (
	"fmt"
	"strings"

	"simp/fsm"
)

// pair is two conversations that face each other, the two ways between them, and what their users have done and seen. It is a
// value without pointers: a search copies it for each thing that can happen next.
type pair struct {
	side [2]party
	to   [2]way // to[i] leads to side i
}

// party is one daemon's conversation with what surrounds it: timers, the queue of messages, the user.
type party struct {
	snap   fsm.Snapshot
	names  fsm.Names[name]
	timers uint8 // which run, a bit each
	said   uint8 // messages that the user has written, in all chats
	head   uint8 // the first of them of whose fate the user has not heard
	got    uint8 // messages of the peer that were shown, a bit each
	last   datagram
	sent   uint8 // invitations
	given  uint8 // names
	died   uint8 // crashes

	// agreed are the conversations to which the user has agreed, a bit for each name: by inviting or by accepting. Where
	// nothing is named all are one. wants are those of them that the user has not gone back on.
	agreed, wants uint16
	heard         uint16 // names of invitations that have arrived since the daemon began, a bit each

	announces bool // it says that it is native, to whom it takes for one and to whom it does not know
	met       bool // something has come from the peer in this conversation
}

// name is the name of a conversation, as a number from 1: odd ones are given by side 0, even ones by side 1.
type name uint8

// Names are never used twice, also not by a daemon that has forgotten which it has used: the real ones are drawn by chance.
const mostNames = 15

func nameOf(side int, given uint8) name {
	n := 2*int(given) - 1 + side
	if n > mostNames {
		panic("check: more names than a key can tell apart")
	}
	return name(n)
}

func (n name) bit() uint16 { return 1 << n }

// datagram is one on its way.
type datagram struct {
	kind   fsm.Packet
	seq    uint8
	of     fsm.Packet
	reason fsm.Reason
	num    uint8
	label  fsm.Label[name]
	msg    uint8 // CHAT: which of its sender's messages
	serial uint8 // the how manieth on this way, from 0, for scripts: what happens does not depend on it
}

// same reports whether nothing but the order of sending tells two datagrams apart.
func (d datagram) same(o datagram) bool {
	d.serial, o.serial = 0, 0
	return d == o
}

// mostRoom bounds the datagrams on their way in one direction, in any case: those that a search puts there, and what a step or
// two in a calm add, in which nothing is lost.
const mostRoom = 5

// way is the datagrams on their way in one direction. They are in the order of sending, unless the network keeps none: then
// in any order that is always the same for the same datagrams.
type way struct {
	n    uint8
	sent uint8
	at   [mostRoom]datagram
}

func (w *way) push(d datagram, room uint8, ordered bool) {
	d.serial = w.sent
	w.sent++
	if w.n >= room {
		return // lost, as anything may be
	}
	at := w.n
	if !ordered {
		for at > 0 && d.code() < w.at[at-1].code() {
			at--
		}
	}
	copy(w.at[at+1:], w.at[at:w.n])
	w.at[at] = d
	w.n++
}

func (w *way) take(i int) {
	copy(w.at[i:], w.at[i+1:])
	w.n--
	w.at[w.n] = datagram{}
}

func newPair(c *Case) pair { return pair{side: [2]party{c.fresh(), c.fresh()}} }

// fresh is a daemon that has just been started.
func (c *Case) fresh() party {
	m := party{announces: c.Policy.Labels}
	if m.snap.Policy = c.Policy; c.Strangers {
		m.snap.Policy = Legacy()
	}
	return m
}

// step lets side i see an event, and does to timers, queue and ways what its effects ask for. d is the datagram that the event
// is about, if it is about one.
func (p *pair) step(c *Case, i int, e fsm.Event, d datagram) error {
	me, peer := &p.side[i], &p.side[1-i]
	before, chat := me.snap, me.names
	var out fsm.Actions
	next, rule := c.decide(before, e, &out)
	labels, invitation := next.Policy.Labels, me.names.Theirs
	if fsm.StartsAnew(before.State, next.State) {
		me.met = d.kind != fsm.NoPacket
	}
	me.names.Follow(before, next, e, d.label, func() name {
		if !me.announces {
			return 0
		}
		me.given++
		return nameOf(i, me.given)
	})
	me.snap = next
	if e.On == fsm.RecvSYN && before.Answered && next.Answered && me.names.Theirs != invitation {
		me.agrees(me.names.Theirs) // who has accepted an invitation has accepted the next one of the same peer (3.20)
	}
	if e.On == fsm.ExpiryDue && before.State == fsm.SynSent {
		me.wants = 0
	}
	if c.fired != nil {
		c.fired[rule.ID()]++
	}
	if err := onlyTimersRepeat(before, e, &out); err != nil {
		return err
	}
	inSameChat := peer.snap.State == fsm.Established && labels && peer.names.Theirs == chat.Ours && peer.names.Ours == chat.Theirs
	// A SYN of the partner ends the chat too, since it means that the partner has forgotten it (5.4): if it is news.
	again := e.On == fsm.RecvSYN && me.heard&d.label.Name.bit() != 0
	if e.On == fsm.RecvSYN {
		me.heard |= d.label.Name.bit()
	}
	if before.State == fsm.Established && next.State != fsm.Established && (e.On == fsm.RecvFIN || again) && inSameChat {
		return violated(ClosedByNone, "%s closes the chat at %s, and %s is still in it", e.On, user(i), user(1-i))
	}
	for _, a := range out.All() {
		switch a.Effect {
		case fsm.Send:
			p.to[1-i].push(me.datagram(a, d), c.Room, c.Network != Reordering)
		case fsm.Start:
			me.timers |= 1 << a.Timer
		case fsm.Stop:
			me.timers &^= 1 << a.Timer
			if a.Timer == fsm.AllTimers {
				me.timers = 0
			}
		case fsm.Queue:
			me.said++
		case fsm.Deliver:
			if err := me.deliver(d); err != nil {
				return err
			}
		case fsm.Complete:
			if peer.got&(1<<me.head) == 0 {
				return violated(NotDelivered, "message %d of %s is reported as delivered, and %s does not have it", me.head+1, user(i), user(1-i))
			}
			me.head++
		case fsm.GiveUp:
			me.head++ // and the user hears that nobody can say
		case fsm.Tell:
			if err := p.tell(i, a.Notice); err != nil {
				return err
			}
		case fsm.Refuse:
		}
	}
	return nil
}

// datagram is what an effect sends. To a legacy peer nothing says what it means, but for what announces us.
func (m *party) datagram(a fsm.Action, answered datagram) datagram {
	d := datagram{kind: a.Packet, seq: a.Seq}
	if a.Packet == fsm.CHAT {
		d.msg = m.head
	}
	announcement := m.announces && (a.Packet == fsm.SYN || a.Packet == fsm.FIN && !m.met)
	if !m.snap.Policy.Labels && !announcement {
		return d
	}
	d.of, d.reason, d.num = a.Of, a.Reason, uint8(a.Num)
	switch a.Packet {
	case fsm.SYN:
		d.label.Name = m.names.Ours
	case fsm.SYNACK:
		d.label = m.names.Acceptance()
	case fsm.ACK, fsm.ERR:
		d.label.Name = m.names.Answer(answered.label)
	case fsm.FIN:
		d.label = m.names.Ending(answered.kind, answered.label)
	case fsm.CHAT:
		d.label.Name = m.names.Conversation()
	case fsm.NoPacket:
	}
	return d
}

func (m *party) deliver(d datagram) error {
	bit := uint8(1) << d.msg
	switch {
	case m.got&bit != 0:
		return violated(ShownTwice, "message %d is shown twice", d.msg+1)
	case m.got > bit:
		return violated(OutOfOrder, "message %d is shown behind a later one", d.msg+1)
	}
	m.got |= bit
	m.last = d
	return nil
}

// tell lets the user of side i hear something.
func (p *pair) tell(i int, n fsm.Notice) error {
	me, peer := &p.side[i], &p.side[1-i]
	switch n {
	case fsm.TellEstablished:
		me.last = datagram{} // what was taken in an earlier chat is no duplicate in this one
		both := name(0).bit()
		if me.announces {
			both = (me.names.Ours.bit() | me.names.Theirs.bit()) &^ name(0).bit()
		}
		if me.wants&both == 0 || peer.agreed&both == 0 {
			return violated(Uninvited, "a chat opens at %s that one of the two has not agreed to", user(i))
		}
	case fsm.TellClosed:
		me.head = me.said // with a list of what was not delivered
	case fsm.TellInviting, fsm.TellUnanswered, fsm.TellInvitation, fsm.TellWithdrawn, fsm.TellRetrying, fsm.TellError:
	}
	return nil
}

// agree notes what a command of the user means for the conversation to which the step has led.
func (m *party) agree(on fsm.Input) {
	switch on {
	case fsm.Cancel, fsm.Decline, fsm.Leave, fsm.LeaveNow:
		m.wants = 0
	case fsm.Invite, fsm.Accept:
		switch m.snap.State {
		case fsm.SynSent:
			m.agrees(m.names.Ours)
		case fsm.SynReceived:
			m.agrees(m.names.Theirs)
		case fsm.Idle, fsm.Established, fsm.FinWait:
		}
	default:
	}
}

func (m *party) agrees(to name) {
	if !m.announces {
		to = 0
	}
	m.agreed |= to.bit()
	m.wants |= to.bit()
}

// onlyTimersRepeat checks that what goes out because of a datagram or a user is no copy of what waits for an answer.
func onlyTimersRepeat(before fsm.Snapshot, e fsm.Event, out *fsm.Actions) error {
	if e.On > fsm.RecvCHAT || e.On == fsm.Invite { // again, which is the user's to say
		return nil
	}
	completed := !before.InFlight && e.On == fsm.Say
	for _, a := range out.All() {
		switch {
		case a.Effect == fsm.Complete || a.Effect == fsm.GiveUp:
			completed = true
		case a.Effect != fsm.Send:
		case a.Packet == fsm.CHAT && !completed:
			return violated(Repeated, "%s sends a message again", e.On)
		case a.Packet == fsm.SYN, a.Packet == fsm.SYNACK && before.State == fsm.SynReceived && before.Answered:
			return violated(Repeated, "%s sends %s again", e.On, a.Packet)
		case a.Packet == fsm.FIN && before.State == fsm.FinWait && e.On != fsm.RecvSYN && !e.Old:
			return violated(Repeated, "%s sends the goodbye again", e.On)
		}
	}
	return nil
}

// crash makes side i forget everything but what its user has seen.
func (p *pair) crash(c *Case, i int) {
	me := &p.side[i]
	before := *me
	*me = c.fresh()
	me.said, me.head, me.got, me.sent, me.given, me.agreed = before.said, before.said, before.got, before.sent, before.given, before.agreed
	me.died = before.died + 1
}

// hear hands side i the k-th datagram on its way, which stays there too if the network repeats it. room tells whether a message
// can be handed to the user.
func (p *pair) hear(c *Case, i, k int, stays, room bool) error {
	me := &p.side[i]
	d := p.to[i].at[k]
	if !stays {
		p.to[i].take(k)
	}
	e := fsm.Event{On: received(d.kind), Seq: d.seq}
	// As Session.receive does it: what is old says nothing of who is there.
	native := me.snap.Policy.Labels
	e.Old = (native || d.kind == fsm.SYN) && me.names.Old(d.kind, d.label, me.snap.State)
	if !e.Old && !native && me.announces && d.announces(me.snap.State) {
		me.snap = me.snap.Treated(c.Policy)
		e.Old = me.names.Old(d.kind, d.label, me.snap.State)
	}
	if me.met = true; e.Old {
		return p.step(c, i, e, d)
	}
	e.Of, e.Reason, e.Num, e.More = d.of, d.reason, uint32(d.num), me.more()
	if d.kind == fsm.CHAT {
		e.Room, e.Repeat = room, d.same(me.last)
	}
	return p.step(c, i, e, d)
}

// announces reports whether a datagram shows, in a state, that its sender is native.
func (d datagram) announces(in fsm.State) bool {
	if d.label.Name == 0 {
		return false
	}
	switch d.kind {
	case fsm.SYN:
		return true
	case fsm.SYNACK:
		return in == fsm.SynSent || in == fsm.Idle
	case fsm.ACK:
		return in == fsm.SynSent && d.of == fsm.SYN
	case fsm.FIN:
		return in == fsm.SynSent
	case fsm.CHAT:
		return in == fsm.Idle
	default:
		return false
	}
}

// more reports whether another message waits behind the one in flight.
func (m *party) more() bool { return m.said-m.head > 1 }

func received(p fsm.Packet) fsm.Input {
	return [...]fsm.Input{
		fsm.SYN: fsm.RecvSYN, fsm.SYNACK: fsm.RecvSYNACK, fsm.ACK: fsm.RecvACK,
		fsm.FIN: fsm.RecvFIN, fsm.ERR: fsm.RecvERR, fsm.CHAT: fsm.RecvCHAT,
	}[p]
}

// user is the name of a side's user.
func user(i int) string { return [...]string{"alice", "bob"}[i] }

func (p *pair) String() string {
	var b strings.Builder
	for i := range p.side {
		m := &p.side[i]
		fmt.Fprintf(&b, "%s: %s, wrote %d, settled %d, has %b;", user(i), m.snap, m.said, m.head, m.got)
		for _, d := range p.to[i].at[:p.to[i].n] {
			b.WriteString(" <- " + d.String())
		}
		b.WriteString("  ")
	}
	return strings.TrimSpace(b.String())
}

func (d datagram) String() string {
	s := fmt.Sprintf("%s %d", d.kind, d.seq)
	if d.of != fsm.NoPacket {
		s += " of " + d.of.String()
	}
	if d.label.Name != 0 {
		s += fmt.Sprintf(" in %d", d.label.Name)
	}
	if d.num != 0 {
		s += fmt.Sprintf(" #%d", d.num)
	}
	return s
}
