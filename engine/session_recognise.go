package engine

import (
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// How a session finds out what kind of peer it talks to.

// recall begins with what is known of the peer's address.
func (s *Session) recall(remembered *dialect) {
	name, fixed := s.env.cfg.Dialects[s.peer]
	switch {
	case fixed:
		s.fixed, s.seen = true, true
		s.dialect, s.evidence = dialectNamed(name), "our user said so"
	case remembered == native && s.env.cfg.Plain:
		s.dialect = unknown
	case remembered != unknown:
		s.dialect, s.evidence = remembered, "it was recognised in an earlier chat"
	default:
		s.dialect = unknown
	}
	s.snap = s.snap.Treated(s.policy())
}

// policy is how the peer has to be treated.
func (s *Session) policy() fsm.Policy {
	if s.seen {
		return s.dialect.policy
	}
	return s.dialect.unseen()
}

// recognise settles how the peer has to be treated, from what it sends, and reports whether that has changed. It comes
// before the step, because the machine knows policies, not kinds of peers.
func (s *Session) recognise(now time.Time, d *codec.Datagram, n codec.Notes) (changed bool) {
	first := !s.heard
	if s.fixed {
		return false
	}
	if d.Kind == codec.SYN && s.snap.State == fsm.Idle {
		s.seen = false // a new conversation, and perhaps another program
	}
	announced, decides := s.announcement(d, first)
	switch {
	case announced:
		return s.treatAs(native, "it announced itself", true)
	case s.dialect == native && !decides:
		return false // whoever has announced itself is believed until its next invitation or answer
	}
	known := s.dialect
	if known == native {
		known = unknown
	}
	x := sight{Datagram: d, look: shapeOf(d, n), known: known, s: s, now: now}
	if known.contradicts(x) {
		known, x.known = unknown, unknown
	}
	if known.returns != nil && !s.seen { // and treated as unknown
		if known.returns(x) {
			return s.treatAs(known, "", true)
		}
		x.known = unknown
	}
	for i := range evidences {
		if ev := &evidences[i]; ev.holds(x) {
			return s.treatAs(ev.as, ev.says, !ev.hint)
		}
	}
	if known == unknown && s.dialect != doubtful {
		return s.treatAs(unknown, "", true)
	}
	return false
}

// doubts reports whether an ACK, coming now, shows a peer that may count from 1.
func (s *Session) doubts(d *codec.Datagram) bool {
	v := &s.snap.Vars
	return s.dialect == unknown && d.Kind == codec.ACK && v.TriedOther() && d.Seq == v.TxSeq
}

// announcement reports whether the datagram announces a native peer, and whether it is one that would if it could.
func (s *Session) announcement(d *codec.Datagram, first bool) (announced, decides bool) {
	if s.env.cfg.Plain {
		return false, true
	}
	inviting := s.snap.State == fsm.SynSent // and so they have seen our announcement
	switch d.Kind {
	case codec.SYN:
		return codec.IsNative(*d), true
	case codec.SYNACK:
		decides = inviting || s.snap.State == fsm.Idle
		return decides && codec.IsNative(*d), decides
	case codec.ACK:
		return inviting && codec.AckOf(d.Payload) == codec.SYN, inviting && first
	case codec.FIN:
		says := codec.IsNative(*d) || codec.ReasonOf(d.Payload) != codec.ReasonNone
		return inviting && says, inviting && first
	case codec.CHAT:
		// Only who has announced itself to us, or to whoever was here before us, labels what it says.
		name, _ := d.Name()
		return s.snap.State == fsm.Idle && name != (codec.Token{}), false
	case codec.ERR, codec.Invalid:
	}
	return false, false
}

// treatAs settles as what the peer is treated, until it shows something else.
func (s *Session) treatAs(d *dialect, why string, seen bool) (changed bool) {
	changed = s.dialect != d
	if changed {
		s.dialect, s.evidence = d, why
	} else if s.seen || !seen {
		return false
	}
	s.seen = seen
	s.snap = s.snap.Treated(s.policy())
	return changed
}

// sayRecognised tells the user and the log what kind of peer it is, once in a conversation, if that is worth a word.
func (s *Session) sayRecognised(out *Outbox) {
	if !s.dialect.lettered() || s.told&s.dialect.bit() != 0 || s.snap.State == fsm.Idle {
		return
	}
	s.told |= s.dialect.bit()
	s.env.cfg.Log.Info().Stringer("peer", s.peer).Str("dialect", s.dialect.name).Str("evidence", s.evidence).Msg("recognised")
	s.tell(client.Recognised{Peer: s.peer, User: s.user, Dialect: s.dialect.name, Evidence: s.evidence, Limits: s.dialect.limits}, out)
}

// remember keeps what the peer was recognised as, or forgets what it turned out not to be.
func (s *Session) remember() {
	if !s.fixed {
		s.env.memory.learn(s.peer, s.dialect)
	}
}

// isCopyOfSYN reports whether a SYN in an open chat repeats the one that led to it (3.23).
func (s *Session) isCopyOfSYN(now time.Time, d *codec.Datagram) bool {
	since := now.Sub(s.synAt)
	came := !s.synAt.IsZero()
	s.synAt = now
	opened := s.snap.State == fsm.Established && s.taken == 0 // who writes has heard that the chat is open
	return came && opened && d.Seq == s.snap.HsSeq && since >= copyAfter && since <= copyUntil
}

// crossed reports whether a FIN was sent before our last ACK could have been heard. A peer whose ACKs all look alike takes
// that one for the answer to its FIN.
func (s *Session) crossed(now time.Time) bool {
	if s.ackAt.IsZero() || !s.snap.Policy.AnyACK {
		return false
	}
	round := s.roundTrip
	if round == 0 {
		round = firstRoundTrip
	}
	return now.Sub(s.ackAt) < min(round+round/4, max(longestRoundTrip, 3*s.shortest))
}

// measure takes the time until an answer for a round trip. That of a repeated datagram says nothing. What went out behind
// our last ACK and is answered proves that the ACK was heard.
func (s *Session) measure(now time.Time) {
	if !s.sentAt.IsZero() && s.snap.Tries == 1 {
		took := now.Sub(s.sentAt)
		s.roundTrip = max(s.roundTrip, took)
		if s.shortest == 0 || took < s.shortest {
			s.shortest = took
		}
		if s.sentAt.After(s.ackAt) {
			s.ackAt = time.Time{}
		}
	}
	s.sentAt = time.Time{}
}
