package fsm

import (
	"errors"
	"fmt"
	"slices"
)

// witness steps a conversation and checks what has to hold after every step, whatever the peer, the network, the user and
// the rest of the daemon do. It is what the property test and the fuzz target share.
type witness struct {
	gate   *Gate
	snap   Snapshot
	timers uint8 // which run, a bit each
	user   view
	fired  map[string]int
}

// view is what the user was last told about the peer.
type view uint8

const (
	seesNothing view = iota
	seesInviting
	seesInvitation
	seesConnecting // an acceptance that nobody asked the user for
	seesChat
)

func newWitness(p Policy) *witness {
	return &witness{gate: NewGate(), snap: Snapshot{Vars: Vars{Policy: p}}, fired: map[string]int{}}
}

func running(timers ...Timer) (set uint8) {
	for _, t := range timers {
		set |= 1 << t
	}
	return set
}

func (w *witness) step(e Event) error {
	late := false
	if e.On >= RetransmitDue {
		bit := uint8(1) << (e.On - RetransmitDue)
		late = w.timers&bit == 0
		if late && e.On == ExpiryDue && w.snap.State == Established && w.snap.Leaving {
			return nil // the machine cannot tell that it is late; the engine never lets a stopped timer expire
		}
		w.timers &^= bit
	}
	var out Actions
	before := w.snap
	next, r := Next(before, e, &out)
	w.snap = next
	w.fired[r.ID()]++

	errs := []error{w.gate.Pass(before.State, r, next.State)}
	check := func(holds bool, what string) {
		if !holds {
			errs = append(errs, errors.New(what))
		}
	}
	check(next.Policy == before.Policy, "the policy changed")
	check(!late || next == before && len(out.All()) == 0, "a timer that does not run had an effect (§10.2)")
	for at, a := range out.All() {
		w.perform(a, check)
		checkAction(a, before, next, e, out.All()[at+1:], check)
	}
	if next.State == SynReceived && next.Answered && w.user == seesNothing {
		w.user = seesConnecting
	}
	check(next.State != Idle || w.user == seesNothing, "nothing is open, and the user has not been told")
	checkVars(next, check)
	w.checkTimers(check)
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%s on %s: rule %s leads to %s and does %s: %w", before, e, r.ID(), next, &out, err)
	}
	return nil
}

// perform does to the timers and to the user's view what an effect asks for.
func (w *witness) perform(a Action, check func(bool, string)) {
	switch a.Effect {
	case Start:
		w.timers |= 1 << a.Timer
		check(a.Scale > 0 && a.Timer < AllTimers, "a timer is started for no time")
	case Stop:
		w.timers &^= 1 << a.Timer
		if a.Timer == AllTimers {
			w.timers = 0
		}
	case Tell:
		w.tell(a.Notice, check)
	case Send, Queue, Deliver, Complete, GiveUp, Refuse:
	}
}

func (w *witness) tell(n Notice, check func(bool, string)) {
	switch n {
	case TellInviting:
		check(w.user == seesNothing || w.user == seesInviting, "an invitation replaces something that the user still sees")
		w.user = seesInviting
	case TellInvitation:
		check(w.user == seesNothing, "an invitation replaces something that the user still sees")
		w.user = seesInvitation
	case TellUnanswered:
		check(w.user == seesInviting, "unanswered is told without an invitation")
	case TellEstablished:
		check(w.user != seesNothing && w.user != seesChat, "a chat opens that nobody wanted, or twice")
		w.user = seesChat
	case TellWithdrawn:
		check(w.user == seesInvitation, "an invitation is withdrawn that the user does not see")
		w.user = seesNothing
	case TellClosed:
		check(w.user != seesNothing, "the end is told of nothing, or twice")
		w.user = seesNothing
	case TellError:
		check(w.user == seesChat, "an error is told without a chat")
	case TellRetrying:
	}
}

// checkAction checks one effect against the step that it belongs to, and against the effects behind it.
func checkAction(a Action, before, next Snapshot, e Event, behind []Action, check func(bool, string)) {
	switch a.Effect {
	case Send:
		switch a.Packet {
		case CHAT:
			check(next.State == Established && next.InFlight && a.Seq == next.TxSeq, "a message goes out that is not in flight")
			check(e.On == Say || e.On == RecvACK || e.On == RetransmitDue, "something else than a user, an ACK or the timer sends a message (§4.3)")
		case SYN:
			check(next.State == SynSent && (e.On == Invite || e.On == RetransmitDue), "an invitation goes out that nobody asked for")
		case SYNACK:
			check(next.State == SynReceived && next.Answered && a.Seq == next.HsSeq, "an acceptance goes out that nobody asked for")
		case ACK:
			check(e.On >= RecvSYN && e.On <= RecvCHAT && a.Seq == e.Seq && a.Of != NoPacket, "an ACK that answers nothing")
		case FIN, ERR:
			check(a.Reason != NoReason, "a refusal without a reason")
		case NoPacket:
			check(false, "a datagram of no kind")
		}
	case Deliver:
		acked := slices.Contains(behind, Action{Effect: Send, Packet: ACK, Of: CHAT, Seq: e.Seq})
		check(e.On == RecvCHAT && e.Room && acked, "a message is delivered without room or without its ACK (§4.8)")
	case Queue:
		check(e.On == Say && e.Room, "something is queued that the user has not written")
	case Complete:
		check(before.InFlight && e.On == RecvACK, "a message is complete without an ACK")
	case GiveUp:
		check(before.InFlight && e.On == RetransmitDue && !before.Acked, "a message is given up too early (§4.7)")
	case Refuse:
		check(e.On <= Shutdown && next == before && len(behind) == 0, "a refused command has an effect (§8.4)")
	case Start, Stop, Tell:
	}
}

// checkVars checks the variables against the state.
func checkVars(s Snapshot, check func(bool, string)) {
	check(s.TxSeq <= 1 && s.FinSeq <= 1, "one of our numbers is neither 0 nor 1")
	// A legacy peer may count as it likes; RxSeq then follows it and decides nothing.
	check(s.RxSeq <= 1 || !s.Policy.ByNumber, "the number of a native peer is neither 0 nor 1")
	check(s.State == FinWait || s.Goodbye == NoReason, "a goodbye outside fin-wait")
	check(s.State == Established || !s.InFlight && !s.Leaving, "a message in flight without a chat")
	check(s.State == Idle || s.After == Forgotten, "an aftermath of a conversation that goes on")
	switch s.State {
	case Idle:
		check(s.Vars == Vars{Policy: s.Policy, After: s.After}, "something is left of a conversation that is over")
	case SynSent:
		check(s.Tries > 0 && !s.Answered, "an invitation without a SYN")
	case SynReceived:
		check(s.Answered == (s.Tries > 0), "copies of an acceptance do not match the answer")
	case Established:
		check(s.InFlight == (s.Tries > 0), "copies of a message do not match what is in flight")
		check(s.InFlight || !s.Leaving, "our user is leaving and nothing holds him")
	case FinWait:
		check(s.Tries > 0 && s.Goodbye != NoReason, "fin-wait without a FIN")
	}
}

// checkTimers checks that exactly the timers run that the state needs: one too few and it is stuck, one too many and
// it ends early.
func (w *witness) checkTimers(check func(bool, string)) {
	s := w.snap
	var want uint8
	switch s.State {
	case Idle:
		if s.After != Forgotten {
			want = running(Linger)
		}
	case SynSent:
		want = running(Expiry, Unanswered)
		if s.Policy.SYNCopies == 0 {
			want |= running(Retransmit)
		} else {
			want |= w.timers & running(Retransmit) // may be spent, or wait for its last, idle expiry
		}
	case SynReceived:
		want = running(Expiry)
		if s.Answered {
			want = running(Retransmit)
		}
	case Established:
		if s.InFlight {
			want = running(Retransmit)
		}
		if s.Leaving {
			want |= w.timers & running(Expiry) // runs if the user's client has gone (§6.7)
		}
	case FinWait:
		want = running(Retransmit)
	}
	check(w.timers == want, fmt.Sprintf("timers %04b run, not %04b", w.timers, want))
}
