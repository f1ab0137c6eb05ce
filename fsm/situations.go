package fsm

// Situations and EventsFor span the table: every combination of what the guards look at, for documentation, the golden
// matrix and the tests that no rule is shadowed. They are an enumeration, not a reachability analysis.

// NamedPolicy is a policy with a name for golden files.
type NamedPolicy struct {
	Name string
	Policy
}

// Policies returns representative policies: the two that every peer starts with, and behind them one for each other value
// that a rule looks at.
func Policies() []NamedPolicy {
	once := Policy{SYNCopies: 1, SYNACKCopies: 3, ChatCopies: 3, FINCopies: 1, RefusalCopies: 1, QuietFIN: true, Grows: true}
	unlabelled := once
	unlabelled.AnyACK, unlabelled.BusyERROnly, unlabelled.LateWithdrawal, unlabelled.LastWord = true, true, true, true
	shared := once
	shared.Numbers, shared.AcksOnce, shared.AckRefusal, shared.LateWithdrawal, shared.FINCopies = Shared, true, true, true, 3
	tracked := once
	tracked.Numbers, tracked.SYNACKCopies, tracked.AcksOnce, tracked.Grows, tracked.BusyERROnly, tracked.NoFIN = Tracked, 1, true, false, true, true
	counting := once
	counting.Numbers, counting.FINCopies = Counting, 3
	return []NamedPolicy{
		{"native", Native()}, {"legacy", Legacy()}, {"any-ack", unlabelled}, {"shared", shared}, {"counting", counting}, {"tracked", tracked},
	}
}

// policyName is the name of one of Policies, or "other".
func policyName(p Policy) string {
	for _, known := range Policies() {
		if p == known.Policy {
			return known.Name
		}
	}
	return "other"
}

// Situations returns representative snapshots of a state, native peers first. The order is part of golden files.
func Situations(s State) []Snapshot {
	var all []Snapshot
	for _, p := range Policies() {
		for _, v := range varsOf(s) {
			v.Policy = p.Policy
			if p.Labels {
				v.Stale = 0 // labelled ACKs need no such count
				if s == Established || s == FinWait {
					v.TxNum, v.RxNum = 3-uint32(v.TxSeq&1), 3-uint32(v.RxSeq&1) // the first has 0
				}
			}
			if v.isPossible() {
				all = append(all, Snapshot{State: s, Vars: v})
			}
		}
	}
	return all
}

// isPossible reports whether there can be such variables under their policy: only who counts every datagram leaves us
// unsure (4.14), and labelled ACKs need no count of stale ones (4.9).
func (v Vars) isPossible() bool {
	return (v.Policy.Numbers == Tracked || !v.Unsure && !v.Flushing) && (v.Stale == 0 || !v.Policy.Labels)
}

func varsOf(s State) []Vars {
	switch s {
	case Idle:
		return []Vars{{}, {After: Ended}, {After: RefusedBy}, {After: Withdrawn}}
	case SynSent:
		return []Vars{{Tries: 1}, {Tries: 2, Rung: true}, {Tries: 1, Overdue: true}}
	case SynReceived:
		return []Vars{{}, {Answered: true, Tries: 1}, {Answered: true, Tries: 12}}
	case Established:
		return []Vars{
			{}, {Acked: true, TxSeq: 1, RxSeq: 1},
			{InFlight: true, Tries: 1}, {InFlight: true, Tries: 2, Stale: 1},
			{InFlight: true, Tries: 3, Acked: true, TxSeq: 1}, {InFlight: true, Tries: 3},
			{InFlight: true, Tries: 3, Leaving: true},
			{InFlight: true, Tries: 4, TxSeq: 1}, {InFlight: true, Tries: 4, TxSeq: 1, Leaving: true}, {InFlight: true, Tries: 2, Acked: true, Stale: 1},
			{Unsure: true}, {InFlight: true, Unsure: true, Tries: 1}, {InFlight: true, Flushing: true, Tries: 2},
		}
	case FinWait:
		return []Vars{
			{Goodbye: Left, Tries: 1, FinSeq: 1}, {Goodbye: Left, Tries: 3, FinSeq: 1}, {Goodbye: Left, Tries: 1, FinSeq: 1, Stale: 1},
			{Goodbye: Declined, Tries: 1}, {Goodbye: Cancelled, Tries: 1},
		}
	}
	return nil
}

// EventsFor returns representative events of an input. The order is part of golden files.
func EventsFor(on Input) []Event {
	base := Event{On: on}
	old := Event{On: on, Old: true}
	switch on {
	case Invite, Accept:
		return each(base, []Verdict{Ask, InUse}, func(e *Event, v Verdict) { e.Verdict = v })
	case RecvSYNACK:
		return append(each(base, []Verdict{Ask, InUse}, func(e *Event, v Verdict) { e.Verdict = v }), old)
	case RecvSYN:
		all := each(base, []Verdict{Ask, Take, Never, InUse, Full}, func(e *Event, v Verdict) { e.Verdict = v })
		return append(all, Event{On: on, Repeat: true}, old)
	case Say:
		return each(base, []bool{true, false}, func(e *Event, b bool) { e.Room = b })
	case RecvACK:
		var all []Event
		for _, of := range []Packet{NoPacket, SYN, SYNACK, CHAT, FIN} {
			for _, seq := range []uint8{0, 1} {
				for _, more := range []bool{false, true} {
					all = append(all, Event{On: on, Of: of, Seq: seq, More: more})
				}
			}
		}
		return append(all, Event{On: on, Of: CHAT, Num: 1}, Event{On: on, Of: CHAT, Num: 3}, old)
	case RecvFIN:
		all := each(base, []Reason{NoReason, Left, Declined, Cancelled, Busy, ShutDown, Restarted}, func(e *Event, r Reason) { e.Reason = r })
		return append(all, Event{On: on, Crossed: true}, old)
	case RecvERR:
		return append(each(base, []Reason{NoReason, Busy, Misnumbered}, func(e *Event, r Reason) { e.Reason = r }), Event{On: on, Reason: Misnumbered, Seq: 1}, old)
	case RecvCHAT:
		var all []Event
		for _, seq := range []uint8{0, 1, 2} {
			for _, room := range []bool{true, false} {
				all = append(all, Event{On: on, Seq: seq, Room: room}, Event{On: on, Seq: seq, Room: room, Repeat: true})
			}
		}
		for num := range uint32(4) {
			all = append(all, Event{On: on, Seq: uint8(num & 1), Num: num + 1, Room: true})
		}
		return append(all, old)
	case RetransmitDue:
		return each(base, []bool{false, true}, func(e *Event, b bool) { e.More = b })
	case Cancel, Decline, Leave, LeaveNow, Detach, Shutdown, ExpiryDue, UnansweredDue, LingerDue:
	}
	return []Event{base}
}

func each[T any](base Event, values []T, set func(*Event, T)) []Event {
	all := make([]Event, len(values))
	for i, v := range values {
		all[i] = base
		set(&all[i], v)
	}
	return all
}
