package fsm

import "slices"

// Idle: no invitation, no chat. A stranger is in this state too, without anything being kept of it.
var idleRules = slices.Concat(oldDatagrams(Idle), []Rule{
	{From: Idle, On: Invite, Name: "invite-in-use", If: is(InUse), When: "no further chat is allowed", To: Idle, Do: refuse(ChatsInUse), As: Rejected, Ref: "5.1 8.4"},
	{
		From: Idle, On: Invite, Name: "invite-anew", If: func(v Vars, _ Event) bool { return v.After == Withdrawn }, When: "our last invitation was withdrawn without a word",
		To: SynSent, As: Ordinary, Ref: "3.22",
		// As far as the peer knows it still stands, and a second one would harm it.
		Do: func(v Vars, _ Event, out *Actions) Vars {
			v = fresh(v)
			v.Tries = 1
			out.stop(AllTimers)
			out.start(Expiry)
			out.start(Unanswered)
			if v.mayRepeatSYN() {
				out.start(Retransmit)
			}
			out.tell(TellInviting)
			return v
		},
	},
	{From: Idle, On: Invite, Name: "invite", To: SynSent, Do: invite, As: Ordinary, Ref: "3.1"},
	{From: Idle, On: Cancel, Name: "cancel-nothing", To: Idle, Do: refuse(NotInviting), As: Rejected, Ref: "8.4"},
	{From: Idle, On: Accept, Name: "accept-nothing", To: Idle, Do: refuse(NoInvitation), As: Rejected, Ref: "8.4"},
	{From: Idle, On: Decline, Name: "decline-nothing", To: Idle, Do: refuse(NoInvitation), As: Rejected, Ref: "8.4"},
	{From: Idle, On: Say, Name: "say-nowhere", To: Idle, Do: refuse(NoChat), As: Rejected, Ref: "8.4"},
	{From: Idle, On: Leave, Name: "leave-nothing", To: Idle, Do: refuse(NoChat), As: Rejected, Ref: "8.4"},
	{From: Idle, On: LeaveNow, Name: "leave-now-nothing", To: Idle, Do: refuse(NoChat), As: Rejected, Ref: "8.4"},
	{From: Idle, On: Detach, Name: "client-gone", To: Idle, As: Ignored, Ref: "6.7"},
	{From: Idle, On: Shutdown, Name: "nothing-to-close", To: Idle, As: Ignored, Ref: "6.8"},

	{From: Idle, On: RecvSYN, Name: "busy", If: is(InUse), When: "the user is in as many chats as allowed", To: Idle, Do: refuseBusy, As: Rejected, Ref: "5.2"},
	{From: Idle, On: RecvSYN, Name: "too-many-invitations", If: is(Full), When: "too many invitations wait already", To: Idle, As: Rejected, Ref: "9.2"},
	{From: Idle, On: RecvSYN, Name: "never", If: is(Never), When: "the daemon accepts nobody", To: Idle, Do: refuseNever, As: Rejected, Ref: "3.18"},
	{From: Idle, On: RecvSYN, Name: "auto-accept", If: is(Take), When: "the daemon accepts everybody", To: SynReceived, Do: take, As: Ordinary, Ref: "3.18"},
	{From: Idle, On: RecvSYN, Name: "invitation", To: SynReceived, Do: ring, As: Ordinary, Ref: "3.2 3.5"},
	{
		From: Idle, On: RecvSYNACK, Name: "orphan-acceptance", If: func(v Vars, _ Event) bool { return v.Policy.Labels }, When: "the peer is native",
		To: Idle, As: Unexpected, Ref: "3.20",
		// Without this a peer whose SYN+ACK we can no longer use would repeat it for a minute.
		Do: func(v Vars, _ Event, out *Actions) Vars {
			sendFIN(v, 0, Cancelled, out)
			return v
		},
	},
	{
		From: Idle, On: RecvSYNACK, Name: "late-acceptance", If: func(v Vars, _ Event) bool { return v.Policy.LateWithdrawal && v.After != Ended },
		When: "invitations to the peer are withdrawn without a word, and no chat has just ended", To: Idle, As: Ordinary, Ref: "3.22",
		Do: func(v Vars, e Event, out *Actions) Vars {
			if v.Policy.Numbers == Shared {
				out.ack(SYNACK, e.Seq) // it hears nothing else before
			}
			sendFIN(v, v.Policy.Numbers.first(e.Seq, 0), Cancelled, out)
			return ended(v, Ended, out)
		},
	},
	{From: Idle, On: RecvSYNACK, Name: "stray-acceptance", To: Idle, As: Unexpected, Ref: "3.20 9.1"},
	{From: Idle, On: RecvACK, Name: "late-ack", To: Idle, As: Ignored, Ref: "9.1"},
	{
		From: Idle, On: RecvFIN, Name: "fin-of-refusal", If: func(v Vars, _ Event) bool { return v.After == RefusedBy }, When: "it refuses our invitation, which is over already",
		To: Idle, As: Ignored, Ref: "5.3 3.17",
		Do: func(v Vars, e Event, out *Actions) Vars {
			v.After = Ended // a copy of it is answered like any repeated FIN
			if v.Policy.AckRefusal {
				ackFIN(v, e, out)
			}
			return v
		},
	},
	{
		From: Idle, On: RecvFIN, Name: "fin-again", If: func(v Vars, _ Event) bool { return v.After == Ended && !v.Policy.LastWord },
		When: "the peer was a partner a moment ago", To: Idle, Do: ackAgain(FIN), As: Repeated, Ref: "6.5",
	},
	{
		From: Idle, On: RecvFIN, Name: "unheard-fin", If: func(v Vars, _ Event) bool { return v.Policy.AckRefusal && !v.Policy.Labels },
		When: "the peer repeats it until it is acknowledged", To: Idle, Do: ackAgain(FIN), As: Repeated, Ref: "3.17",
	},
	{From: Idle, On: RecvFIN, Name: "stray-fin", To: Idle, As: Unexpected, Ref: "6.5 9.1"},
	{From: Idle, On: RecvERR, Name: "stray-err", To: Idle, As: Unexpected, Ref: "7.3 9.1"},
	{
		From: Idle, On: RecvCHAT, Name: "chat-after-end", If: func(v Vars, _ Event) bool { return v.Policy.Labels }, When: "the peer is native",
		To: Idle, As: Unexpected, Ref: "6.9",
		// It would repeat its message for ever, to nobody.
		Do: func(v Vars, _ Event, out *Actions) Vars {
			why := Restarted // or whoever was here before us was
			if v.After != Forgotten {
				why = Left
			}
			sendFIN(v, 0, why, out)
			return v
		},
	},
	{From: Idle, On: RecvCHAT, Name: "stray-chat", To: Idle, As: Unexpected, Ref: "9.1"},

	{From: Idle, On: RetransmitDue, Name: "stale-retransmit", To: Idle, As: Ignored, Ref: "10.2"},
	{From: Idle, On: ExpiryDue, Name: "stale-expiry", To: Idle, As: Ignored, Ref: "10.2"},
	{From: Idle, On: UnansweredDue, Name: "stale-unanswered", To: Idle, As: Ignored, Ref: "10.2"},
	{
		From: Idle, On: LingerDue, Name: "forget", To: Idle, As: Ordinary, Ref: "6.5",
		Do: func(v Vars, _ Event, _ *Actions) Vars { return fresh(v) },
	},
})
