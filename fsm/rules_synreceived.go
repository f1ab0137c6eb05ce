package fsm

import "slices"

// SynReceived: the peer's SYN is here. Before our user has answered (Answered is false) this is an invitation; after
// that our SYN+ACK is out and waits for its confirmation.
var synReceivedRules = slices.Concat(
	oldDatagrams(SynReceived),
	[]Rule{
		{From: SynReceived, On: Invite, Name: "invite-while-connecting", If: answered, When: "our user has accepted", To: SynReceived, Do: refuse(Connecting), As: Rejected, Ref: "8.4"},
		{From: SynReceived, On: Invite, Name: "mutual-in-use", If: is(InUse), When: "no further chat is allowed", To: SynReceived, Do: refuse(ChatsInUse), As: Rejected, Ref: "5.1 8.4"},
		{From: SynReceived, On: Invite, Name: "mutual", To: SynReceived, Do: accept, As: Ordinary, Ref: "3.15"},
	},
	withdrawal(SynReceived, Cancel, "cancel-acceptance", answered, "our user has accepted", TellClosed, Cancelled, Declined, "3.11"),
	[]Rule{
		{From: SynReceived, On: Cancel, Name: "cancel-nothing", To: SynReceived, Do: refuse(NotInviting), As: Rejected, Ref: "8.4"},
		{From: SynReceived, On: Accept, Name: "accept-again", If: answered, When: "our user has accepted", To: SynReceived, Do: refuse(Connecting), As: Rejected, Ref: "8.4"},
		{From: SynReceived, On: Accept, Name: "accept-in-use", If: is(InUse), When: "no further chat is allowed", To: SynReceived, Do: refuse(ChatsInUse), As: Rejected, Ref: "5.1 8.4"},
		{From: SynReceived, On: Accept, Name: "accept", To: SynReceived, Do: accept, As: Ordinary, Ref: "3.2"},
	},
	withdrawal(SynReceived, Decline, "take-back", answered, "our user has accepted", TellClosed, Cancelled, Declined, "3.11"),
	withdrawal(SynReceived, Decline, "decline", nil, "", TellClosed, Declined, Declined, "3.3"),
	[]Rule{
		{From: SynReceived, On: Say, Name: "say-too-early", To: SynReceived, Do: refuse(NoChat), As: Rejected, Ref: "8.4"},
	},
	withdrawal(SynReceived, Leave, "leave-while-connecting", answered, "our user has accepted", TellClosed, Cancelled, Declined, "3.11"),
	[]Rule{
		{From: SynReceived, On: Leave, Name: "leave-too-early", To: SynReceived, Do: refuse(NoChat), As: Rejected, Ref: "8.4"},
	},
	withdrawal(SynReceived, LeaveNow, "leave-now-while-connecting", answered, "our user has accepted", TellClosed, Cancelled, Declined, "3.11"),
	[]Rule{
		{From: SynReceived, On: LeaveNow, Name: "leave-now-too-early", To: SynReceived, Do: refuse(NoChat), As: Rejected, Ref: "8.4"},
	},
	withdrawal(SynReceived, Detach, "client-gone", answered, "our user has accepted", TellClosed, Cancelled, Declined, "6.7"),
	[]Rule{
		// An invitation waits for the next client (3.13 bounds it).
		{From: SynReceived, On: Detach, Name: "wait-for-client", To: SynReceived, As: Ignored, Ref: "6.7"},
	},
	withdrawal(SynReceived, Shutdown, "shutdown-while-connecting", answered, "our user has accepted", TellClosed, ShutDown, ShutDown, "6.8"),
	withdrawal(SynReceived, Shutdown, "shutdown", nil, "", TellClosed, ShutDown, ShutDown, "6.8"),
	[]Rule{
		{From: SynReceived, On: RecvSYN, Name: "syn-after-answer", If: answered, When: "our user has accepted", To: SynReceived, As: Ignored, Ref: "3.8"},
		{
			From: SynReceived, On: RecvSYN, Name: "ring-again", To: SynReceived, As: Repeated, Ref: "3.6",
			Do: func(v Vars, e Event, out *Actions) Vars {
				v.HsSeq = v.answerSeq(e.Seq)
				if v.Policy.Rings {
					out.ack(SYN, e.Seq)
				}
				return v
			},
		},
		{
			From: SynReceived, On: RecvSYNACK, Name: "both-accepted", If: answered, When: "our SYN+ACK is out", To: Established, As: Ordinary, Ref: "3.14",
			Do: func(v Vars, e Event, out *Actions) Vars {
				out.ack(SYNACK, e.Seq)
				return open(v, e, v.Tries, out) // none of our copies has been acknowledged yet
			},
		},
		{From: SynReceived, On: RecvSYNACK, Name: "stray-acceptance", To: SynReceived, As: Unexpected, Ref: "3.20"},
		{
			From: SynReceived, On: RecvACK, Name: "confirmed", If: acksHandshake, When: "it acknowledges our SYN+ACK", To: Established, As: Ordinary, Ref: "3.4 4.17",
			Do: func(v Vars, e Event, out *Actions) Vars { return open(v, e, v.Tries-1, out) },
		},
		{From: SynReceived, On: RecvACK, Name: "ack-of-nothing", To: SynReceived, As: Ignored, Ref: "3.19"},
		{
			From: SynReceived, On: RecvFIN, Name: "fin-of-something-else", If: func(v Vars, e Event) bool {
				return v.Policy.Labels && (e.Reason == Left || e.Reason == Restarted) && !v.Answered
			},
			When: "it says that it ends an earlier chat", To: SynReceived, Do: ackAgain(FIN), As: Repeated, Ref: "4.10",
		},
		{
			From: SynReceived, On: RecvFIN, Name: "taken-back", If: answered, When: "our user has accepted", To: Idle, As: Ordinary, Ref: "3.11 6.1",
			Do: func(v Vars, e Event, out *Actions) Vars {
				ackFIN(v, e, out)
				why := Cancelled
				if e.Reason == Left || e.Reason == ShutDown || e.Reason == Restarted {
					why = e.Reason // it had our SYN+ACK already; its ACK was lost
				}
				out.tellEnd(TellClosed, why)
				return ended(v, Ended, out)
			},
		},
		{
			From: SynReceived, On: RecvFIN, Name: "withdrawn", To: Idle, As: Ordinary, Ref: "3.11",
			Do: func(v Vars, e Event, out *Actions) Vars {
				ackFIN(v, e, out)
				out.tellEnd(TellWithdrawn, Cancelled)
				return ended(v, Ended, out)
			},
		},
		{
			From: SynReceived, On: RecvERR, Name: "refused", If: answered, When: "our user has accepted", To: Idle, As: Ordinary, Ref: "7.1",
			Do: func(v Vars, _ Event, out *Actions) Vars {
				out.tellEnd(TellClosed, Refused)
				return ended(v, RefusedBy, out)
			},
		},
		{
			From: SynReceived, On: RecvERR, Name: "lost", To: Idle, As: Ordinary, Ref: "7.1",
			Do: func(v Vars, _ Event, out *Actions) Vars {
				out.tellEnd(TellWithdrawn, Lost)
				return ended(v, RefusedBy, out)
			},
		},
		{
			From: SynReceived, On: RecvCHAT, Name: "opened-by-chat-no-room", If: func(v Vars, e Event) bool { return opensByChat(v, e) && !e.Room },
			When: "our user has accepted, the message cannot be handed on", To: Established, As: Ordinary, Ref: "3.10 4.8",
			Do: func(v Vars, e Event, out *Actions) Vars { return open(v, e, v.Tries, out) },
		},
		{
			From: SynReceived, On: RecvCHAT, Name: "opened-by-chat", If: opensByChat, When: "our user has accepted", To: Established, As: Ordinary, Ref: "3.10 4.5",
			Do: func(v Vars, e Event, out *Actions) Vars { return receive(open(v, e, v.Tries, out), e, out) },
		},
		{From: SynReceived, On: RecvCHAT, Name: "chat-too-early", To: SynReceived, As: Unexpected, Ref: "3.19"},

		{
			From: SynReceived, On: RetransmitDue, Name: "repeat-syn-ack",
			If:   func(v Vars, _ Event) bool { return v.Answered && v.Tries < uint16(v.Policy.SYNACKCopies) },
			When: "our user has accepted, copies are left", To: SynReceived, As: Repeated, Ref: "3.8",
			Do: func(v Vars, _ Event, out *Actions) Vars {
				v.countTry()
				out.send(SYNACK, v.HsSeq)
				out.start(Retransmit)
				out.retrying(SYNACK)
				return v
			},
		},
		{
			From: SynReceived, On: RetransmitDue, Name: "never-confirmed", If: answered, When: "our user has accepted", To: Idle, As: Ordinary, Ref: "3.8",
			Do: func(v Vars, _ Event, out *Actions) Vars {
				sendFIN(v, 0, Cancelled, out)
				out.tellEnd(TellClosed, Unreachable)
				return ended(v, Ended, out)
			},
		},
		{From: SynReceived, On: RetransmitDue, Name: "stale-retransmit", To: SynReceived, As: Ignored, Ref: "10.2"},
		{From: SynReceived, On: ExpiryDue, Name: "stale-expiry", If: answered, When: "our user has accepted", To: SynReceived, As: Ignored, Ref: "10.2"},
	},
	withdrawal(SynReceived, ExpiryDue, "expired", nil, "", TellWithdrawn, Expired, Declined, "3.13"),
	[]Rule{
		{From: SynReceived, On: UnansweredDue, Name: "stale-unanswered", To: SynReceived, As: Ignored, Ref: "10.2"},
		{From: SynReceived, On: LingerDue, Name: "stale-linger", To: SynReceived, As: Ignored, Ref: "10.2"},
	},
)
