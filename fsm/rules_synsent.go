package fsm

import "slices"

// SynSent: our SYN is out and the peer's user has not answered.
var synSentRules = slices.Concat(
	oldDatagrams(SynSent),
	[]Rule{
		{
			From: SynSent, On: Invite, Name: "invite-too-soon", If: func(v Vars, _ Event) bool {
				return (v.Policy.LateWithdrawal || v.Policy.Numbers == Tracked) && !v.Overdue
			},
			When: "a second SYN would harm the peer, which may be about to answer", To: SynSent, Do: refuse(Connecting), As: Rejected, Ref: "3.7 8.4",
		},
		{From: SynSent, On: Invite, Name: "invite-again", To: SynSent, As: Repeated, Ref: "3.7", Do: func(v Vars, _ Event, out *Actions) Vars {
			v.Overdue = false
			out.start(Unanswered)
			return sendSYN(v, out)
		}},
	},
	[]Rule{lateWithdrawal(Cancel, "cancel", Cancelled, "3.11")},
	withdrawal(SynSent, Cancel, "cancel", nil, "", TellClosed, Cancelled, Cancelled, "3.11"),
	[]Rule{
		{From: SynSent, On: Accept, Name: "accept-nothing", To: SynSent, Do: refuse(NoInvitation), As: Rejected, Ref: "8.4"},
		{From: SynSent, On: Decline, Name: "decline-nothing", To: SynSent, Do: refuse(NoInvitation), As: Rejected, Ref: "8.4"},
		{From: SynSent, On: Say, Name: "say-too-early", To: SynSent, Do: refuse(NoChat), As: Rejected, Ref: "8.4"},
		{From: SynSent, On: Leave, Name: "leave-too-early", To: SynSent, Do: refuse(NoChat), As: Rejected, Ref: "8.4"},
		{From: SynSent, On: LeaveNow, Name: "leave-now-too-early", To: SynSent, Do: refuse(NoChat), As: Rejected, Ref: "8.4"},
	},
	[]Rule{lateWithdrawal(Detach, "client-gone", Cancelled, "6.7")},
	withdrawal(SynSent, Detach, "client-gone", nil, "", TellClosed, Cancelled, Cancelled, "6.7"),
	[]Rule{lateWithdrawal(Shutdown, "shutdown", ShutDown, "6.8")},
	withdrawal(SynSent, Shutdown, "shutdown", nil, "", TellClosed, ShutDown, Cancelled, "6.8"),
	[]Rule{
		{From: SynSent, On: RecvSYN, Name: "crossed-in-use", If: is(InUse), When: "the user is in as many chats as allowed", To: SynSent, Do: refuseBusy, As: Rejected, Ref: "5.2"},
		{From: SynSent, On: RecvSYN, Name: "crossed", To: SynReceived, Do: take, As: Ordinary, Ref: "3.14"},
	},
	withdrawal(SynSent, RecvSYNACK, "accepted-in-use", is(InUse), "the user is in as many chats as allowed by now", TellClosed, Cancelled, Cancelled, "3.21"),
	[]Rule{
		{
			From: SynSent, On: RecvSYNACK, Name: "accepted", To: Established, As: Ordinary, Ref: "3.4 4.14 4.17",
			Do: func(v Vars, e Event, out *Actions) Vars {
				v.HsSeq = e.Seq
				out.ack(SYNACK, e.Seq)
				v = open(v, e, 0, out)
				if v.Policy.Numbers == Tracked {
					// Nobody tells whether that ACK arrived. The second one is answered if it did.
					v.Unsure = true
					out.probe(v.TxSeq ^ 1)
				}
				return v
			},
		},
		{
			From: SynSent, On: RecvACK, Name: "ringing", If: func(v Vars, e Event) bool { return v.Policy.Rings && e.Of == SYN }, When: "it confirms our SYN",
			To: SynSent, As: Ordinary, Ref: "3.5 3.7",
			Do: func(v Vars, _ Event, out *Actions) Vars { return nowRepeats(v, out) }, // who rings takes repeated SYNs
		},
		{From: SynSent, On: RecvACK, Name: "ack-opens-nothing", To: SynSent, As: Ignored, Ref: "3.19"},
		{
			From: SynSent, On: RecvFIN, Name: "fin-of-something-else", If: func(v Vars, e Event) bool {
				return v.Policy.Labels && (e.Reason == Left || e.Reason == Cancelled || e.Reason == Restarted)
			},
			When: "it says that it ends something earlier", To: SynSent, As: Repeated, Ref: "4.10 3.7",
			Do: func(v Vars, e Event, out *Actions) Vars { return nowRepeats(ackAgain(FIN)(v, e, out), out) },
		},
		{
			From: SynSent, On: RecvFIN, Name: "declined", To: Idle, As: Ordinary, Ref: "3.3 3.17",
			Do: func(v Vars, e Event, out *Actions) Vars {
				if v.Policy.AckRefusal {
					ackFIN(v, e, out)
				}
				why := Declined
				if e.Reason == Busy || e.Reason == ShutDown {
					why = e.Reason
				}
				out.tellEnd(TellClosed, why)
				return ended(v, Ended, out)
			},
		},
		{
			From: SynSent, On: RecvERR, Name: "refused", To: Idle, As: Ordinary, Ref: "7.1 5.2",
			Do: func(v Vars, e Event, out *Actions) Vars {
				why := Refused
				if e.Reason == Busy {
					why = Busy
				}
				out.tellEnd(TellClosed, why)
				return ended(v, RefusedBy, out)
			},
		},
		{From: SynSent, On: RecvCHAT, Name: "chat-opens-nothing", To: SynSent, As: Unexpected, Ref: "3.19"},

		{
			From: SynSent, On: RetransmitDue, Name: "repeat-syn", If: func(v Vars, _ Event) bool { return v.mayRepeatSYN() }, When: "the peer takes a repeated SYN",
			To: SynSent, As: Repeated, Ref: "3.7",
			Do: func(v Vars, _ Event, out *Actions) Vars { return sendSYN(v, out) },
		},
		{From: SynSent, On: RetransmitDue, Name: "syn-once", To: SynSent, As: Ignored, Ref: "3.7"},
	},
	[]Rule{lateWithdrawal(ExpiryDue, "expired", Unreachable, "3.13")},
	withdrawal(SynSent, ExpiryDue, "expired", nil, "", TellClosed, Unreachable, Cancelled, "3.13"),
	[]Rule{
		{
			From: SynSent, On: UnansweredDue, Name: "unanswered", To: SynSent, As: Ordinary, Ref: "3.12",
			Do: func(v Vars, _ Event, out *Actions) Vars {
				v.Overdue = true
				out.tell(TellUnanswered)
				out.start(Unanswered)
				return v
			},
		},
		{From: SynSent, On: LingerDue, Name: "stale-linger", To: SynSent, As: Ignored, Ref: "10.2"},
	},
)
