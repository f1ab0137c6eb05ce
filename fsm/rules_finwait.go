package fsm

import "slices"

// FinWait: our FIN is out. It ended a chat (Goodbye is Left or ShutDown; the user is told when this state ends) or it
// refused an invitation (the user was told at once).
var finWaitRules = slices.Concat(oldDatagrams(FinWait), []Rule{
	{From: FinWait, On: Invite, Name: "invite-in-use", If: is(InUse), When: "no further chat is allowed", To: FinWait, Do: refuse(ChatsInUse), As: Rejected, Ref: "5.1 8.4"},
	{
		From: FinWait, On: Invite, Name: "invite", To: SynSent, As: Ordinary, Ref: "3.1",
		// The peer learns from the SYN that the old chat is over, so its FIN needs no further copy.
		Do: func(v Vars, e Event, out *Actions) Vars {
			sayOver(v, out)
			return invite(v, e, out)
		},
	},
	{From: FinWait, On: Cancel, Name: "cancel-nothing", To: FinWait, Do: refuse(NotInviting), As: Rejected, Ref: "8.4"},
	{From: FinWait, On: Accept, Name: "accept-nothing", To: FinWait, Do: refuse(NoInvitation), As: Rejected, Ref: "8.4"},
	{From: FinWait, On: Decline, Name: "decline-nothing", To: FinWait, Do: refuse(NoInvitation), As: Rejected, Ref: "8.4"},
	{From: FinWait, On: Say, Name: "say-too-late", To: FinWait, Do: refuse(Closing), As: Rejected, Ref: "8.4"},
	{From: FinWait, On: Leave, Name: "leave-again", To: FinWait, Do: refuse(Closing), As: Rejected, Ref: "8.4"},
	{From: FinWait, On: LeaveNow, Name: "leave-now", If: func(v Vars, _ Event) bool { return v.EndsChat() }, When: "a chat is being closed", To: Idle, Do: over, As: Ordinary, Ref: "6.2"},
	{From: FinWait, On: LeaveNow, Name: "leave-now-nothing", To: FinWait, Do: refuse(NoChat), As: Rejected, Ref: "8.4"},
	{From: FinWait, On: Detach, Name: "client-gone", To: FinWait, As: Ignored, Ref: "6.7"},
	{From: FinWait, On: Shutdown, Name: "closing-already", To: FinWait, As: Ignored, Ref: "6.8"},

	{
		From: FinWait, On: RecvSYN, Name: "still-declined", If: func(v Vars, e Event) bool { return v.Goodbye == Declined && (!v.Policy.Labels || e.Repeat) },
		When: "it repeats the invitation that we declined", To: FinWait, As: Ignored, Ref: "3.6 3.16", // one that says so by its name is old
	},
	{From: FinWait, On: RecvSYN, Name: "anew-in-use", If: is(InUse), When: "the user is in as many chats as allowed", To: Idle, Do: anew(refuseBusy, true), As: Ordinary, Ref: "5.2 6.4"},
	{From: FinWait, On: RecvSYN, Name: "anew-never", If: is(Never), When: "the daemon accepts nobody", To: Idle, Do: anew(refuseNever, true), As: Ordinary, Ref: "3.18 6.4"},
	{From: FinWait, On: RecvSYN, Name: "anew-auto", If: is(Take), When: "the daemon accepts everybody", To: SynReceived, Do: anew(take, false), As: Ordinary, Ref: "3.18 6.4"},
	{From: FinWait, On: RecvSYN, Name: "anew", To: SynReceived, Do: anew(ring, false), As: Ordinary, Ref: "3.2 6.4"},
	{From: FinWait, On: RecvSYNACK, Name: "late-acceptance", To: FinWait, Do: noteReplyDo, As: Ignored, Ref: "6.3"},
	{
		From: FinWait, On: RecvACK, Name: "late-handshake-ack", If: staleACK, When: "it may be one more ACK of what we repeated before",
		To: FinWait, As: Repeated, Ref: "4.9",
		Do: func(v Vars, _ Event, _ *Actions) Vars {
			v.Stale--
			return noteReply(v)
		},
	},
	{From: FinWait, On: RecvACK, Name: "goodbye-acked", If: acksGoodbye, When: "it acknowledges our FIN", To: Idle, Do: over, As: Ordinary, Ref: "6.1"},
	{From: FinWait, On: RecvACK, Name: "late-ack", To: FinWait, Do: noteReplyDo, As: Ignored, Ref: "4.9 6.3"},
	{
		From: FinWait, On: RecvFIN, Name: "both-left", To: Idle, As: Ordinary, Ref: "6.4 6.11",
		Do: func(v Vars, e Event, out *Actions) Vars {
			if !v.Policy.LastWord {
				ackFIN(v, e, out)
			}
			return over(v, e, out)
		},
	},
	{From: FinWait, On: RecvERR, Name: "late-err", To: FinWait, Do: noteReplyDo, As: Ignored, Ref: "6.3 7.3"},
	{
		From: FinWait, On: RecvCHAT, Name: "duplicate", If: func(v Vars, e Event) bool { return v.EndsChat() && duplicate(v, e) && !v.Policy.LastWord }, When: "it was taken before we left",
		To: FinWait, As: Repeated, Ref: "6.6",
		Do: func(v Vars, e Event, out *Actions) Vars {
			out.ackChat(e.Seq, e.Num)
			return noteReply(v)
		},
	},
	{From: FinWait, On: RecvCHAT, Name: "chat-after-goodbye", To: FinWait, Do: noteReplyDo, As: Ignored, Ref: "6.6"},

	{
		From: FinWait, On: RetransmitDue, Name: "repeat-fin", If: func(v Vars, _ Event) bool { return v.Tries < v.finCopies() }, When: "copies are left",
		To: FinWait, As: Repeated, Ref: "6.3 3.16 6.10 6.12",
		Do: func(v Vars, _ Event, out *Actions) Vars {
			v.countTry()
			if v.Policy.Numbers == Shared {
				v.FinSeq ^= 1 // whether our last message moved the counter may be unknown, and the wrong one is ignored
			}
			sendFIN(v, v.FinSeq, v.Goodbye, out)
			out.start(Retransmit)
			if v.EndsChat() {
				out.retrying(FIN)
			}
			return v
		},
	},
	{From: FinWait, On: RetransmitDue, Name: "goodbye-unheard", To: Idle, Do: over, As: Ordinary, Ref: "6.3"},
	{From: FinWait, On: ExpiryDue, Name: "stale-expiry", To: FinWait, As: Ignored, Ref: "10.2"},
	{From: FinWait, On: UnansweredDue, Name: "stale-unanswered", To: FinWait, As: Ignored, Ref: "10.2"},
	{From: FinWait, On: LingerDue, Name: "stale-linger", To: FinWait, As: Ignored, Ref: "10.2"},
})

// anew ends the goodbye, because the peer's SYN shows that it has nothing left to close, and goes on with its invitation.
func anew(then func(Vars, Event, *Actions) Vars, toIdle bool) func(Vars, Event, *Actions) Vars {
	return func(v Vars, e Event, out *Actions) Vars {
		sayOver(v, out)
		if toIdle {
			v = ended(v, Ended, out)
		}
		return then(v, e, out)
	}
}
