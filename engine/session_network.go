package engine

import (
	"time"

	"simp/codec"
	"simp/fsm"
)

// What the network does to a session.

// inputOf maps the kinds of datagram to the machine's inputs.
var inputOf = [...]fsm.Input{
	codec.SYN: fsm.RecvSYN, codec.SYNACK: fsm.RecvSYNACK, codec.ACK: fsm.RecvACK,
	codec.FIN: fsm.RecvFIN, codec.ERR: fsm.RecvERR, codec.CHAT: fsm.RecvCHAT,
}

// packetOf maps the codec's kinds to the machine's and kindOf back: the two packages do not know each other.
var packetOf = [...]fsm.Packet{
	codec.Invalid: fsm.NoPacket, codec.SYN: fsm.SYN, codec.SYNACK: fsm.SYNACK, codec.ACK: fsm.ACK,
	codec.FIN: fsm.FIN, codec.ERR: fsm.ERR, codec.CHAT: fsm.CHAT,
}

var kindOf = [...]codec.Kind{
	fsm.NoPacket: codec.Invalid, fsm.SYN: codec.SYN, fsm.SYNACK: codec.SYNACK, fsm.ACK: codec.ACK,
	fsm.FIN: codec.FIN, fsm.ERR: codec.ERR, fsm.CHAT: codec.CHAT,
}

// reasonOf and labelOf map the reasons that travel in a FIN.
var reasonOf = [...]fsm.Reason{
	codec.ReasonNone: fsm.NoReason, codec.Left: fsm.Left, codec.Declined: fsm.Declined,
	codec.Cancelled: fsm.Cancelled, codec.Busy: fsm.Busy, codec.Shutdown: fsm.ShutDown,
	codec.Restarted: fsm.Restarted,
}

func labelOf(r fsm.Reason) codec.Reason {
	switch r {
	case fsm.Left:
		return codec.Left
	case fsm.Declined:
		return codec.Declined
	case fsm.Cancelled:
		return codec.Cancelled
	case fsm.Busy:
		return codec.Busy
	case fsm.ShutDown:
		return codec.Shutdown
	case fsm.Restarted:
		return codec.Restarted
	case fsm.NoReason, fsm.Unreachable, fsm.Refused, fsm.Expired, fsm.Lost, fsm.Misnumbered:
	}
	return codec.ReasonNone
}

// busyText is what the specification has a busy daemon say; busyTexts are the ones that others use.
const busyText = "User already in another chat"

var busyTexts = [...]string{busyText, "User is busy in another chat", "User already in chat, or has pending invitation."}

// misnumberedText is how a peer says that it expected another number.
const misnumberedText = "Wrong sequence number"

// meaning is what the text of an ERR or a refusing FIN is known to say.
func meaning(d *codec.Datagram) fsm.Reason {
	if d.Form == codec.Stub {
		return fsm.Busy
	}
	for _, t := range busyTexts {
		if string(d.Payload) == t {
			return fsm.Busy
		}
	}
	if string(d.Payload) == misnumberedText {
		return fsm.Misnumbered
	}
	return fsm.NoReason
}

func (s *Session) receive(now time.Time, in Input, out *Outbox) {
	d := in.Datagram
	wasNative, changed := s.native(), false
	// What belongs to an earlier conversation says nothing of who is there now, and what names none while names are known may be
	// anybody's: neither may change how the peer is treated.
	old := (wasNative || d.Kind == codec.SYN) && s.names.Old(packetOf[d.Kind], labelIn(d), s.snap.State)
	if !old {
		changed = s.recognise(now, d, in.Notes)
		old = !wasNative && s.native() && s.names.Old(packetOf[d.Kind], labelIn(d), s.snap.State)
	}
	s.heard = true
	again := d.Kind == codec.SYN && !wasNative && !s.native() && s.isCopyOfSYN(now, d)
	if !old && !again && d.Kind == codec.SYN && s.snap.State != fsm.SynSent && s.snap.State != fsm.SynReceived {
		s.prompted, s.validated, s.received, s.answered = false, false, 0, 0 // it has yet to prove itself again
	}
	if !s.validated {
		s.received += uint32(min(in.Size, codec.MaxReceive))
	}

	e := fsm.Event{On: inputOf[d.Kind], Seq: d.Seq, Old: old}
	if old {
		s.step(now, e, stepInput{datagram: d}, out)
		return
	}
	if s.begins(d) {
		e.Counter = s.counter()
	}
	switch d.Kind {
	case codec.SYN:
		// Of native peers' only one that names nothing may have to be taken for a copy: others say it.
		e.Repeat = again || s.native() && labelIn(d).Name == (codec.Token{})
		e.Verdict = s.verdictOnSYN()
	case codec.SYNACK:
		if s.snap.State == fsm.SynSent {
			e.Verdict = s.takeChat()
		}
	case codec.ACK:
		e.Of = packetOf[codec.AckOf(d.Payload)]
		if d.Form == codec.FINACK {
			e.Of = fsm.FIN
		}
		e.Num = s.number(d)
		e.More = len(s.queue) > 1
		s.measure(now)
	case codec.FIN:
		s.finAt = now
		e.Reason = reasonOf[codec.ReasonOf(d.Payload)]
		if e.Reason == fsm.NoReason && meaning(d) == fsm.Busy {
			e.Reason = fsm.Busy
		}
		e.Crossed = s.crossed(now)
	case codec.ERR:
		e.Reason = meaning(d)
	case codec.CHAT:
		e.Num = s.number(d)
		e.Room = s.room()
		v := s.isCopy(now, d)
		if e.Repeat = v != another; v == perhaps && s.snap.State == fsm.Established {
			s.sayRepeated(d, out)
		}
		if changed {
			s.snap = s.snap.Met(d.Seq)
		}
	case codec.Invalid:
		return
	}
	was, doubts := s.snap.State, s.doubts(d)
	s.step(now, e, stepInput{datagram: d}, out)
	if doubts {
		s.treatAs(doubtful, "", true)
	}
	answered := was == fsm.SynSent && s.snap.State == fsm.Idle
	if answered || changed && (s.snap.State == fsm.Established || s.snap.After == fsm.Ended) {
		s.remember()
	}
	s.sayRecognised(out)
}

// number is which message of the chat the datagram is about, 0 if the peer does not count them (4.19).
func (s *Session) number(d *codec.Datagram) uint32 {
	if !s.native() {
		return 0
	}
	return d.Number()
}

// begins reports whether the datagram may open a chat.
func (s *Session) begins(d *codec.Datagram) bool {
	return s.snap.State == fsm.SynSent && d.Kind == codec.SYNACK || s.snap.State == fsm.SynReceived
}

// counter is the number of our first message in a chat, where numbers go on over all chats (4.17).
func (s *Session) counter() uint8 {
	last, any := s.lastSent()
	switch next := last.number + 1; {
	case !any && s.snap.Policy.Numbers == fsm.Counting:
		return s.newCounter() // what went there before we were started we cannot know
	case !any || !s.dialect.carries:
		return 0
	case s.snap.Policy.Numbers == fsm.Counting || last.takes(next&1):
		return next
	}
	return last.number // the other one: it may be new, and if it is not either, nothing is
}

// swallows reports whether the peer may take our first message for a copy of what it has from an earlier chat.
func (s *Session) swallows() bool {
	last, _ := s.lastSent()
	return s.dialect.policy.Numbers == fsm.Counting && !last.takes(s.snap.TxSeq)
}

// verdictOnSYN is what admission says to an invitation. A place that it takes is given back by settle if the step does
// not use it.
func (s *Session) verdictOnSYN() fsm.Verdict {
	switch {
	case s.askAny(AskStop, s.env.stop.Load):
		return fsm.Never
	case s.snap.State == fsm.SynSent:
		return s.takeChat() // both have agreed already
	case s.ask(AskInUse, s.env.admit.inUse):
		return fsm.InUse
	}
	switch s.env.cfg.Accept {
	case AcceptNever:
		return fsm.Never
	case AcceptAuto:
		if !s.attached && !s.takeBox() {
			return fsm.InUse // the answering machine is full
		}
		if v := s.takeChat(); v != fsm.Ask {
			return v
		}
		return fsm.Take
	case AcceptAsk:
	}
	if s.snap.HalfOpen() {
		return fsm.Ask // the same invitation
	}
	if !s.ask(AskRing, s.env.admit.takeRing) {
		if s.snap.State != fsm.Idle {
			return fsm.InUse // a partner who began anew is told, a stranger is not
		}
		return fsm.Full
	}
	s.places.ring = true
	return fsm.Ask
}

// takeChat takes a place among the chats: Ask if there is one, else InUse.
func (s *Session) takeChat() fsm.Verdict {
	if !s.ask(AskChat, s.env.admit.takeChat) {
		return fsm.InUse
	}
	s.places.chat = true
	return fsm.Ask
}

// takeBox makes sure that what a chat without a client brings can be kept.
func (s *Session) takeBox() bool {
	if len(s.box) >= boxEvents {
		return false
	}
	if !s.places.box {
		s.places.box = s.askAny(AskBox, s.env.admit.takeBox)
	}
	return s.places.box
}

// room reports whether a message that arrives now can be handed on (4.8).
func (s *Session) room() bool {
	switch {
	case s.muted:
		return false // nobody will see it: it must not be taken for delivered
	case s.attached:
		return s.askAny(AskRoom, s.env.room)
	}
	return s.keep && len(s.box) < inboxLen
}
