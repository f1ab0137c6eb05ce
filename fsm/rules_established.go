package fsm

import "slices"

// Established: a chat is open. Messages go stop-and-wait in each direction, independently.
var establishedRules = slices.Concat(
	oldDatagrams(Established),
	[]Rule{
		{From: Established, On: Invite, Name: "invite-open", To: Established, Do: refuse(AlreadyOpen), As: Rejected, Ref: "8.4"},
		{From: Established, On: Cancel, Name: "cancel-nothing", To: Established, Do: refuse(NotInviting), As: Rejected, Ref: "8.4"},
		{From: Established, On: Accept, Name: "accept-open", To: Established, Do: refuse(AlreadyOpen), As: Rejected, Ref: "8.4"},
		{From: Established, On: Decline, Name: "decline-nothing", To: Established, Do: refuse(NoInvitation), As: Rejected, Ref: "8.4"},
		{From: Established, On: Say, Name: "say-while-leaving", If: leaving, When: "our user is leaving", To: Established, Do: refuse(Closing), As: Rejected, Ref: "6.2 8.4"},
		{From: Established, On: Say, Name: "queue-full", If: func(_ Vars, e Event) bool { return !e.Room }, When: "the queue is full", To: Established, Do: refuse(QueueFull), As: Rejected, Ref: "4.4 8.4"},
		{
			From: Established, On: Say, Name: "queue", If: inFlight, When: "a message is in flight", To: Established, As: Ordinary, Ref: "4.1 4.4",
			Do: func(v Vars, _ Event, out *Actions) Vars {
				out.do(Queue)
				return v
			},
		},
		{
			From: Established, On: Say, Name: "send", To: Established, As: Ordinary, Ref: "4.1",
			Do: func(v Vars, _ Event, out *Actions) Vars {
				out.do(Queue)
				return sendNext(v, out)
			},
		},
		{From: Established, On: Leave, Name: "leave-again", If: leaving, When: "our user is leaving", To: Established, Do: refuse(Closing), As: Rejected, Ref: "8.4"},
		{
			From: Established, On: Leave, Name: "leave-when-delivered", If: inFlight, When: "a message is in flight", To: Established, As: Ordinary, Ref: "6.2",
			Do: func(v Vars, _ Event, _ *Actions) Vars {
				v.Leaving = true
				return v
			},
		},
		{From: Established, On: Leave, Name: "leave", To: FinWait, Do: goodbyeDo(Left), As: Ordinary, Ref: "6.1"},
		{From: Established, On: LeaveNow, Name: "leave-now", To: FinWait, Do: goodbyeDo(Left), As: Ordinary, Ref: "6.2"},
		{
			From: Established, On: Detach, Name: "client-gone-when-delivered", If: inFlight, When: "a message is in flight", To: Established, As: Ordinary, Ref: "6.7",
			Do: func(v Vars, _ Event, out *Actions) Vars {
				v.Leaving = true
				out.start(Expiry) // nobody is left to lose patience
				return v
			},
		},
		{From: Established, On: Detach, Name: "client-gone", To: FinWait, Do: goodbyeDo(Left), As: Ordinary, Ref: "6.7"},
		{From: Established, On: Shutdown, Name: "shutdown", To: FinWait, Do: goodbyeDo(ShutDown), As: Ordinary, Ref: "6.8"},

		{
			From: Established, On: RecvSYN, Name: "syn-again", If: func(v Vars, e Event) bool { return e.Repeat && !v.Policy.Labels },
			When: "it is a copy of the one that led here", To: Established, Do: ackAgain(SYN), As: Repeated, Ref: "3.23",
		},
		{From: Established, On: RecvSYN, Name: "restarted-in-use", If: is(InUse), When: "the user is in as many other chats as allowed", To: Idle, Do: restarted(refuseBusy, true), As: Ordinary, Ref: "5.4 5.2"},
		{From: Established, On: RecvSYN, Name: "restarted-never", If: is(Never), When: "the daemon accepts nobody", To: Idle, Do: restarted(refuseNever, true), As: Ordinary, Ref: "5.4 3.18"},
		{From: Established, On: RecvSYN, Name: "restarted-auto", If: is(Take), When: "the daemon accepts everybody", To: SynReceived, Do: restarted(take, false), As: Ordinary, Ref: "5.4 3.18"},
		{From: Established, On: RecvSYN, Name: "restarted", To: SynReceived, Do: restarted(ring, false), As: Ordinary, Ref: "5.4"},
		{From: Established, On: RecvSYNACK, Name: "final-ack-lost", To: Established, Do: ackAgain(SYNACK), As: Repeated, Ref: "3.9"},

		{
			From: Established, On: RecvACK, Name: "late-handshake-ack", If: staleACK, When: "it may be one more ACK of what we repeated before",
			To: Established, As: Repeated, Ref: "4.9 4.13",
			Do: func(v Vars, _ Event, _ *Actions) Vars {
				v.Stale--
				return v
			},
		},
		{
			From: Established, On: RecvACK, Name: "answered-other-leaving", If: triedOtherLeaving,
			When: "it may acknowledge either number of the message in flight, our user is leaving", To: Established, As: Ignored, Ref: "4.15",
		},
		{
			From: Established, On: RecvACK, Name: "answered-other", If: triedOther, When: "it may acknowledge either number of the message in flight",
			To: Established, As: Ordinary, Ref: "4.15",
			// What it means we cannot know; but the peer does answer, so the next message is repeated until it does again.
			Do: func(v Vars, e Event, out *Actions) Vars {
				v = unconfirmed(v, out)
				v.Acked = true
				return goOn(v, e, out)
			},
		},
		{
			From: Established, On: RecvACK, Name: "delivered-next", If: func(v Vars, e Event) bool { return acksMessage(v, e) && e.More },
			When: "it acknowledges the message in flight, another waits", To: Established, As: Ordinary, Ref: "4.2 4.4",
			Do: func(v Vars, _ Event, out *Actions) Vars { return sendNext(completed(v, out), out) },
		},
		{
			From: Established, On: RecvACK, Name: "delivered-leave", If: func(v Vars, e Event) bool { return acksMessage(v, e) && v.Leaving },
			When: "it acknowledges the message in flight, our user is leaving", To: FinWait, As: Ordinary, Ref: "4.2 6.2",
			Do: func(v Vars, _ Event, out *Actions) Vars { return goodbye(completed(v, out), Left, out) },
		},
		{
			From: Established, On: RecvACK, Name: "delivered", If: acksMessage, When: "it acknowledges the message in flight", To: Established, As: Ordinary, Ref: "4.2",
			Do: func(v Vars, _ Event, out *Actions) Vars {
				v = completed(v, out)
				out.stop(Retransmit)
				return v
			},
		},
		{From: Established, On: RecvACK, Name: "duplicate-ack", To: Established, As: Ignored, Ref: "4.2 4.10"},
		{
			From: Established, On: RecvFIN, Name: "partner-left", To: Idle, As: Ordinary, Ref: "6.1 6.11",
			Do: func(v Vars, e Event, out *Actions) Vars {
				if !v.Policy.LastWord || !e.Crossed {
					ackFIN(v, e, out)
				}
				why := Left
				if e.Reason == ShutDown || e.Reason == Restarted {
					why = e.Reason
				}
				out.tellEnd(TellClosed, why)
				return ended(v, Ended, out)
			},
		},
		{
			From: Established, On: RecvERR, Name: "flushed", If: flushed, When: "it answers what followed the message in flight", To: Established, As: Ordinary, Ref: "4.14",
			Do: func(v Vars, _ Event, out *Actions) Vars {
				v.Flushing, v.Unsure = false, true
				v.Tries-- // the same copy, one question further
				return sendCopy(v, out)
			},
		},
		{
			From: Established, On: RecvERR, Name: "expects-ours-send", If: func(v Vars, e Event) bool { return probing(v, e) && expectsOurs(v, e) },
			When: "the peer expects the number of the message that waits", To: Established, As: Ordinary, Ref: "4.14",
			Do: func(v Vars, _ Event, out *Actions) Vars {
				v.Unsure = false
				return sendCopy(v, out)
			},
		},
		{
			From: Established, On: RecvERR, Name: "expects-ours", If: expectsOurs, When: "the peer expects our next number", To: Established, As: Ordinary, Ref: "4.14",
			Do: func(v Vars, _ Event, _ *Actions) Vars {
				v.Unsure = false
				return v
			},
		},
		{
			From: Established, On: RecvERR, Name: "expects-other", If: func(v Vars, e Event) bool { return v.Policy.Numbers == Tracked && e.Reason == Misnumbered },
			When: "the peer says which number it expected", To: Established, As: Ignored, Ref: "4.14",
		},
		{
			From: Established, On: RecvERR, Name: "partner-error", To: Established, As: Unexpected, Ref: "7.2",
			Do: func(v Vars, _ Event, out *Actions) Vars {
				out.tell(TellError)
				return v
			},
		},
		{From: Established, On: RecvCHAT, Name: "misnumbered", If: misnumbered, When: "no message of the peer has that number yet", To: Established, As: Unexpected, Ref: "4.11 4.19"},
		{From: Established, On: RecvCHAT, Name: "duplicate", If: duplicate, When: "it was taken already", To: Established, Do: ackAgain(CHAT), As: Repeated, Ref: "4.5 4.11 4.19"},
		{From: Established, On: RecvCHAT, Name: "no-room", If: func(_ Vars, e Event) bool { return !e.Room }, When: "it cannot be handed on", To: Established, As: Rejected, Ref: "4.8"},
		{From: Established, On: RecvCHAT, Name: "message", To: Established, Do: receive, As: Ordinary, Ref: "4.5 4.18"},

		{
			From: Established, On: RetransmitDue, Name: "unconfirmed-next", If: func(v Vars, e Event) bool { return exhausted(v, e) && e.More },
			When: "the peer has had its copies, another message waits", To: Established, As: Ordinary, Ref: "4.7 4.16",
			Do: func(v Vars, _ Event, out *Actions) Vars { return sendNext(unconfirmed(v, out), out) },
		},
		{
			From: Established, On: RetransmitDue, Name: "unconfirmed-leave", If: func(v Vars, e Event) bool { return exhausted(v, e) && v.Leaving },
			When: "the peer has had its copies, our user is leaving", To: FinWait, As: Ordinary, Ref: "4.7 4.16 6.2",
			Do: func(v Vars, _ Event, out *Actions) Vars { return goodbye(unconfirmed(v, out), Left, out) },
		},
		{
			From: Established, On: RetransmitDue, Name: "unconfirmed", If: exhausted, When: "the peer has had its copies", To: Established, As: Ordinary, Ref: "4.7 4.16",
			Do: func(v Vars, _ Event, out *Actions) Vars { return unconfirmed(v, out) },
		},
		{
			From: Established, On: RetransmitDue, Name: "probe", If: func(v Vars, e Event) bool { return probing(v, e) || tracked(v, e) },
			When: "it is not known which number the peer expects", To: Established, As: Repeated, Ref: "4.14",
			Do: func(v Vars, _ Event, out *Actions) Vars {
				v.Flushing = !v.Unsure
				return repeatCopy(v, out)
			},
		},
		{
			From: Established, On: RetransmitDue, Name: "try-other", If: triesOther, When: "the peer never acknowledged anything and has had its copies",
			To: Established, As: Repeated, Ref: "4.15",
			Do: func(v Vars, _ Event, out *Actions) Vars {
				v.TxSeq ^= 1
				return repeatCopy(v, out)
			},
		},
		{
			From: Established, On: RetransmitDue, Name: "repeat-chat", If: inFlight, When: "a message is in flight", To: Established, As: Repeated, Ref: "4.3 4.6",
			Do: func(v Vars, _ Event, out *Actions) Vars { return repeatCopy(v, out) },
		},
		{From: Established, On: RetransmitDue, Name: "stale-retransmit", To: Established, As: Ignored, Ref: "10.2"},
		{From: Established, On: ExpiryDue, Name: "goodbye-unattended", If: leaving, When: "our user has left without seeing everything delivered", To: FinWait, Do: goodbyeDo(Left), As: Ordinary, Ref: "6.7"},
		{From: Established, On: ExpiryDue, Name: "stale-expiry", To: Established, As: Ignored, Ref: "10.2"},
		{From: Established, On: UnansweredDue, Name: "stale-unanswered", To: Established, As: Ignored, Ref: "10.2"},
		{From: Established, On: LingerDue, Name: "stale-linger", To: Established, As: Ignored, Ref: "10.2"},
	},
)

// goOn sends the next message, if one waits, behind one that has left the queue.
func goOn(v Vars, e Event, out *Actions) Vars {
	if e.More {
		return sendNext(v, out)
	}
	out.stop(Retransmit)
	return v
}

// repeatCopy sends what is in flight again, and says so.
func repeatCopy(v Vars, out *Actions) Vars {
	if v.Policy.AnyACK {
		v.Stale = 0 // whatever was still to come has come by now (4.13)
	}
	v = sendCopy(v, out)
	out.retrying(CHAT)
	return v
}

// restarted closes the chat that the partner has forgotten and goes on with its new invitation. Where that leads back to
// idle the timers of the chat have to be stopped here; the other ways do it themselves.
func restarted(then func(Vars, Event, *Actions) Vars, toIdle bool) func(Vars, Event, *Actions) Vars {
	return func(v Vars, e Event, out *Actions) Vars {
		out.tellEnd(TellClosed, Restarted)
		if toIdle {
			v = ended(v, Ended, out)
		}
		return then(v, e, out)
	}
}
