package fsm

// Snapshot is everything that the machine knows of one conversation. It is comparable and holds no pointers, so that a
// model checker can hash it and a test can write it down.
type Snapshot struct {
	State State
	Vars
}

// Vars are the variables beside the state. The zero value is a conversation that has not begun.
type Vars struct {
	Policy Policy

	Tries  uint16 // copies sent so far of what waits for an answer; saturates
	TxSeq  uint8  // number of our next chat datagram, or of the one in flight
	RxSeq  uint8  // number that the peer's next new chat datagram carries
	HsSeq  uint8  // number that the handshake uses: the peer's SYN, or its SYN+ACK
	FinSeq uint8  // number of our FIN, in fin-wait

	TxNum uint32 // which message of ours TxSeq belongs to, from 1; 0 where messages carry no numbers but that (4.19)
	RxNum uint32 // the same for RxSeq

	Stale    uint8  // handshake ACKs that may still arrive and must not be taken for an ACK of our first message (4.9)
	InFlight bool   // a chat datagram waits for its ACK
	Flushing bool   // what the peer said before our message in flight may still be on its way, so it proves nothing (4.14)
	Unsure   bool   // which number the peer expects next is not known; nothing but a probe may be sent (4.14)
	Rung     bool   // syn-sent: the peer has confirmed our SYN
	Overdue  bool   // syn-sent: the user has been told that nobody answers
	Answered bool   // syn-received: our user has accepted and our SYN+ACK is out
	Acked    bool   // the peer has acknowledged a message in this chat
	Leaving  bool   // our user leaves as soon as the queue is empty
	Goodbye  Reason // fin-wait: what our FIN says
	After    After  // idle: what the last conversation left behind
}

// After is what a conversation that has just ended still owes the peer.
type After uint8

// The aftermaths.
const (
	Forgotten After = iota // nothing: the peer is a stranger
	Ended                  // a repeated FIN is still answered with ACK (6.5)
	RefusedBy              // a FIN that follows belongs to the peer's refusal of our invitation (5.3, 3.17)
	Withdrawn              // we withdrew without a word: the acceptance that may follow is answered with FIN (3.22)
)

// Policy is how a peer has to be treated, as values. It comes from what is known of the peer (announced itself, wrote
// in some dialect), never as a dialect's name: the table stays one table for all peers. Copies count the first one.
type Policy struct {
	SYNCopies     uint8 // of an invitation; 0: no limit
	SYNACKCopies  uint8 // of an acceptance
	ChatCopies    uint8 // of a message, as long as the peer has acknowledged nothing in this chat; 0: no limit
	FINCopies     uint8 // of a FIN that ends a chat
	RefusalCopies uint8 // of a FIN that declines or withdraws an invitation

	Numbers Numbering // how the peer counts

	Rings          bool // the invited side confirms a SYN at once
	Labels         bool // an ACK says what it acknowledges and a FIN why, and neither is believed without
	ByNumber       bool // a duplicate is told by its number alone, else by number and payload together
	AnyACK         bool // the peer's ACKs carry any number
	AckRefusal     bool // the FIN that refuses our invitation is acknowledged
	QuietFIN       bool // a FIN is not repeated once anything came back
	Grows          bool // intervals between copies of a message grow after the third copy
	BusyERROnly    bool // a busy caller gets ERR without FIN
	AcksOnce       bool // a copy of a message that it has taken is not acknowledged again, so ChatCopies holds always
	LateWithdrawal bool // our invitation is withdrawn only when the peer accepts it: a FIN before would harm it
	NoFIN          bool // no FIN is sent: the peer makes nothing of it, and one that comes when its user has left harms it
	LastWord       bool // nothing follows a FIN, whoever sent it, but its one ACK: the peer has nobody left to give it to
	TriesOther     bool // a message that was never acknowledged goes out once more, with the other number (4.15)
}

// Numbering is how a peer counts, and expects to be counted for.
type Numbering uint8

// The numberings.
const (
	// Alternating: chat datagrams carry 0 and 1 in turn in each direction, answers echo. What the specification says.
	Alternating Numbering = iota
	// Shared: one counter of 0 and 1 for both directions together, going on from the handshake. A chat datagram that does
	// not carry its value is ignored.
	Shared
	// Counting: each message carries the number behind that of the last, from 0 to 127 and again from 0, over all chats. A
	// peer that takes two messages in a row with the same number for copies, also of different chats, is never given one.
	Counting
	// Tracked: alternating; but every datagram counts. The peer expects the number that the last one which it received
	// did not have. A wrong one harms it, except in an ACK during a chat: that one moves its counter, and it says so.
	Tracked
)

// first is the number of the first chat datagram after a handshake with number hs. counter is what an earlier chat has left.
func (n Numbering) first(hs, counter uint8) uint8 {
	switch n {
	case Shared:
		return hs&1 ^ 1
	case Counting:
		return counter & 0x7f
	case Alternating:
		return counter & 1
	case Tracked:
	}
	return 0
}

// after is the number that follows another one.
func (n Numbering) after(seq uint8) uint8 {
	if n == Counting {
		return (seq + 1) & 0x7f
	}
	return seq ^ 1
}

// Native is the policy between two peers that have announced themselves to each other (2.4).
func Native() Policy {
	return Policy{
		SYNCopies: 0, SYNACKCopies: 12, ChatCopies: 0, FINCopies: 3, RefusalCopies: 3,
		Rings: true, Labels: true, ByNumber: true, AckRefusal: true,
	}
}

// Legacy is the policy towards a peer of whom nothing is known (2.5).
func Legacy() Policy {
	return Policy{
		SYNCopies: 1, SYNACKCopies: 3, ChatCopies: 3, FINCopies: 3, RefusalCopies: 1,
		QuietFIN: true, Grows: true, TriesOther: true,
	}
}

// Event is one input with the facts that its rule needs. Fields that an input does not use are zero.
type Event struct {
	On      Input
	Seq     uint8   // datagrams: the number as received
	Of      Packet  // RecvACK: what the ACK says it acknowledges
	Num     uint32  // RecvCHAT, RecvACK of one: which message of the chat it is, from 1; 0 if it does not say
	Reason  Reason  // RecvFIN: why, as the FIN says; RecvERR: Busy or Misnumbered if the text is known to say so
	Verdict Verdict // RecvSYN, RecvSYNACK, Invite, Accept: what admission decided
	Room    bool    // RecvCHAT: the message can be handed on; Say: the queue takes it
	More    bool    // RecvACK, RetransmitDue: another message waits behind the one in flight
	Repeat  bool    // RecvCHAT: number and payload are those of the last message taken; RecvSYN: it is a copy of the one that led here
	Counter uint8   // what opens a chat: the number of our first message, where an earlier chat's matter; else 0
	Crossed bool    // RecvFIN: it was sent before our last ACK was heard, which the peer takes for its answer
	Old     bool    // datagrams: it names an earlier conversation (2.8)
}

// Verdict is what the daemon decided about an invitation or a chat that would open.
type Verdict uint8

// The verdicts. Their zero value asks the user.
const (
	Ask   Verdict = iota // the user decides
	Take                 // accept without asking
	Never                // decline without asking
	InUse                // the user is in as many chats as allowed
	Full                 // too many unanswered invitations already
)

// Treated is the conversation with a peer that has to be treated otherwise from now on.
func (s Snapshot) Treated(p Policy) Snapshot {
	s.Policy = p
	if p.Numbers != Counting {
		s.TxSeq, s.FinSeq = s.TxSeq&1, s.FinSeq&1
	}
	s.Unsure, s.Flushing = s.Unsure && p.Numbers == Tracked, s.Flushing && p.Numbers == Tracked
	return s
}

// Met is the conversation with a peer that turns out, by a message with this number, to share a counter with us: what we had
// in flight was numbered otherwise and has not been taken.
func (s Snapshot) Met(seq uint8) Snapshot {
	if s.Policy.Numbers == Shared && s.InFlight {
		s.TxSeq = seq & 1
	}
	return s
}

// HoldsSlot reports whether the conversation counts against the number of chats that the user may have (5.1).
func (s Snapshot) HoldsSlot() bool {
	return s.State == Established || s.State == SynReceived && s.Answered
}

// HalfOpen reports whether the conversation is an invitation that waits for our user.
func (s Snapshot) HalfOpen() bool { return s.State == SynReceived && !s.Answered }

// finSeq is the number of a FIN: that of the chat datagram which would follow what has been sent. Where both directions
// share a counter it is the counter's value, as far as it is known.
func (v Vars) finSeq() uint8 {
	if v.InFlight && v.Policy.Numbers != Shared {
		return v.Policy.Numbers.after(v.TxSeq)
	}
	return v.TxSeq
}

// retryScale is the time until the next copy of a message, in retransmission times, after v.Tries copies (4.6).
func (v Vars) retryScale() uint8 {
	if v.Policy.Numbers == Tracked {
		return 4 // such a peer may do nothing for 15 s, and its answers do not say to what
	}
	endless := v.Acked || v.Policy.ChatCopies == 0
	if !v.Policy.Grows || !endless || v.Tries < 3 {
		return 1
	}
	switch v.Tries {
	case 3:
		return 2
	case 4:
		return 4
	case 5:
		return 8
	default:
		return 12
	}
}

func (v *Vars) countTry() {
	if v.Tries < 1<<16-1 {
		v.Tries++
	}
}
