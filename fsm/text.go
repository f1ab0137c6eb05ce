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

// String writes the state and the variables that are not zero, without the policy. ParseSnapshot reads it.
func (s Snapshot) String() string { return s.State.String() + spell(s, snapshotWords) }

// String writes the event with the facts that are not zero, such as "RecvACK of=CHAT seq=1 more". ParseEvent reads it.
func (e Event) String() string { return e.On.String() + spell(e, eventWords) }

var afterNames = [...]string{"forgotten", "ended", "refused", "withdrawn"}

var verdictNames = [...]string{"ask", "take", "never", "in-use", "full"}

// String returns the verdict's name, such as "in-use".
func (v Verdict) String() string { return nameOf(verdictNames[:], uint8(v), "verdict") }
