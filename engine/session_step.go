package engine

import (
	"slices"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// How a session takes a step and performs its effects.

// stepInput is what the effects of a step may need of the input that caused it.
type stepInput struct {
	datagram *codec.Datagram
	op       string    // name of the user's command
	id       client.ID // of a message, and its text in parts that fit
	parts    []string
	as       string // the text as the peer can read it, where that differs
	tries    int    // copies of what was in flight before the step, and its number
	number   uint8
}

// step lets the machine decide, has the gate confirm, stores the new snapshot, reports the step, and only then performs
// its effects.
func (s *Session) step(now time.Time, e fsm.Event, in stepInput, out *Outbox) {
	out.now = now
	out.actions.Reset()
	if anew := e.On == fsm.RecvSYN && !e.Old && s.snap.State != fsm.SynReceived; anew || e.On == fsm.Invite {
		s.snap.Policy = s.policy() // what an acceptance without a user has changed in it ends here
	}
	before := s.snap
	next, rule := fsm.Next(before, e, &out.actions)
	if err := s.env.gate.Pass(before.State, rule, next.State); err != nil {
		s.env.counters.add(gateRefused)
		s.env.cfg.Log.Error().Err(err).Stringer("peer", s.peer).Msg("the step was not taken; please report this")
		return
	}
	s.env.counters.fired(rule)
	s.learnName(before.State, in.datagram)
	begins := fsm.StartsAnew(before.State, next.State)
	if begins {
		s.since = now
		if s.heard = in.datagram != nil; !s.heard && !s.fixed {
			s.seen = false
			s.snap.Policy = s.policy()
		}
		s.told = 0
		s.roundTrip, s.shortest, s.ackAt, s.synAt, s.finAt = 0, 0, time.Time{}, time.Time{}, time.Time{}
		if e.On == fsm.RecvSYN {
			s.synAt = now
		}
	}
	if begins || next.Answered && !before.Answered {
		// Who answers an invitation may be another than who was there, if anybody, when it came.
		s.self = s.askUser()
	}
	s.names.Follow(before, next, e, labelIn(in.datagram), s.newName)
	s.snap = next
	in.tries, in.number = int(before.Tries), before.TxSeq
	if s.autoAccepted(e) {
		s.snap.Policy.SYNACKCopies = autoCopies
	}
	if before.State != fsm.Idle && next.State == fsm.Idle {
		s.dropDelayed()
	}
	out.step(s.describe(e, rule, before.State))
	for _, a := range out.actions.All() {
		s.perform(a, in, out)
	}
}

func (s *Session) autoAccepted(e fsm.Event) bool { return e.On == fsm.RecvSYN && e.Verdict == fsm.Take }

// learnName takes the peer's name from where it is the peer's: not from an ACK, in which some echo ours.
func (s *Session) learnName(state fsm.State, d *codec.Datagram) {
	if d == nil || len(d.User) == 0 || string(d.User) == s.user {
		return
	}
	partner := state == fsm.Established || state == fsm.SynReceived
	if d.Kind == codec.SYN || d.Kind == codec.SYNACK && codec.IsNative(*d) && state == fsm.SynSent || d.Kind == codec.CHAT && partner {
		s.user = string(d.User)
	}
}

func (s *Session) perform(a fsm.Action, in stepInput, out *Outbox) {
	switch a.Effect {
	case fsm.Send:
		s.send(a, in.datagram, out)
	case fsm.Start:
		s.due[a.Timer] = out.now.Add(time.Duration(a.Scale) * s.interval(a.Timer))
	case fsm.Stop:
		if a.Timer == fsm.AllTimers {
			s.due = [fsm.NumTimers]time.Time{}
		} else {
			s.due[a.Timer] = time.Time{}
		}
	case fsm.Queue:
		s.enqueue(in, out)
	case fsm.Deliver:
		s.deliver(in.datagram, out)
	case fsm.Complete:
		s.dequeue(true, in, out)
	case fsm.GiveUp:
		s.dequeue(false, in, out)
	case fsm.Tell:
		s.notice(a, in, out)
	case fsm.Refuse:
		out.event(s.refusal(a.Refusal, in.op))
	}
}

// refusal words the answer to a command that the machine refuses (8.4).
func (s *Session) refusal(r fsm.Refusal, op string) client.Error {
	facts := client.Facts{Peer: s.peer, User: s.user}
	switch r {
	case fsm.ChatsInUse:
		facts.Limit = s.env.cfg.MaxChats
	case fsm.QueueFull:
		facts.Limit = len(s.queue)
	case fsm.NoChat, fsm.NoInvitation, fsm.NotInviting, fsm.AlreadyOpen, fsm.Connecting, fsm.Closing:
	}
	return client.NewError(op, client.ErrorReason(r.String()), facts)
}

// interval is how long a timer runs (10.1).
func (s *Session) interval(t fsm.Timer) time.Duration {
	switch t {
	case fsm.Expiry:
		return s.env.cfg.InvitationExpiry
	case fsm.Unanswered:
		return unansweredEvery
	case fsm.Linger:
		return lingerRetransmits * s.env.cfg.Retransmit
	case fsm.Retransmit, fsm.AllTimers:
	}
	return s.env.cfg.Retransmit
}

func (s *Session) deliver(d *codec.Datagram, out *Outbox) {
	s.taken++
	if !s.snap.Policy.ByNumber {
		s.took(out.now, d)
	}
	s.tell(client.Message{Peer: s.peer, User: s.user, Text: string(d.Payload), N: s.taken}, out)
}

// send encodes a datagram. What goes out on the daemon's own account to an address that has proved nothing is bounded
// by what came from there (9.3).
func (s *Session) send(a fsm.Action, answered *codec.Datagram, out *Outbox) {
	d := codec.Datagram{Kind: kindOf[a.Packet], Seq: a.Seq, User: out.name(s.name())}
	policy := s.snap.Policy
	switch a.Packet {
	case fsm.SYN:
		if d.Announced = !s.env.cfg.Plain; d.Announced {
			d.Payload = out.words(codec.Announcement, s.names.Ours)
		}
	case fsm.SYNACK:
		if d.Announced = policy.Labels; d.Announced {
			l := s.names.Acceptance()
			d.Payload = out.words(codec.Announcement, l.Name, l.Second)
		}
	case fsm.ACK:
		switch {
		case policy.Labels:
			d.Payload = out.numbered(codec.AckWord(kindOf[a.Of]), s.names.Answer(labelIn(answered)), a.Num)
		case a.Of == fsm.FIN:
			d.Form = s.dialect.finACK
		case a.Of == fsm.CHAT:
			s.ackAt = s.ready(out.now, a)
		}
	case fsm.FIN:
		// One that goes to a peer from which nothing has come yet is well-formed for every kind, as our SYN is.
		d.Announced = !s.heard && !s.env.cfg.Plain
		if policy.Labels || d.Announced {
			l := s.names.Ending(packetIn(answered), labelIn(answered))
			d.Payload = out.words(labelOf(a.Reason).Word(), l.Name, l.Second)
		}
	case fsm.ERR:
		d.Payload = out.text(busyText)
		if policy.Labels {
			d.Label = out.label(s.names.Answer(labelIn(answered)), 0)
		}
	case fsm.CHAT:
		d.Payload = out.text(s.queue[0].text)
		if policy.Labels {
			d.Label = out.label(s.names.Conversation(), a.Num)
		}
		if s.dialect.echoes && s.snap.Tries == 1 {
			s.wrote(s.queue[0].text)
		}
		if !policy.Labels {
			s.env.memory.sent(s.peer, a.Seq, false)
		}
	case fsm.NoPacket:
	}
	if a.Packet == fsm.CHAT || a.Packet == fsm.SYNACK {
		if s.snap.Tries == 1 {
			s.sentAt = s.ready(out.now, a)
		}
	}
	wire := s.wire()
	if d.Announced {
		wire = codec.Canonical // what is sealed is well-formed for every kind
	}
	size, err := out.datagram(wire, d)
	if err != nil {
		// Everything that can be sent was checked when it was taken; this is a fault of ours, not of the user's.
		s.env.counters.add(dropUnsent)
		s.env.cfg.Log.Error().Err(err).Stringer("peer", s.peer).Stringer("kind", d.Kind).Msg("a datagram could not be written; please report this")
		return
	}
	if !s.prompted && !s.validated && s.overspent(size, out) {
		return
	}
	s.delay(a, out)
}

// overspent takes the last datagram back if it is more than the peer may have us send, and reports whether it did.
func (s *Session) overspent(size int, out *Outbox) bool {
	if s.answered+uint32(size) > amplification*s.received {
		out.dropLast()
		s.env.counters.add(dropAmplification)
		return true
	}
	s.answered += uint32(size)
	return false
}

// ready is when a datagram can go to the peer that is to go now: at once, unless the peer needs a pause. Whoever wants copies
// soon does not wait long either.
func (s *Session) ready(now time.Time, a fsm.Action) time.Time {
	pause := s.dialect.pause
	switch {
	case !s.heard:
		return now // to a peer that has sent nothing there is no answer
	case s.dialect.open() && (a.Packet == fsm.ACK || a.Packet == fsm.SYNACK):
		pause = longestPause
	}
	return now.Add(min(pause, s.env.cfg.Retransmit/4))
}

// delay holds the last datagram back until the peer is ready for it. Those behind it wait too, so that none overtakes it.
func (s *Session) delay(a fsm.Action, out *Outbox) {
	at := s.ready(out.now, a)
	n := len(s.later)
	if n > 0 && at.Before(s.later[n-1].at) {
		at = s.later[n-1].at
	}
	if n > 0 || at.After(out.now) {
		s.later = append(s.later, delayed{at: at, kind: a.Packet, bytes: slices.Clone(out.last())})
		out.dropLast()
	}
}

// dropDelayed forgets what waits and makes no sense any more, because the conversation is over: a message or an acceptance
// would find nobody. Answers still go out.
func (s *Session) dropDelayed() {
	s.later = slices.DeleteFunc(s.later, func(d delayed) bool { return d.kind == fsm.CHAT || d.kind == fsm.SYNACK })
}

// sendDelayed sends what has waited long enough.
func (s *Session) sendDelayed(now time.Time, out *Outbox) {
	for len(s.later) > 0 && !s.later[0].at.After(now) {
		out.raw(s.later[0].bytes)
		s.later[0] = delayed{}
		if s.later = s.later[1:]; len(s.later) == 0 {
			s.later = nil
		}
	}
}

// wire is how this peer's datagrams are written. As long as it has sent nothing it is not sure who is there, and ours have
// to be well-formed for everybody; without an announcement they cannot be, and follow what is known.
func (s *Session) wire() codec.Wire {
	if s.heard || s.env.cfg.Plain {
		return s.dialect.wire
	}
	return codec.Canonical
}

// name is our user's name in this conversation.
func (s *Session) name() string {
	if s.self != "" {
		return s.self
	}
	return s.askUser()
}

func (s *Session) describe(e fsm.Event, r *fsm.Rule, from fsm.State) step {
	seq := e.Seq
	if e.On < fsm.RecvSYN || e.On > fsm.RecvCHAT {
		seq = s.snap.TxSeq
	}
	return step{peer: s.peer, user: s.user, from: from, rule: r, seq: seq, tries: s.snap.Tries}
}
