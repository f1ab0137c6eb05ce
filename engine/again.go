package engine

import (
	"fmt"
	"net/netip"

	"simp/codec"
)

// How what was observed happens again: a conversation by itself, in the times of then and with the answers of then.

// Reborn returns a conversation that begins as one that was observed. The env is for nothing else: what it says of places and
// of peers is not asked.
func Reborn(env *Env, peer netip.AddrPort, b Birth) (*Session, error) {
	d := dialectNamed(b.Dialect)
	if d == nil {
		return nil, fmt.Errorf("%q is no kind of peer that this version knows", b.Dialect)
	}
	s := &Session{env: env, peer: peer, attached: b.Attached}
	s.recall(d)
	return s, nil
}

// Again takes the input of an observation and returns what comes of it this time; it is valid until the next call with the same
// outbox. The error says that the conversation has asked for something else than then, or that the input is none.
func (s *Session) Again(then *Observation, out *Outbox) (*Observation, error) {
	out.Reset()
	out.Watch(s)
	s.tape.answers, s.tape.plays = append(s.tape.answers, then.Answers...), true
	played := s.tape
	if err := s.repeat(then, out); err != nil {
		s.tape = nil
		return nil, err
	}
	ob := out.Complete(Observation{
		At: then.At, Cause: then.Cause, Raw: then.Raw, Command: then.Command, Begins: then.Begins, Ends: then.Ends,
	}, s)
	return ob, played.done()
}

func (s *Session) repeat(then *Observation, out *Outbox) error {
	in := Input{}
	switch then.Cause {
	case CauseDatagram:
		d, notes, err := codec.Decode(then.Raw)
		if err != nil {
			return fmt.Errorf("the datagram cannot be read: %w", err)
		}
		in.Datagram, in.Size, in.Notes = &d, len(then.Raw), notes
	case CauseCommand:
		if then.Command == nil {
			return fmt.Errorf("there is no command")
		}
		in.Command = then.Command
	case CauseTimer:
		s.Expire(then.At, out)
		return nil
	case CauseAttach:
		in.Attach = true
	case CauseDetach:
		in.Detach = true
	case CauseShutdown:
		in.Shutdown = true
	case CauseKill:
		s.abandon(then.At, out)
		return nil
	case CauseEnd:
		return nil
	case CauseUnreadable, CauseDropped:
		return fmt.Errorf("%q is nothing that happens to a conversation", then.Cause)
	}
	s.Handle(then.At, in, out)
	return nil
}
