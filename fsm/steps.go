package fsm

// What several rules do. Each takes the variables by value and returns them: a pointer would make them escape and cost
// an allocation a step.

// fresh is a conversation that begins: nothing of an earlier one survives but how the peer is to be treated.
func fresh(v Vars) Vars { return Vars{Policy: v.Policy} }

func refuse(r Refusal) func(Vars, Event, *Actions) Vars {
	return func(v Vars, _ Event, out *Actions) Vars {
		out.refuse(r)
		return v
	}
}

// sendSYN sends one copy of the invitation and arms the next, if the peer takes repeated ones.
func sendSYN(v Vars, out *Actions) Vars {
	v.countTry()
	out.send(SYN, 0)
	if v.mayRepeatSYN() {
		out.start(Retransmit)
	}
	out.tell(TellInviting)
	return v
}

// nowRepeats arms the next copy of our SYN if it turns out that the peer takes one. It does so once: a stream of datagrams must
// not postpone it.
func nowRepeats(v Vars, out *Actions) Vars {
	if !v.Rung && v.mayRepeatSYN() {
		v.Rung = true
		out.start(Retransmit)
	}
	return v
}

func (v Vars) mayRepeatSYN() bool {
	return v.Policy.SYNCopies == 0 || v.Tries < uint16(v.Policy.SYNCopies)
}

func invite(v Vars, _ Event, out *Actions) Vars {
	v = fresh(v)
	out.stop(AllTimers)
	out.start(Expiry)
	out.start(Unanswered)
	return sendSYN(v, out)
}

// ring takes an invitation and asks the user.
func ring(v Vars, e Event, out *Actions) Vars {
	v = fresh(v)
	v.HsSeq = v.answerSeq(e.Seq)
	out.stop(AllTimers)
	if v.Policy.Rings {
		out.ack(SYN, e.Seq)
	}
	out.start(Expiry)
	out.tell(TellInvitation)
	return v
}

// take accepts an invitation without asking, or answers one that crossed ours.
func take(v Vars, e Event, out *Actions) Vars {
	v = fresh(v)
	v.HsSeq = v.answerSeq(e.Seq)
	return accept(v, e, out)
}

// answerSeq is the number of the SYN+ACK that answers a SYN with number syn (3.2, 4.14).
func (v Vars) answerSeq(syn uint8) uint8 {
	if v.Policy.Numbers == Tracked {
		return syn ^ 1
	}
	return syn
}

func accept(v Vars, _ Event, out *Actions) Vars {
	v.Answered = true
	v.Tries = 1
	out.stop(AllTimers)
	out.send(SYNACK, v.HsSeq)
	out.start(Retransmit)
	return v
}

// sendFIN sends a FIN, unless the peer is one that makes nothing of it and can be harmed by it (6.12).
func sendFIN(v Vars, seq uint8, why Reason, out *Actions) {
	if !v.Policy.NoFIN {
		out.fin(seq, why)
	}
}

// refuseBusy answers a SYN that the user has no room for. It is no step of the conversation: nothing is remembered.
func refuseBusy(v Vars, _ Event, out *Actions) Vars {
	out.err(Busy)
	if !v.Policy.BusyERROnly {
		sendFIN(v, 0, Busy, out)
	}
	return v
}

// refuseNever answers a SYN of which the user does not want to hear.
func refuseNever(v Vars, _ Event, out *Actions) Vars {
	sendFIN(v, 0, Declined, out)
	return v
}

// open begins the chat. Of the SYN+ACKs that we sent, stale may still be acknowledged.
func open(v Vars, e Event, stale uint16, out *Actions) Vars {
	hs := v.HsSeq
	v = fresh(v)
	v.HsSeq = hs
	v.TxSeq = v.Policy.Numbers.first(hs, e.Counter)
	v.Stale = uint8(min(stale, 255))
	if v.Policy.Labels {
		v.TxNum, v.RxNum = 1, 1
	}
	out.stop(AllTimers)
	out.tell(TellEstablished)
	return v
}

// receive takes a new message: handed on first, acknowledged then, so that an ACK never promises what is not held.
func receive(v Vars, e Event, out *Actions) Vars {
	v.RxSeq = e.Seq ^ 1
	if v.RxNum > 0 {
		v.RxNum++
	}
	out.do(Deliver)
	out.ackChat(v.ackSeq(e.Seq), e.Num)
	switch {
	case v.Policy.Numbers != Shared:
	case v.InFlight:
		// The counter moves on, whichever value it had. Ours was either ignored, because the peer was sending, and its
		// next copy has to carry the new value; or it was taken, and then that copy is ignored.
		v.TxSeq ^= 1
	default:
		v.TxSeq = e.Seq&1 ^ 1
	}
	return v
}

// ackSeq is the number of an ACK, in a chat, of a datagram with number seq: an echo, except where it moves the peer's counter.
// There it has the number after which the peer expects what it expects without it, whether this ACK is lost or not: our
// next message, or the one behind that in flight (4.14).
func (v Vars) ackSeq(seq uint8) uint8 {
	switch {
	case v.Policy.Numbers != Tracked:
		return seq
	case v.InFlight && !v.Unsure:
		return v.TxSeq
	}
	return v.TxSeq ^ 1
}

func ackAgain(of Packet) func(Vars, Event, *Actions) Vars {
	return func(v Vars, e Event, out *Actions) Vars {
		switch of {
		case FIN:
			ackFIN(v, e, out)
		case CHAT:
			out.ackChat(v.ackSeq(e.Seq), e.Num)
		case SYNACK:
			out.ack(of, v.ackSeq(e.Seq))
		case NoPacket, SYN, ACK, ERR:
			out.ack(of, e.Seq)
		}
		return v
	}
}

// ackFIN acknowledges a FIN: with its number, except where that moves the peer's counter. There it has the number after
// which the peer expects a new conversation's SYN (4.14).
func ackFIN(v Vars, e Event, out *Actions) {
	seq := e.Seq
	if v.Policy.Numbers == Tracked {
		seq = 1
	}
	out.ack(FIN, seq)
}

// sendNext puts the message at the head of the queue in flight.
func sendNext(v Vars, out *Actions) Vars {
	v.InFlight = true
	v.Tries = 0
	return sendCopy(v, out)
}

// sendCopy sends the message in flight, or what has to be known before.
func sendCopy(v Vars, out *Actions) Vars {
	v.countTry()
	// Of two probes that arrive the second is answered, wherever the first one found the counter.
	switch {
	case v.Flushing:
		out.probe(v.TxSeq)
		out.probe(v.TxSeq)
	case v.Unsure:
		out.probe(v.TxSeq ^ 1)
		out.probe(v.TxSeq ^ 1)
	default:
		out.chat(v.TxSeq, v.TxNum)
	}
	out.startScaled(Retransmit, v.retryScale())
	return v
}

// landed takes the message in flight out of the sequence, because it was acknowledged or given up.
func landed(v Vars) Vars {
	v.InFlight, v.Flushing = false, false
	v.Tries = 0
	v.TxSeq = v.Policy.Numbers.after(v.TxSeq)
	if v.TxNum > 0 {
		v.TxNum++
	}
	return v
}

func completed(v Vars, out *Actions) Vars {
	out.do(Complete)
	v.Acked = true
	v.Stale = 0
	if v.Policy.AnyACK && !v.Policy.AcksOnce {
		v.Stale = uint8(min(v.Tries-1, 255)) // each further copy may be acknowledged too, and not to be told apart
	}
	return landed(v)
}

func unconfirmed(v Vars, out *Actions) Vars {
	out.do(GiveUp)
	if v.Unsure {
		// It has not gone out, or nothing of it can come back. The peer may not even have opened its chat, and then only
		// the number that the probes have does not harm it: the next message takes over this one's.
		v.InFlight, v.Tries = false, 0
		return v
	}
	v.Unsure = v.Policy.Numbers == Tracked
	return landed(v)
}

// goodbye sends the first copy of our FIN and waits for its ACK.
func goodbye(v Vars, why Reason, out *Actions) Vars {
	v.FinSeq = v.finSeq()
	v.Goodbye = why
	v.Tries = 1
	v.InFlight = false
	v.Unsure, v.Flushing = false, false
	v.Leaving = false
	out.stop(AllTimers)
	sendFIN(v, v.FinSeq, why, out)
	out.start(Retransmit)
	return v
}

func goodbyeDo(why Reason) func(Vars, Event, *Actions) Vars {
	return func(v Vars, _ Event, out *Actions) Vars { return goodbye(v, why, out) }
}

// ended is what remains of a conversation that is over.
func ended(v Vars, after After, out *Actions) Vars {
	v = fresh(v)
	v.After = after
	out.stop(AllTimers)
	scale := uint8(1)
	if after == Withdrawn {
		scale = 10 // the peer's user may take as long to answer as any invitation may wait
	}
	out.startScaled(Linger, scale)
	return v
}

// sayOver tells the user that the chat which our FIN ended is over. Declining or withdrawing was told at once.
func sayOver(v Vars, out *Actions) {
	if v.EndsChat() {
		out.tellEnd(TellClosed, v.Goodbye)
	}
}

// EndsChat reports whether our FIN, in fin-wait, ends a chat, as opposed to refusing an invitation.
func (v Vars) EndsChat() bool { return v.Goodbye == Left || v.Goodbye == ShutDown }

// over ends fin-wait.
func over(v Vars, _ Event, out *Actions) Vars {
	sayOver(v, out)
	return ended(v, Ended, out)
}

// noteReply is what any answer means to a FIN in flight: towards some peers it must not be repeated any more.
func noteReply(v Vars) Vars {
	if v.Policy.QuietFIN {
		v.Tries = max(v.Tries, uint16(v.Policy.FINCopies))
	}
	return v
}

func noteReplyDo(v Vars, _ Event, _ *Actions) Vars { return noteReply(v) }

// oldDatagrams makes the rules for datagrams of an earlier conversation, in any state. They come first: nothing of an
// earlier conversation may change this one. A FIN is still acknowledged and a message answered with one, so that its sender can rest.
func oldDatagrams(in State) []Rule {
	old := func(_ Vars, e Event) bool { return e.Old }
	const when = "it names an earlier conversation"
	// Its sender would repeat it for a minute. But whoever invites anew has that acceptance hold for the new invitation (3.6).
	orphan := func(v Vars, _ Event, out *Actions) Vars {
		sendFIN(v, 0, Cancelled, out)
		return v
	}
	if in == SynSent || in == SynReceived {
		orphan = nil
	}
	acknowledge := ackAgain(FIN)
	if in == SynSent {
		acknowledge = func(v Vars, e Event, out *Actions) Vars { return nowRepeats(ackAgain(FIN)(v, e, out), out) }
	}
	return []Rule{
		{From: in, On: RecvSYN, Name: "old-syn", If: old, When: when, To: in, As: Ignored, Ref: "2.8"},
		{From: in, On: RecvSYNACK, Name: "old-syn-ack", If: old, When: when, To: in, Do: orphan, As: Ignored, Ref: "2.8 3.20"},
		{From: in, On: RecvACK, Name: "old-ack", If: old, When: when, To: in, As: Ignored, Ref: "2.8"},
		{From: in, On: RecvERR, Name: "old-err", If: old, When: when, To: in, As: Ignored, Ref: "2.8"},
		{
			From: in, On: RecvCHAT, Name: "old-chat", If: old, When: when, To: in, As: Ignored, Ref: "2.8 6.9",
			// Its sender may still be in that chat, and would repeat it for ever.
			Do: func(v Vars, _ Event, out *Actions) Vars {
				sendFIN(v, 0, Restarted, out)
				return v
			},
		},
		{From: in, On: RecvFIN, Name: "old-fin", If: old, When: when, To: in, Do: acknowledge, As: Repeated, Ref: "2.8 6.5"},
	}
}

// lateWithdrawal makes the rule that ends our invitation without a word, because a FIN would harm a peer whose client
// is not there yet. If its user accepts after all, that is answered with FIN.
func lateWithdrawal(on Input, name string, told Reason, ref string) Rule {
	return Rule{
		From: SynSent, On: on, Name: name + "-silently", If: func(v Vars, _ Event) bool { return v.Policy.LateWithdrawal },
		When: "a FIN would harm the peer here", To: Idle, As: Ordinary, Ref: ref + " 3.22",
		Do: func(v Vars, _ Event, out *Actions) Vars {
			out.tellEnd(TellClosed, told)
			return ended(v, Withdrawn, out)
		},
	}
}

// withdrawal makes the two rules that end an invitation with our FIN: repeated until its ACK, or sent once, as the peer
// takes it. The user is told at once, since nothing is left to wait for.
func withdrawal(from State, on Input, name string, guard func(Vars, Event) bool, when string, n Notice, told, said Reason, ref string) []Rule {
	repeats := func(v Vars, e Event) bool { return v.Policy.RefusalCopies != 1 && (guard == nil || guard(v, e)) }
	whenRepeats := "the peer takes a repeated FIN here"
	if when != "" {
		whenRepeats = when + ", " + whenRepeats
	}
	repeated := func(v Vars, _ Event, out *Actions) Vars {
		v = goodbye(v, said, out)
		if !v.EndsChat() { // else fin-wait tells when it is over, and the user would hear it twice
			out.tellEnd(n, told)
		}
		return v
	}
	after := Ended
	if from == SynSent {
		after = RefusedBy // a FIN from the peer would be its refusal, on its way before it heard of ours
	}
	once := func(v Vars, _ Event, out *Actions) Vars {
		sendFIN(v, v.finSeq(), said, out)
		out.tellEnd(n, told)
		return ended(v, after, out)
	}
	return []Rule{
		{From: from, On: on, Name: name, If: repeats, When: whenRepeats, To: FinWait, Do: repeated, As: Ordinary, Ref: ref + " 3.16"},
		{From: from, On: on, Name: name + "-once", If: guard, When: when, To: Idle, Do: once, As: Ordinary, Ref: ref + " 3.16"},
	}
}
