package fsm

import (
	"fmt"
	"strings"
)

// String writes the action as golden files and documentation show it, such as "send ACK seq=0 of=CHAT".
func (a Action) String() string {
	switch a.Effect {
	case Send:
		return "send " + a.datagram()
	case Start:
		if a.Scale != 1 {
			return fmt.Sprintf("start %s x%d", a.Timer, a.Scale)
		}
		return "start " + a.Timer.String()
	case Stop:
		return "stop " + a.Timer.String()
	case Tell:
		return "tell " + a.notice()
	case Refuse:
		return "refuse " + a.Refusal.String()
	case Queue, Deliver, Complete, GiveUp:
	}
	return a.Effect.String()
}

func (a Action) datagram() string {
	s := fmt.Sprintf("%s seq=%d", a.Packet, a.Seq)
	if a.Num != 0 {
		s += fmt.Sprintf(" num=%d", a.Num)
	}
	if a.Of != NoPacket {
		s += " of=" + a.Of.String()
	}
	if a.Reason != NoReason {
		s += " " + a.Reason.String()
	}
	return s
}

func (a Action) notice() string {
	s := a.Notice.String()
	if a.Packet != NoPacket {
		s += " " + a.Packet.String()
	}
	if a.Reason != NoReason {
		s += " " + a.Reason.String()
	}
	return s
}

// String writes the effects in order, separated by commas.
func (a *Actions) String() string {
	parts := make([]string, 0, a.n)
	for _, x := range a.All() {
		parts = append(parts, x.String())
	}
	return strings.Join(parts, ", ")
}

// String writes the state and the variables that are not zero, without the policy.
func (s Snapshot) String() string {
	var b strings.Builder
	b.WriteString(s.State.String())
	num := func(name string, n uint32) {
		if n != 0 {
			fmt.Fprintf(&b, " %s=%d", name, n)
		}
	}
	flag := func(name string, on bool) {
		if on {
			b.WriteString(" " + name)
		}
	}
	num("tries", uint32(s.Tries))
	num("tx", uint32(s.TxSeq))
	num("rx", uint32(s.RxSeq))
	num("tx-num", s.TxNum)
	num("rx-num", s.RxNum)
	num("hs", uint32(s.HsSeq))
	num("fin", uint32(s.FinSeq))
	num("stale", uint32(s.Stale))
	flag("in-flight", s.InFlight)
	flag("flushing", s.Flushing)
	flag("unsure", s.Unsure)
	flag("rung", s.Rung)
	flag("overdue", s.Overdue)
	flag("answered", s.Answered)
	flag("acked", s.Acked)
	flag("leaving", s.Leaving)
	if s.Goodbye != NoReason {
		b.WriteString(" goodbye=" + s.Goodbye.String())
	}
	switch s.After {
	case Ended:
		b.WriteString(" after=ended")
	case RefusedBy:
		b.WriteString(" after=refused")
	case Withdrawn:
		b.WriteString(" after=withdrawn")
	case Forgotten:
	}
	return b.String()
}

// String writes the event with the facts that are not zero, such as "RecvACK of=CHAT seq=1 more".
func (e Event) String() string {
	var b strings.Builder
	b.WriteString(e.On.String())
	if e.Of != NoPacket {
		b.WriteString(" of=" + e.Of.String())
	}
	if e.On >= RecvSYN && e.On <= RecvCHAT {
		fmt.Fprintf(&b, " seq=%d", e.Seq)
	}
	if e.Num != 0 {
		fmt.Fprintf(&b, " num=%d", e.Num)
	}
	if e.Counter != 0 {
		fmt.Fprintf(&b, " counter=%d", e.Counter)
	}
	if e.Reason != NoReason {
		b.WriteString(" " + e.Reason.String())
	}
	if e.Verdict != Ask {
		b.WriteString(" verdict=" + e.Verdict.String())
	}
	for _, f := range []struct {
		name string
		on   bool
	}{{"room", e.Room}, {"more", e.More}, {"repeat", e.Repeat}, {"crossed", e.Crossed}, {"old", e.Old}} {
		if f.on {
			b.WriteString(" " + f.name)
		}
	}
	return b.String()
}

var verdictNames = [...]string{"ask", "take", "never", "in-use", "full"}

// String returns the verdict's name, such as "in-use".
func (v Verdict) String() string { return nameOf(verdictNames[:], uint8(v), "verdict") }
