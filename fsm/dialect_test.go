package fsm

import "testing"

// What is done for peers that are known to count, to acknowledge or to fail in their own way. The machine knows no such peer,
// only the values of a policy; the tests are named after the behaviour.

// withoutHarm is the policy towards a peer that a FIN before its client is there would harm, and any ACK after a FIN.
func withoutHarm(t *testing.T) Policy { t.Helper(); return named(t, "any-ack") }

// expected is the peer's ERR that says which number it expected.
func expected(seq uint8) Event { return Event{On: RecvERR, Reason: Misnumbered, Seq: seq} }

// §3.22: "Where a FIN would harm a peer whose client is not there yet, our invitation is withdrawn without a word, and the
// SYN+ACK that may come after all is answered with FIN, once."
func TestLateWithdrawal_TheInvitationEndsWithoutAWord(t *testing.T) {
	for _, c := range []struct {
		on         Event
		rule, told string
	}{
		{act(Cancel), "cancel-silently", "cancelled"}, {act(Detach), "client-gone-silently", "cancelled"},
		{act(Shutdown), "shutdown-silently", "shutdown"}, {due(Expiry), "expired-silently", "unreachable"},
	} {
		ended := reach(t, SynSent, withoutHarm(t)).on(c.on).by(c.rule).
			does("tell closed " + c.told + ", stop all, start linger x10").now("idle after=withdrawn")
		// Its user has accepted after all: now its client is there, and a FIN tells it without harm.
		ended.on(synACK().seq(1)).by("late-acceptance").does("send FIN seq=0 cancelled, stop all, start linger").now("idle after=ended")
		ended.unmovedBy(synACK().seq(1)).by("stray-acceptance").does("") // a second FIN would be one too many
		ended.unmovedBy(ack(0)).does("")                                 // of our FIN
	}
	// §3.21: a SYN+ACK shows that its client is there, so the FIN goes out at once.
	reach(t, SynSent, withoutHarm(t)).on(verdict(RecvSYNACK, InUse)).by("accepted-in-use-once").
		does("send FIN seq=0 cancelled, tell closed cancelled, stop all, start linger").now("idle after=refused")
}

// §3.22: an acceptance may take its user longer than we remember a withdrawal; it is answered all the same.
func TestLateWithdrawal_IsAnsweredHoweverLateTheAcceptance(t *testing.T) {
	c := reach(t, SynSent, withoutHarm(t)).on(act(Cancel), due(Linger)).by("forget").now("idle")
	c.on(synACK()).by("late-acceptance").does("send FIN seq=0 cancelled, stop all, start linger").now("idle after=ended")
	c.unmovedBy(synACK()).by("stray-acceptance").does("")
}

// §3.22: "Until then a new invitation sends no second SYN: the first one still stands."
func TestLateWithdrawal_InvitingAnewTakesItBack(t *testing.T) {
	withdrawn := func() *talk { return reach(t, SynSent, withoutHarm(t)).on(act(Cancel)) }
	c := withdrawn().on(act(Invite)).by("invite-anew").
		does("stop all, start expiry, start unanswered, tell inviting").now("syn-sent tries=1")
	c.on(synACK()).by("accepted").now("established")
	// Its end is the end of the first one, or of both.
	withdrawn().on(act(Invite), act(Cancel)).by("cancel-silently").now("idle after=withdrawn")
	withdrawn().on(act(Invite), fin(NoReason)).by("declined").now("idle after=ended")
	withdrawn().on(synACK(), act(Invite)).by("invite").
		does("stop all, start expiry, start unanswered, send SYN seq=0, tell inviting")
	withdrawn().unmovedBy(verdict(Invite, InUse)).by("invite-in-use")
}

// §3.17: "to a legacy one only when it is repeated": its refusal may have crossed the FIN that withdraws our invitation.
func TestWithdrawal_ARefusalThatCrossesItIsNotAcknowledged(t *testing.T) {
	c := reach(t, SynSent, Legacy()).on(act(Cancel)).now("idle after=refused")
	c.on(fin(NoReason)).by("fin-of-refusal").does("").now("idle after=ended")
	c.on(fin(NoReason)).by("fin-again").does("send ACK seq=0 of=FIN")
}

// §4.13: "Where a peer's ACKs carry any number, each further copy of a message may bring one more ACK; as many are ignored
// before the next message's is believed, for one retransmission time."
func TestAnyACK_FurtherCopiesMayBeAcknowledgedLater(t *testing.T) {
	c := reach(t, Established, withoutHarm(t)).on(say(), say(), due(Retransmit), due(Retransmit))
	c.on(ack(1).more()).by("delivered-next").does("complete, send CHAT seq=1, start retransmit").
		now("established tries=1 tx=1 stale=2 in-flight acked")
	c.on(ack(1)).by("late-handshake-ack").does("").now("established tries=1 tx=1 stale=1 in-flight acked")
	c.on(ack(0)).by("late-handshake-ack").does("").now("established tries=1 tx=1 in-flight acked")
	c.on(ack(1)).by("delivered").does("complete, stop retransmit").now("established acked")

	// What has not come by the time of the next copy will not come any more.
	c = reach(t, Established, withoutHarm(t)).on(say(), due(Retransmit), due(Retransmit), ack(1), say(), due(Retransmit)).by("repeat-chat").
		now("established tries=2 tx=1 in-flight acked")
	c.on(ack(1)).by("delivered")

	// Where the ACK of a copy was lost, the next message's own is ignored, and its copy brings another.
	c = reach(t, Established, withoutHarm(t)).on(say(), due(Retransmit), ack(1), say()).now("established tries=1 tx=1 stale=1 in-flight acked")
	c.on(ack(1)).by("late-handshake-ack").on(due(Retransmit)).by("repeat-chat").on(ack(1)).by("delivered").now("established stale=1 acked")

	// A number that tells one message from the next needs no such care.
	reach(t, Established, Legacy()).on(say(), due(Retransmit), ack(0)).now("established tx=1 acked")
	// Nor does a peer that acknowledges each message once (§4.16).
	once := withoutHarm(t)
	once.AcksOnce = true
	reach(t, Established, once).on(say(), due(Retransmit), ack(7)).now("established tx=1 acked")
}

// §4.15: "Its ACK proves nothing about the message, which is reported as unconfirmed, but shows that the peer answers."
func TestTriesOther_TheACKOfTheOtherNumberDeliversNothing(t *testing.T) {
	tried := func(events ...Event) *talk {
		c := reach(t, Established, Legacy()).on(append([]Event{say()}, events...)...)
		return c.on(due(Retransmit), due(Retransmit)).on(due(Retransmit)).by("try-other").
			does("send CHAT seq=1, start retransmit, tell retrying CHAT")
	}
	c := tried().on(ack(1)).by("answered-other").does("give-up, stop retransmit").now("established acked")
	// It answers, so the next message is repeated for as long as it takes (§4.6), with its own number.
	c.on(say()).does("queue, send CHAT seq=0, start retransmit")
	for range 20 {
		c.on(due(Retransmit)).by("repeat-chat")
	}
	c.on(ack(0)).by("delivered")

	tried(say()).on(ack(1).more()).by("answered-other").does("give-up, send CHAT seq=0, start retransmit").
		now("established tries=1 in-flight acked")
	// The number of the first three copies is not the one in flight.
	tried().unmovedBy(ack(0)).by("duplicate-ack").does("")
	// §6.2: a user who is leaving has nothing behind that message, and the timer ends it.
	tried(act(Leave)).unmovedBy(ack(1)).by("answered-other-leaving").
		on(due(Retransmit)).by("unconfirmed-leave").does("give-up, stop all, send FIN seq=0 left, start retransmit")
}

// §4.15: "To a legacy peer of unknown kind the copy after the third carries the other number, since some count from 1."
func TestTriesOther_NotWherePeersAreKnownOrAnswer(t *testing.T) {
	for name, c := range map[string]*talk{
		"it has acknowledged": reach(t, Established, Legacy()).on(say(), ack(0), say()),
		"its kind is known":   reach(t, Established, withoutHarm(t)).on(say(), ack(0), say()),
		"native":              reach(t, Established, Native()).on(say(), ackOf(CHAT, 0), say()),
	} {
		for range 5 {
			if c.on(due(Retransmit)); c.rule.Name != "repeat-chat" {
				t.Errorf("%s: rule %s fired", name, c.rule.ID())
			}
		}
	}
}

// §4.16: "Where a peer acknowledges each message once and no copy of it, a message is reported as unconfirmed after its copies,
// also when earlier ones were acknowledged."
func TestAcksOnce_AMessageIsGivenUpAfterItsCopies(t *testing.T) {
	answering := func() *talk { return reach(t, Established, named(t, "shared")).on(say(), ack(1), say()) }
	c := answering().on(due(Retransmit), due(Retransmit)).by("repeat-chat").now("established tries=3 in-flight acked")
	c.on(due(Retransmit)).by("unconfirmed").does("give-up")
	answering().on(say(), due(Retransmit), due(Retransmit), due(Retransmit).more()).by("unconfirmed-next")
	answering().on(act(Leave), due(Retransmit), due(Retransmit), due(Retransmit)).by("unconfirmed-leave")

	// Another one that has acknowledged before gets copies until it does again (§4.6).
	reach(t, Established, Legacy()).on(say(), ack(0), say(), due(Retransmit), due(Retransmit), due(Retransmit)).by("repeat-chat")
}

// §6.10: "Where both directions share a counter the copies of a FIN carry both numbers in turn, since it can be unknown whether
// our last message moved it."
func TestShared_CopiesOfAFINCarryBothNumbers(t *testing.T) {
	c := reach(t, Established, named(t, "shared")).on(say(), act(LeaveNow)).does("stop all, send FIN seq=1 left, start retransmit")
	c.on(due(Retransmit)).by("repeat-fin").does("send FIN seq=0 left, start retransmit, tell retrying FIN")
	c.on(due(Retransmit)).by("repeat-fin").does("send FIN seq=1 left, start retransmit, tell retrying FIN")
	c.on(due(Retransmit)).by("goodbye-unheard").now("idle after=ended")
	// The ACK of either copy is the one that is waited for.
	for _, seq := range []uint8{0, 1} {
		reach(t, FinWait, named(t, "shared")).on(due(Retransmit), ack(seq)).by("goodbye-acked")
	}
}

// §6.11: "Where a peer has nobody left to hear it, nothing follows a FIN but its one ACK, and not even that where the peer must
// have taken our last ACK for it, or where our own FIN is out."
func TestLastWord_NothingFollowsAFINButItsACK(t *testing.T) {
	open := func() *talk { return reach(t, Established, withoutHarm(t)).on(chat(0)) }
	crossed := fin(NoReason).seq(1)
	crossed.Crossed = true

	c := open().on(fin(NoReason).seq(1)).by("partner-left").does("send ACK seq=1 of=FIN, tell closed left, stop all, start linger")
	c.unmovedBy(fin(NoReason).seq(1)).by("stray-fin").does("") // once
	c.unmovedBy(chat(0).repeat(), ack(0), act(RecvERR)).does("")
	open().on(crossed).by("partner-left").does("tell closed left, stop all, start linger").now("idle after=ended")

	open().on(act(Leave), fin(NoReason)).by("both-left").does("tell closed left, stop all, start linger").now("idle after=ended")
	open().on(act(Leave)).on(chat(0).repeat()).by("chat-after-goodbye").does("")

	// Others are acknowledged whenever they ask.
	c = reach(t, Established, Legacy()).on(crossed).does("send ACK seq=1 of=FIN, tell closed left, stop all, start linger")
	c.on(fin(NoReason)).by("fin-again")
}

// A peer whose messages and ours share one counter ignores what does not carry its value, without a word. Whatever moves the
// counter has to move ours: the handshake, its messages, and ours when they are acknowledged.
func TestShared_OneCounterNumbersBothDirections(t *testing.T) {
	shared := named(t, "shared")
	// It goes on from the handshake.
	begin(t, shared).on(act(Invite), synACK(), say()).does("queue, send CHAT seq=1, start retransmit")
	begin(t, shared).on(act(Invite), synACK().seq(1), say()).does("queue, send CHAT seq=0, start retransmit")
	begin(t, shared).on(syn().seq(1), act(Accept), ack(1), say()).does("queue, send CHAT seq=0, start retransmit")

	c := reach(t, Established, shared)
	c.on(chat(1)).by("message").does("deliver, send ACK seq=1 of=CHAT")
	c.on(say()).does("queue, send CHAT seq=0, start retransmit")
	c.on(ack(0)).by("delivered")
	c.on(chat(1)).by("message").on(chat(0)).by("message").does("deliver, send ACK seq=0 of=CHAT")
	c.on(say()).does("queue, send CHAT seq=1, start retransmit")
}

// §4.18: "A message of the peer moves it, and one of ours in flight carries the new value from its next copy on."
func TestShared_AMessageOfThePeerRenumbersTheOneInFlight(t *testing.T) {
	c := reach(t, Established, named(t, "shared")).on(say()).does("queue, send CHAT seq=1, start retransmit")
	c.on(chat(1)).by("message").does("deliver, send ACK seq=1 of=CHAT").now("established tries=1 in-flight")
	c.on(due(Retransmit)).by("repeat-chat").does("send CHAT seq=0, start retransmit, tell retrying CHAT")
	c.on(ack(0)).by("delivered")
}

// A message that repeats number and words of the last one taken is its copy, although the counter has come round to that number
// again when one of ours was taken in between: that the peer missed our ACK is likelier than that its user said the same again.
func TestShared_ADuplicateHasNumberAndPayloadOfTheLastMessage(t *testing.T) {
	c := reach(t, Established, named(t, "shared")).on(chat(1))
	c.unmovedBy(chat(1).repeat()).by("duplicate").does("send ACK seq=1 of=CHAT")
	c.on(say(), ack(0)).unmovedBy(chat(1).repeat()).by("duplicate").does("send ACK seq=1 of=CHAT")
	c.on(chat(1)).by("message").does("deliver, send ACK seq=1 of=CHAT")
}

// §3.17: "A kind that is known to repeat its refusal until it is acknowledged gets its ACK at once, and whenever it comes."
func TestAckRefusal_ARefusalIsAcknowledgedWheneverItComes(t *testing.T) {
	shared := named(t, "shared")
	c := reach(t, SynSent, shared).on(fin(NoReason).seq(1)).by("declined").
		does("send ACK seq=1 of=FIN, tell closed declined, stop all, start linger")
	c.on(fin(NoReason)).by("fin-again").does("send ACK seq=0 of=FIN")
	c.on(due(Linger)).unmovedBy(fin(NoReason)).by("unheard-fin").does("send ACK seq=0 of=FIN")
	// We withdrew an invitation whose refusal was on its way.
	reach(t, SynSent, shared).on(Event{On: RecvERR, Reason: Busy}, fin(NoReason)).by("fin-of-refusal").does("send ACK seq=0 of=FIN")

	reach(t, Idle, Legacy()).unmovedBy(fin(NoReason)).by("stray-fin").does("")
	reach(t, Idle, Native()).unmovedBy(fin(Declined)).by("stray-fin").does("") // its FINs have names, and end with the third copy
}

// §3.23: "A SYN that comes again in an open chat, one retransmission time after the last copy and before a message of its
// sender, is no new invitation. It is acknowledged: one implementation repeats it until then."
func TestEstablished_ACopyOfTheSYNIsNoRestart(t *testing.T) {
	copied := syn().seq(1).repeat()
	c := connecting(t, Legacy(), 1).on(ack(0), say())
	c.unmovedBy(copied, verdict(RecvSYN, InUse).repeat(), verdict(RecvSYN, Never).repeat(), verdict(RecvSYN, Take).repeat()).by("syn-again")
	c.on(copied).does("send ACK seq=1 of=SYN")
	c.on(syn()).by("restarted")
	// A native peer's copy names its conversation (2.8); one that names another is a restart.
	connecting(t, Native(), 1).on(ackOf(SYNACK, 0), copied).by("restarted")
}

// §4.17: "Where a peer takes two messages in a row with the same number for copies, also when they belong to different chats, our
// numbers go on counting over all chats, from 0 to 127 and again from 0."
func TestCounting_NumbersGoOnOverAllChats(t *testing.T) {
	from := func(e Event, counter uint8) Event { e.Counter = counter; return e }
	counting := named(t, "counting")
	for name, c := range map[string]*talk{
		"our invitation accepted":  reach(t, SynSent, counting).on(from(synACK(), 126)),
		"our acceptance confirmed": connecting(t, counting, 1).on(from(ack(0), 126)),
		"both accepted":            connecting(t, counting, 1).on(from(synACK(), 126)),
		"opened by chat":           connecting(t, counting, 1).on(from(chat(0), 126)),
		"opened without room":      connecting(t, counting, 1).on(from(chat(0).noRoom(), 126)),
	} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			for _, seq := range []uint8{126, 127, 0, 1, 2} {
				c.on(say()).by("send").on(due(Retransmit)).by("repeat-chat").now(c.snap.String())
				if c.snap.TxSeq != seq {
					t.Fatalf("a message has number %d, want %d", c.snap.TxSeq, seq)
				}
				c.unmovedBy(ack(seq-1), ack(seq+1)).by("duplicate-ack").on(ack(seq)).by("delivered")
			}
		})
	}
	// Its own numbers go up as well. They decide nothing.
	c := reach(t, Established, counting).on(chat(1)).does("deliver, send ACK seq=1 of=CHAT").on(chat(2)).does("deliver, send ACK seq=2 of=CHAT")
	c.unmovedBy(chat(2).repeat()).by("duplicate").does("send ACK seq=2 of=CHAT")

	// A message that was given up has used up its number, and so has the one before a FIN.
	c = reach(t, SynSent, counting).on(from(synACK(), 7), say(), due(Retransmit), due(Retransmit), due(Retransmit)).by("unconfirmed").now("established tx=8")
	c.on(act(Leave)).does("stop all, send FIN seq=8 left, start retransmit")
	reach(t, SynSent, counting).on(from(synACK(), 7), say(), act(LeaveNow)).does("stop all, send FIN seq=8 left, start retransmit")
	// Elsewhere two numbers are enough, and a chat begins as §4.1 says unless the last one left it otherwise.
	reach(t, SynSent, Legacy()).on(from(synACK(), 0), say()).does("queue, send CHAT seq=0, start retransmit")
	reach(t, SynSent, Legacy()).on(from(synACK(), 7), say()).does("queue, send CHAT seq=1, start retransmit")
}

// §4.14: "Where a peer counts every datagram and is harmed by a wrong number, our datagrams follow its counter"
func TestTracked_EveryDatagramHasTheNumberThatThePeerExpects(t *testing.T) {
	tracked := named(t, "tracked")
	// It has sent SYN with 0, so it expects 1, and 0 behind that.
	c := begin(t, tracked).on(syn()).now("syn-received hs=1").unmovedBy(syn()).by("ring-again")
	c.on(act(Accept)).does("stop all, send SYN+ACK seq=1, start retransmit")
	c.on(ack(1)).by("confirmed").does("stop all, tell established").now("established hs=1")
	c.on(say()).does("queue, send CHAT seq=0, start retransmit x4").on(ack(0)).by("delivered").unmovedBy(ack(0)).by("duplicate-ack")
	c.on(say()).does("queue, send CHAT seq=1, start retransmit x4").on(ack(1)).by("delivered").now("established hs=1 acked")
	for on, want := range map[Verdict]string{Take: "stop all, send SYN+ACK seq=1, start retransmit", Never: ""} {
		begin(t, tracked).on(verdict(RecvSYN, on)).does(want)
	}
}

// §4.14: "our datagrams follow its counter": an ACK of its messages would move that, so it has the number after which the peer
// expects our next one, whether it was lost or not.
func TestTracked_AnACKLeavesTheCounterWhereItIs(t *testing.T) {
	open := func() *talk { return begin(t, named(t, "tracked")).on(syn(), act(Accept), ack(1)) }
	c := open().on(chat(0)).by("message").does("deliver, send ACK seq=1 of=CHAT")
	c.unmovedBy(chat(0).repeat()).by("duplicate").does("send ACK seq=1 of=CHAT")
	c.on(say(), chat(0)).does("deliver, send ACK seq=0 of=CHAT") // behind our message, which it expects with 0 until it comes
	c.on(ack(0), chat(0)).does("deliver, send ACK seq=0 of=CHAT")
	// The ACK is one of those that the peer takes for wrong. What it then expects is what we know already.
	c.unmovedBy(expected(1)).by("expects-ours").does("").unmovedBy(expected(0)).by("expects-other").does("")
}

// §4.14: "Where a loss leaves it unknown, ACKs that move the counter go out instead of a message"
func TestTracked_AfterAcceptingTheNumberIsAskedFor(t *testing.T) {
	accepted := func() *talk {
		return begin(t, named(t, "tracked")).on(act(Invite), synACK().seq(1)).by("accepted").
			does("send ACK seq=1 of=SYN+ACK, stop all, tell established, send ACK seq=1").now("established hs=1 unsure")
	}
	// The ERR comes before the user's first message, or behind it.
	c := accepted().on(expected(0)).by("expects-ours").does("").now("established hs=1")
	c.on(say()).does("queue, send CHAT seq=0, start retransmit x4").now("established tries=1 hs=1 in-flight")

	c = accepted().on(say()).by("send").does("queue, send ACK seq=1, send ACK seq=1, start retransmit x4").now("established tries=1 hs=1 in-flight unsure")
	c.unmovedBy(expected(1)).by("expects-other").does("") // it answers something earlier
	c.unmovedBy(act(RecvERR)).by("partner-error").does("tell error")
	c.unmovedBy(ack(0), ack(1)).by("duplicate-ack").does("") // the message has not gone out
	c.on(due(Retransmit)).by("probe").does("send ACK seq=1, send ACK seq=1, start retransmit x4, tell retrying CHAT")
	c.on(expected(0)).by("expects-ours-send").does("send CHAT seq=0, start retransmit x4").now("established tries=3 hs=1 in-flight")
	c.on(ack(0)).by("delivered").now("established tx=1 hs=1 acked")
}

// §4.14: "ACKs that move the counter go out instead of a message": a copy would have the wrong number
// if the message has arrived, and nobody knows whether it has.
func TestTracked_AProbeGoesOutInsteadOfACopy(t *testing.T) {
	inFlight := func() *talk {
		return begin(t, named(t, "tracked")).on(syn(), act(Accept), ack(1), say(), ack(0)).on(say()).does("queue, send CHAT seq=1, start retransmit x4")
	}
	// What the peer said before the message was sent proves nothing, so the first question is whether it is past that.
	c := inFlight().on(due(Retransmit)).by("probe").does("send ACK seq=1, send ACK seq=1, start retransmit x4, tell retrying CHAT").
		now("established tries=2 tx=1 hs=1 in-flight flushing acked")
	c.on(chat(0)).by("message").does("deliver, send ACK seq=1 of=CHAT") // asks the same
	c.unmovedBy(expected(1)).by("expects-ours").does("")
	c.on(expected(0)).by("flushed").does("send ACK seq=0, send ACK seq=0, start retransmit x4").
		now("established tries=2 tx=1 rx=1 hs=1 in-flight unsure acked")
	c.on(chat(0)).by("message").does("deliver, send ACK seq=0 of=CHAT")
	c.unmovedBy(expected(0)).by("expects-other").does("")
	c.on(expected(1)).by("expects-ours-send").does("send CHAT seq=1, start retransmit x4").on(ack(1)).by("delivered")

	// Until it has answered that, the ACK of the message is still to come.
	inFlight().on(due(Retransmit)).on(ack(1)).by("delivered").now("established hs=1 acked")
}

// §4.14: "then such that its ERR shows the counter to stand at our number": without one the message is unconfirmed after its copies (§4.16), and
// the next one has to ask as well.
func TestTracked_WithoutAnAnswerTheMessageIsUnconfirmed(t *testing.T) {
	silent := func(events ...Event) *talk {
		c := begin(t, named(t, "tracked")).on(syn(), act(Accept), ack(1), say(), ack(0), say()).on(events...)
		return c.on(due(Retransmit)).by("probe").on(due(Retransmit)).by("probe").now(c.snap.String())
	}
	silent().on(due(Retransmit)).by("unconfirmed").does("give-up").now("established hs=1 unsure acked").
		on(say()).does("queue, send ACK seq=1, send ACK seq=1, start retransmit x4")
	silent(say()).on(due(Retransmit).more()).by("unconfirmed-next").does("give-up, send ACK seq=1, send ACK seq=1, start retransmit x4")
	silent(act(Leave)).on(due(Retransmit)).by("unconfirmed-leave").does("give-up, stop all, start retransmit").
		now("fin-wait tries=1 hs=1 acked goodbye=left")
	silent().on(act(LeaveNow)).does("stop all, start retransmit")
}

// §6.12: "A kind that makes nothing of a FIN, and is harmed by one that comes after its user has left, is sent none: our user
// leaves without a word."
func TestNoFIN_NothingSaysGoodbye(t *testing.T) {
	tracked := named(t, "tracked")
	for _, c := range []*talk{
		reach(t, SynSent, tracked).on(act(Cancel)), reach(t, SynReceived, tracked).on(act(Decline)),
		connecting(t, tracked, 1).on(due(Retransmit)).by("never-confirmed"), begin(t, tracked).on(verdict(RecvSYN, Never)),
		reach(t, Established, tracked).on(act(Leave)), reach(t, FinWait, tracked).on(due(Retransmit)).by("goodbye-unheard"),
	} {
		for _, a := range c.out.All() {
			if a.Packet == FIN {
				t.Errorf("on %s (%s) goes out %s", c.last, c.rule.ID(), a)
			}
		}
	}
	reach(t, Established, tracked).on(act(Leave)).now("fin-wait tries=1 goodbye=left")
}

// A message that has not gone out has used up no number: to a peer whose chat is not open yet, any but the probes' does harm.
func TestTracked_WhatHasNotGoneOutHasNoNumber(t *testing.T) {
	c := begin(t, named(t, "tracked")).on(act(Invite), synACK().seq(1), say(), due(Retransmit), due(Retransmit)).by("probe")
	c.on(due(Retransmit)).by("unconfirmed").does("give-up").now("established hs=1 unsure")
	c.on(say()).does("queue, send ACK seq=1, send ACK seq=1, start retransmit x4")
}

// Such a peer can be deaf for 15 s, and what it says does not say to what: the next question waits until the last one must have
// been answered or lost.
func TestTracked_TheNextQuestionWaitsForTheLastAnswer(t *testing.T) {
	c := begin(t, named(t, "tracked")).on(syn(), act(Accept), ack(1), say(), ack(0), say())
	for range 2 {
		if got := interval(t, c); got != 4 {
			t.Errorf("on %s: %d retransmission times, want 4", c.last, got)
		}
		c.on(due(Retransmit))
	}
}

// §4.14: "our datagrams follow its counter": once its FIN is acknowledged it expects the number of a new SYN.
func TestTracked_TheACKOfAFINIsFollowedByASYN(t *testing.T) {
	for _, seq := range []uint8{0, 1} {
		c := begin(t, named(t, "tracked")).on(syn(), act(Accept), ack(1), act(Leave), fin(Busy).seq(seq)).by("both-left").
			does("send ACK seq=1 of=FIN, tell closed left, stop all, start linger")
		c.on(fin(Busy).seq(seq)).by("fin-again").does("send ACK seq=1 of=FIN")
		begin(t, named(t, "tracked")).on(syn(), act(Accept), ack(1), fin(NoReason).seq(seq)).by("partner-left").
			does("send ACK seq=1 of=FIN, tell closed left, stop all, start linger")
	}
}

// What is known of a peer may change in the middle of a chat. A question that only one kind understands is dropped then: nothing
// else would ever answer it, and the message would not go out.
func TestTreated_NothingIsAskedOfAPeerThatDoesNotUnderstand(t *testing.T) {
	c := begin(t, named(t, "tracked")).on(act(Invite), synACK().seq(1), say()).now("established tries=1 hs=1 in-flight unsure")
	if c.snap.Treated(named(t, "tracked")) != c.snap {
		t.Error("treated as before, the conversation is another")
	}
	c.snap = c.snap.Treated(Legacy())
	c.now("established tries=1 hs=1 in-flight").on(due(Retransmit)).by("repeat-chat").does("send CHAT seq=0, start retransmit, tell retrying CHAT")
}
