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
			check(next.State == Established && next.InFlight && !next.Unsure && a.Seq == next.TxSeq, "a message goes out that is not in flight, or not to be numbered")
			check(maySendMessage(before, e), "something else than a user, an ACK or the timer sends a message (§4.3, §4.14)")
		case SYN:
			check(next.State == SynSent && (e.On == Invite || e.On == RetransmitDue), "an invitation goes out that nobody asked for")
		case SYNACK:
			check(next.State == SynReceived && next.Answered && a.Seq == next.HsSeq, "an acceptance goes out that nobody asked for")
		case ACK:
			if a.Of == NoPacket {
				probes := next.Unsure && a.Seq == next.TxSeq^1 || next.Flushing && a.Seq == next.TxSeq
				check(probes && mayProbe(before, e), "an ACK that answers nothing (§4.14)")
				break
			}
			check(e.On == received(a.Of) && a.Seq == answerTo(a.Of, before, next, e), "an ACK of something that did not come")
			toldAll := before.State == FinWait && before.EndsChat() && (next.State == Idle || next.State == FinWait)
			check(!next.Policy.LastWord || !toldAll || e.Old, "an ACK behind our FIN to a peer that has nobody left for it (§6.11)")
		case FIN, ERR:
			check(a.Reason != NoReason, "a refusal without a reason")
		case NoPacket:
			check(false, "a datagram of no kind")
		}
	case Deliver:
		acked := slices.ContainsFunc(behind, func(a Action) bool { return a.Effect == Send && a.Packet == ACK && a.Of == CHAT })
		check(e.On == RecvCHAT && e.Room && acked, "a message is delivered without room or without its ACK (§4.8)")
	case Queue:
		check(e.On == Say && e.Room, "something is queued that the user has not written")
	case Complete:
		check(before.InFlight && !before.Unsure && e.On == RecvACK, "a message is complete without an ACK")
	case GiveUp:
		check(before.InFlight && mayGiveUp(before, e), "a message is given up too early (§4.7, §4.15, §4.16)")
	case Refuse:
		check(e.On <= Shutdown && next == before && len(behind) == 0, "a refused command has an effect (§8.4)")
	case Start, Stop, Tell:
	}
}

// maySendMessage: §4.3 "Only the timer repeats"; where a copy could have the wrong number nothing repeats, and the ERR that
// tells the number lets the message go (§4.14).
func maySendMessage(before Snapshot, e Event) bool {
	if before.Policy.Numbers != Tracked {
		return e.On == Say || e.On == RecvACK || e.On == RetransmitDue
	}
	told := e.On == RecvERR && e.Reason == Misnumbered && e.Seq == before.TxSeq && before.InFlight
	return !before.Unsure && (e.On == Say || e.On == RecvACK) || before.Unsure && told
}

// mayProbe: §4.14 "Where a loss leaves it unknown": the ACK of a SYN+ACK may be lost, and so may a message or its ACK.
func mayProbe(before Snapshot, e Event) bool {
	if before.Policy.Numbers != Tracked {
		return false
	}
	opens := e.On == RecvSYNACK && before.State == SynSent
	next := e.On == RecvACK && before.InFlight && !before.Unsure && before.Policy.TriesOther // behind a message that is given up
	flushed := e.On == RecvERR && before.Flushing && e.Reason == Misnumbered && e.Seq == before.TxSeq^1
	return opens || next || flushed || e.On == Say && before.Unsure || e.On == RetransmitDue && before.InFlight
}

// answerTo is the number of the ACK of what e brings: its own, except where the ACK moves the peer's counter (§4.14).
func answerTo(of Packet, before, next Snapshot, e Event) uint8 {
	counts := of == CHAT && next.State == Established || of == SYNACK && before.State == Established || of == FIN
	switch {
	case next.Policy.Numbers != Tracked || !counts:
		return e.Seq
	case of == FIN:
		return 1 // the number before that of a new SYN
	case next.InFlight && !next.Unsure:
		return next.TxSeq // behind the message: whether that has arrived or not, the peer then expects the next one
	}
	return next.TxSeq ^ 1
}

// mayGiveUp: §4.7 "has acknowledged nothing in this chat", §4.16 "after its copies", §4.15 "reported as unconfirmed".
func mayGiveUp(before Snapshot, e Event) bool {
	p, copies := before.Policy, uint16(before.Policy.ChatCopies)
	tries := p.TriesOther && (!before.Acked || p.AcksOnce)
	if tries {
		copies++
	}
	if p.ChatCopies == 0 || before.Acked && !p.AcksOnce || before.Tries < copies {
		return false
	}
	return e.On == RetransmitDue || e.On == RecvACK && tries
}

// checkVars checks the variables against the state.
func checkVars(s Snapshot, check func(bool, string)) {
	check(s.After != Withdrawn || s.Policy.LateWithdrawal, "a withdrawal without a word that harms nobody with one (§3.22)")
	check(s.TxSeq <= 1 && s.FinSeq <= 1 || s.Policy.Numbers == Counting, "one of our numbers is neither 0 nor 1")
	check(!s.Flushing || s.InFlight && !s.Unsure && s.Policy.Numbers == Tracked, "nothing is in flight that could be flushed")
	check(!s.Unsure || s.State == Established && s.Policy.Numbers == Tracked, "a number is unknown that is not asked for")
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
