package fsm

// Guards, named as the table's When column words them.

func is(want Verdict) func(Vars, Event) bool {
	return func(_ Vars, e Event) bool { return e.Verdict == want }
}

func answered(v Vars, _ Event) bool { return v.Answered }
func inFlight(v Vars, _ Event) bool { return v.InFlight }
func leaving(v Vars, _ Event) bool  { return v.Leaving }

// acksMessage reports whether the ACK is the one that the message in flight waits for (4.2, 4.10). While nothing but
// probes goes out the message in flight is one that has been sent before or not at all, so no ACK is believed.
func acksMessage(v Vars, e Event) bool {
	if !v.InFlight || v.Unsure {
		return false
	}
	if v.Policy.Labels {
		return e.Of == CHAT && e.Seq == v.TxSeq && (e.Num == 0 || e.Num == v.TxNum)
	}
	return e.Of != FIN && (v.Policy.AnyACK || e.Seq == v.TxSeq)
}

// staleACK reports whether the ACK may be a late one of the handshake (4.9), or of a further copy of an earlier message
// where numbers do not tell (4.13). Labelled ACKs cannot be confused.
func staleACK(v Vars, e Event) bool {
	return !v.Policy.Labels && v.Stale > 0 && (v.Policy.AnyACK || !v.Acked && e.Seq == v.HsSeq)
}

// acksHandshake reports whether the ACK answers our SYN+ACK.
func acksHandshake(v Vars, e Event) bool {
	if !v.Answered {
		return false
	}
	if v.Policy.Labels {
		return e.Of == SYNACK && e.Seq == v.HsSeq
	}
	return e.Of != FIN && (v.Policy.AnyACK || e.Seq == v.HsSeq)
}

func acksGoodbye(v Vars, e Event) bool {
	if v.Policy.Labels {
		return e.Of == FIN && e.Seq == v.FinSeq
	}
	return v.Policy.AnyACK || e.Seq == v.FinSeq || v.Policy.Numbers == Shared // whose copies have either number (6.10)
}

// duplicate reports whether the chat datagram repeats one that was taken already (4.11, 4.19).
func duplicate(v Vars, e Event) bool {
	switch {
	case !v.Policy.ByNumber:
		return e.Repeat
	case e.Num > 0:
		return e.Num < v.RxNum
	}
	return e.Seq == v.RxSeq^1
}

// misnumbered reports whether a native peer has sent a message that cannot be: with another number than 0 and 1, with one that
// is not that of the message, or before the one in front of it was acknowledged.
func misnumbered(v Vars, e Event) bool {
	return v.Policy.ByNumber && (e.Seq > 1 || e.Num > v.RxNum || e.Num > 0 && e.Num == v.RxNum && e.Seq != v.RxSeq)
}

// opensByChat reports whether a chat datagram shows that the peer has our SYN+ACK, its ACK being lost or late (3.10).
func opensByChat(v Vars, e Event) bool {
	return v.Answered && (!v.Policy.ByNumber || e.Seq == 0 && e.Num <= 1)
}

// mayGiveUp reports whether there are peers of this kind, in this chat, to whom no number of copies would bring an answer:
// it never acknowledged anything (4.7), or it acknowledges each message once and that ACK may be lost (4.16).
func (v Vars) mayGiveUp() bool {
	return v.InFlight && v.Policy.ChatCopies > 0 && (!v.Acked || v.Policy.AcksOnce)
}

// exhausted reports whether the peer was sent the message often enough.
func exhausted(v Vars, _ Event) bool {
	copies := uint16(v.Policy.ChatCopies)
	if v.mayTryOther() {
		copies++
	}
	return v.mayGiveUp() && v.Tries >= copies
}

// mayTryOther reports whether it is not clear yet how the peer counts: it has acknowledged nothing, or only what was sent
// with either number.
func (v Vars) mayTryOther() bool { return v.Policy.TriesOther && (!v.Acked || v.Policy.AcksOnce) }

// triesOther reports whether the next copy is the one with the other number (4.15).
func triesOther(v Vars, _ Event) bool {
	return v.mayGiveUp() && v.mayTryOther() && v.Tries == uint16(v.Policy.ChatCopies)
}

// triedOther reports whether the ACK may be meant for either number of the message in flight (4.15).
func triedOther(v Vars, e Event) bool {
	return v.TriedOther() && acksMessage(v, e)
}

func triedOtherLeaving(v Vars, e Event) bool { return triedOther(v, e) && v.Leaving }

// probing reports whether a message waits until we know which number the peer expects (4.14).
func probing(v Vars, _ Event) bool { return v.Unsure && v.InFlight }

// flushed reports whether the ERR is about a datagram behind the message in flight: the only ones that had its number, so
// that the peer expected the other one. Whatever it said before has arrived by now, or never will (4.14).
func flushed(v Vars, e Event) bool {
	return v.Flushing && e.Reason == Misnumbered && e.Seq == v.TxSeq^1
}

// tracked reports whether the message in flight, unanswered, leaves open which number the peer expects (4.14).
func tracked(v Vars, _ Event) bool { return v.Policy.Numbers == Tracked && v.InFlight && !v.Unsure }

// expectsOurs reports whether the ERR says that the peer expects the number of our next message (4.14).
func expectsOurs(v Vars, e Event) bool {
	return v.Policy.Numbers == Tracked && e.Reason == Misnumbered && e.Seq == v.TxSeq
}

// finCopies is how often the FIN in flight is sent at most.
func (v Vars) finCopies() uint16 {
	if v.EndsChat() {
		return uint16(v.Policy.FINCopies)
	}
	return uint16(v.Policy.RefusalCopies)
}

// TriedOther reports whether the message in flight has gone out with either number (4.15).
func (v Vars) TriedOther() bool {
	return v.mayGiveUp() && v.mayTryOther() && v.Tries > uint16(v.Policy.ChatCopies)
}
