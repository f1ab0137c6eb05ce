package fsm

// Situations and EventsFor span the table: every combination of what the guards look at, for documentation, the golden
// matrix and the tests that no rule is shadowed. They are an enumeration, not a reachability analysis.

// Situations returns representative snapshots of a state, native peers first. The order is part of golden files.
func Situations(s State) []Snapshot {
	var all []Snapshot
	for _, p := range []Policy{Native(), Legacy()} {
		for _, v := range varsOf(s) {
			v.Policy = p
			if p.Labels {
				v.Stale = 0 // labelled ACKs need no such count
			}
			all = append(all, Snapshot{State: s, Vars: v})
		}
	}
	return all
}

func varsOf(s State) []Vars {
	switch s {
	case Idle:
		return []Vars{{}, {After: Ended}, {After: RefusedBy}}
	case SynSent:
		return []Vars{{Tries: 1}, {Tries: 2, Rung: true}}
	case SynReceived:
		return []Vars{{}, {Answered: true, Tries: 1}, {Answered: true, Tries: 12}}
	case Established:
		return []Vars{
			{}, {Acked: true, TxSeq: 1, RxSeq: 1},
			{InFlight: true, Tries: 1}, {InFlight: true, Tries: 2, Stale: 1},
			{InFlight: true, Tries: 3, Acked: true, TxSeq: 1}, {InFlight: true, Tries: 3},
			{InFlight: true, Tries: 3, Leaving: true},
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
		return append(each(base, []Verdict{Ask, Take, Never, InUse, Full}, func(e *Event, v Verdict) { e.Verdict = v }), old)
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
		return append(all, old)
	case RecvFIN:
		return append(each(base, []Reason{NoReason, Left, Declined, Cancelled, Busy, ShutDown}, func(e *Event, r Reason) { e.Reason = r }), old)
	case RecvERR:
		return each(base, []Reason{NoReason, Busy}, func(e *Event, r Reason) { e.Reason = r })
	case RecvCHAT:
		var all []Event
		for _, seq := range []uint8{0, 1, 2} {
			for _, room := range []bool{true, false} {
				all = append(all, Event{On: on, Seq: seq, Room: room}, Event{On: on, Seq: seq, Room: room, Repeat: true})
			}
		}
		return all
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
