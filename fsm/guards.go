package fsm

// Guards, named as the table's When column words them.

func is(want Verdict) func(Vars, Event) bool {
	return func(_ Vars, e Event) bool { return e.Verdict == want }
}

func answered(v Vars, _ Event) bool { return v.Answered }
func inFlight(v Vars, _ Event) bool { return v.InFlight }
func leaving(v Vars, _ Event) bool  { return v.Leaving }

// acksMessage reports whether the ACK is the one that the message in flight waits for (4.2, 4.10).
func acksMessage(v Vars, e Event) bool {
	if !v.InFlight {
		return false
	}
	if v.Policy.Labels {
		return e.Of == CHAT && e.Seq == v.TxSeq
	}
	return v.Policy.AnyACK || e.Seq == v.TxSeq
}

// staleACK reports whether the ACK may be a late one of the handshake (4.9). Labelled ACKs cannot be confused.
func staleACK(v Vars, e Event) bool {
	return !v.Policy.Labels && v.Stale > 0 && !v.Acked && e.Seq == v.HsSeq
}

// acksHandshake reports whether the ACK answers our SYN+ACK.
func acksHandshake(v Vars, e Event) bool {
	if !v.Answered {
		return false
	}
	if v.Policy.Labels {
		return e.Of == SYNACK && e.Seq == v.HsSeq
	}
	return v.Policy.AnyACK || e.Seq == v.HsSeq
}

func acksGoodbye(v Vars, e Event) bool {
	if v.Policy.Labels {
		return e.Of == FIN && e.Seq == v.FinSeq
	}
	return v.Policy.AnyACK || e.Seq == v.FinSeq
}

// duplicate reports whether the chat datagram repeats one that was taken already (4.11).
func duplicate(v Vars, e Event) bool {
	if v.Policy.ByNumber {
		return e.Seq == v.RxSeq^1
	}
	return e.Repeat
}

// misnumbered reports whether a peer that counts in ones and zeros sent anything else.
func misnumbered(v Vars, e Event) bool { return v.Policy.ByNumber && e.Seq > 1 }

// opensByChat reports whether a chat datagram shows that the peer has our SYN+ACK, its ACK being lost or late (3.10).
func opensByChat(v Vars, e Event) bool {
	return v.Answered && (!v.Policy.ByNumber || e.Seq == 0)
}

// exhausted reports whether a peer that never acknowledged anything was sent the message often enough (4.7).
func exhausted(v Vars, _ Event) bool {
	return v.InFlight && !v.Acked && v.Policy.ChatCopies > 0 && v.Tries >= uint16(v.Policy.ChatCopies)
}

// finCopies is how often the FIN in flight is sent at most.
func (v Vars) finCopies() uint16 {
	if v.EndsChat() {
		return uint16(v.Policy.FINCopies)
	}
	return uint16(v.Policy.RefusalCopies)
}
