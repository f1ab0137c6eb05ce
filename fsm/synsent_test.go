package fsm

import (
	"strings"
	"testing"
)

// §3.4: "The inviting daemon answers SYN+ACK with ACK, with the same number. Both are in a chat."
func TestSynSent_AcceptanceOpensTheChat(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		reach(t, SynSent, p).on(synACK().seq(1)).by("accepted").
			does("send ACK seq=1 of=SYN+ACK, stop all, tell established").now("established hs=1")
	})
}

// §3.7: "A SYN is repeated by the timer until it is answered towards peers known to take that: native ones, from the moment
// they are known to be."
func TestSynSent_ANativePeerGetsSYNUntilItAnswers(t *testing.T) {
	c := reach(t, SynSent, Native())
	for range 1000 {
		c.on(due(Retransmit)).by("repeat-syn").does("send SYN seq=0, start retransmit, tell inviting")
	}
	c.now("syn-sent tries=1001")
}

// A peer may show that it is native only by ringing. From then on the timer has to run, and a flood of confirmations must
// not keep putting the next copy off.
func TestSynSent_TheFirstConfirmationArmsTheTimer(t *testing.T) {
	c := reach(t, SynSent, Legacy())
	c.snap.Policy = Native() // what the engine does when the answer announces its sender
	c.on(ackOf(SYN, 0)).by("ringing").does("start retransmit").now("syn-sent tries=1 rung")
	c.unmovedBy(ackOf(SYN, 0)).by("ringing").does("")
	c.on(due(Retransmit)).by("repeat-syn").does("send SYN seq=0, start retransmit, tell inviting")
}

// §3.7: "Towards others it is repeated only when the user says so, and where a second one is known to do harm not before the user
// has been told that nobody answers."
func TestSynSent_ALegacyPeerGetsSYNOnceUnlessTheUserSaysSo(t *testing.T) {
	c := reach(t, SynSent, Legacy())
	c.unmovedBy(due(Retransmit)).by("syn-once").does("")
	c.on(act(Invite)).by("invite-again").does("start unanswered, send SYN seq=0, tell inviting").now("syn-sent tries=2")
	c.unmovedBy(due(Retransmit)).by("syn-once")

	// The answer of such a peer may be on its way; once the user has heard that nobody answers it was most likely lost.
	c = reach(t, SynSent, withoutHarm(t)).unmovedBy(act(Invite)).by("invite-too-soon").does("refuse connecting")
	c.on(due(Unanswered)).now("syn-sent tries=1 overdue").on(act(Invite)).by("invite-again").
		does("start unanswered, send SYN seq=0, tell inviting").now("syn-sent tries=2")
	c.unmovedBy(act(Invite)).by("invite-too-soon") // and so on for the second one
}

// A user's own repetition does not postpone the expiry, else an invitation could wait for ever.
func TestSynSent_InvitingAgainKeepsTheExpiry(t *testing.T) {
	reach(t, SynSent, Native()).on(act(Invite)).by("invite-again").
		does("start unanswered, send SYN seq=0, start retransmit, tell inviting").now("syn-sent tries=2")
}

// §3.19: "An ACK or a chat datagram in answer to a SYN opens nothing."
func TestSynSent_NeitherACKNorChatOpensAnything(t *testing.T) {
	reach(t, SynSent, Native()).unmovedBy(ackOf(SYNACK, 0), ackOf(CHAT, 0), ack(0), chat(0), chat(1)).does("")
	reach(t, SynSent, Legacy()).unmovedBy(ack(0), ack(1), ackOf(SYN, 0), chat(0), chat(1)).does("")
}

// §3.3: "Declining sends FIN instead."
// §3.17: "The FIN that declines our SYN is acknowledged to a native peer; to a legacy one only when it is repeated, because
// some take that ACK for an opened chat."
func TestSynSent_TheInvitationIsDeclined(t *testing.T) {
	reach(t, SynSent, Native()).on(fin(Declined)).by("declined").
		does("send ACK seq=0 of=FIN, tell closed declined, stop all, start linger").now("idle after=ended")
	c := reach(t, SynSent, Legacy())
	c.on(fin(NoReason).seq(1)).by("declined").does("tell closed declined, stop all, start linger").now("idle after=ended")
	c.on(fin(NoReason).seq(1)).by("fin-again").does("send ACK seq=1 of=FIN")
}

func TestSynSent_TheReasonOfARefusalIsShown(t *testing.T) {
	for said, told := range map[Reason]string{Busy: "busy", ShutDown: "shutdown", Declined: "declined", NoReason: "declined"} {
		reach(t, SynSent, Native()).on(fin(said)).does("send ACK seq=0 of=FIN, tell closed " + told + ", stop all, start linger")
	}
}

// §4.10: "An ACK counts only for what it names, a FIN only for what its reason can end."
func TestSynSent_AFINOfSomethingEarlierDeclinesNothing(t *testing.T) {
	for _, why := range []Reason{Left, Cancelled} {
		reach(t, SynSent, Native()).on(ackOf(SYN, 0)).unmovedBy(fin(why)).by("fin-of-something-else").does("send ACK seq=0 of=FIN")
	}
}

// §3.7: "native ones, from the moment they are known to be." That may be a FIN of something earlier; a stream of them postpones
// nothing.
func TestSynSent_WhoTurnsOutToBeNativeGetsCopies(t *testing.T) {
	for _, e := range []Event{ackOf(SYN, 0), fin(Left), {On: RecvFIN, Old: true}} {
		c := reach(t, SynSent, Legacy())
		c.snap = c.snap.Treated(Native())
		c.on(e).now("syn-sent tries=1 rung")
		if does := c.out.String(); !strings.Contains(does, "start retransmit") {
			t.Errorf("on %s no copy is armed: %s", e, does)
		}
		if c.unmovedBy(e); strings.Contains(c.out.String(), "start") {
			t.Errorf("on %s once more the copy is postponed: %s", e, c.out.String())
		}
	}
}

// §3.14: "Two SYNs that cross: both users have agreed. Both daemons answer SYN+ACK, and the chat opens without asking."
func TestSynSent_CrossingInvitationsAgree(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		for _, v := range []Verdict{Ask, Take, Never, Full} {
			reach(t, SynSent, p).on(verdict(RecvSYN, v)).by("crossed").
				does("stop all, send SYN+ACK seq=0, start retransmit").now("syn-received tries=1 answered")
		}
		// §5.2: the limit counts all the same; our own invitation goes on waiting.
		reach(t, SynSent, p).unmovedBy(verdict(RecvSYN, InUse)).by("crossed-in-use").
			does("send ERR seq=0 busy, send FIN seq=0 busy")
	})
}

// §3.21: "If the user is in as many chats as allowed by the time that an invitation is accepted, it is withdrawn."
func TestSynSent_AnAcceptanceThatComesTooLateIsWithdrawn(t *testing.T) {
	reach(t, SynSent, Native()).on(verdict(RecvSYNACK, InUse)).by("accepted-in-use").
		does("stop all, send FIN seq=0 cancelled, start retransmit, tell closed cancelled").now("fin-wait tries=1 goodbye=cancelled")
	reach(t, SynSent, Legacy()).on(verdict(RecvSYNACK, InUse)).by("accepted-in-use-once").
		does("send FIN seq=0 cancelled, tell closed cancelled, stop all, start linger").now("idle after=refused")
}

// §3.11: "Either user can take back an invitation or an acceptance at any time; this sends FIN, and the other side answers ACK."
// §3.16: "A FIN that declines or withdraws is repeated until its ACK, 3 copies in all, to a native peer; it is sent once to a
// legacy one."
func TestSynSent_TheUserWithdraws(t *testing.T) {
	c := reach(t, SynSent, Native()).on(act(Cancel)).by("cancel").
		does("stop all, send FIN seq=0 cancelled, start retransmit, tell closed cancelled").now("fin-wait tries=1 goodbye=cancelled")
	c.on(ackOf(FIN, 0)).does("stop all, start linger").now("idle after=ended")
	reach(t, SynSent, Legacy()).on(act(Cancel)).by("cancel-once").
		does("send FIN seq=0 cancelled, tell closed cancelled, stop all, start linger").now("idle after=refused")
}

// §6.7: "A client that goes away, by `quit` or without a word, leaves its chats and cancels its invitations"
// §6.8: "A daemon that stops sends FIN to all partners at once"
func TestSynSent_ClientOrDaemonGoes(t *testing.T) {
	for on, told := range map[Input]string{Detach: "cancelled", Shutdown: "shutdown"} {
		reach(t, SynSent, Native()).on(act(on)).
			does("stop all, send FIN seq=0 cancelled, start retransmit, tell closed " + told).now("fin-wait tries=1 goodbye=cancelled")
		reach(t, SynSent, Legacy()).on(act(on)).
			does("send FIN seq=0 cancelled, tell closed " + told + ", stop all, start linger").now("idle after=refused")
	}
}

// §3.12: "After 30 s without an answer, and every 30 s from then on, the inviting user is told, and can keep waiting, send
// again, or give up."
func TestSynSent_TheUserHearsThatNobodyAnswers(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		c := reach(t, SynSent, p)
		for range 3 {
			c.on(due(Unanswered)).by("unanswered").does("tell unanswered, start unanswered").now("syn-sent tries=1 overdue")
		}
	})
}

// §3.13: "An invitation that nobody answers expires (5 minutes by default), on both sides."
func TestSynSent_TheInvitationExpires(t *testing.T) {
	reach(t, SynSent, Native()).on(due(Expiry)).by("expired").
		does("stop all, send FIN seq=0 cancelled, start retransmit, tell closed unreachable").now("fin-wait tries=1 goodbye=cancelled")
	reach(t, SynSent, Legacy()).on(due(Expiry)).by("expired-once").
		does("send FIN seq=0 cancelled, tell closed unreachable, stop all, start linger").now("idle after=refused")
}

// §7.1: "An ERR while inviting or connecting ends the attempt and shows its text."
func TestSynSent_AnErrorEndsTheAttempt(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		reach(t, SynSent, p).on(act(RecvERR)).by("refused").
			does("tell closed refused, stop all, start linger").now("idle after=refused")
		reach(t, SynSent, p).on(Event{On: RecvERR, Reason: Busy}).by("refused").
			does("tell closed busy, stop all, start linger").now("idle after=refused")
	})
}

func TestSynSent_CommandsOfAnOpenChatAreRefused(t *testing.T) {
	c := reach(t, SynSent, Native())
	for _, e := range []Event{say(), act(Leave), act(LeaveNow)} {
		c.unmovedBy(e).does("refuse no-chat")
	}
	for _, e := range []Event{act(Accept), act(Decline)} {
		c.unmovedBy(e).does("refuse no-invitation")
	}
}
