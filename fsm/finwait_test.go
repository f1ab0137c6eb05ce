package fsm

import "testing"

// declining is a conversation whose invitation a native peer's FIN of ours refuses.
func declining(t *testing.T) *talk {
	t.Helper()
	return reach(t, SynReceived, Native()).on(act(Decline))
}

// §6.1: "The other answers ACK, then tells its user."
func TestFinWait_TheACKEndsIt(t *testing.T) {
	reach(t, FinWait, Native()).on(ackOf(FIN, 0)).by("goodbye-acked").does("tell closed left, stop all, start linger").now("idle after=ended")
	reach(t, FinWait, Legacy()).on(ack(0)).by("goodbye-acked").does("tell closed left, stop all, start linger").now("idle after=ended")
	declining(t).on(ackOf(FIN, 0)).does("stop all, start linger") // the user was told when declining
}

// §4.10: "An ACK counts only for what it names"
func TestFinWait_TheACKOfSomethingElseDoesNot(t *testing.T) {
	reach(t, FinWait, Native()).unmovedBy(ack(0), ackOf(SYNACK, 0), ackOf(CHAT, 0), ackOf(FIN, 1)).by("late-ack").does("")
}

// §4.9: "ignores up to n further ACKs with the handshake's number until its first message is acknowledged"
func TestFinWait_LateACKsOfTheHandshakeEndNothing(t *testing.T) {
	c := connecting(t, Legacy(), 2).on(ack(0), act(Leave)).now("fin-wait tries=1 stale=1 goodbye=left")
	c.on(ack(0)).by("late-handshake-ack").does("")
	c.on(ack(0)).by("goodbye-acked").now("idle after=ended")
}

// §6.3: "A FIN is repeated until its ACK, 3 copies in all; then the side that leaves is done anyway."
func TestFinWait_TheFINIsSentThreeTimes(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		c := reach(t, FinWait, p)
		for range 2 {
			c.on(due(Retransmit)).by("repeat-fin").does("send FIN seq=0 left, start retransmit, tell retrying FIN")
		}
		c.on(due(Retransmit)).by("goodbye-unheard").does("tell closed left, stop all, start linger").now("idle after=ended")
	})
}

// §6.3: "Towards a legacy peer there is no further copy once anything came back."
func TestFinWait_NoCopyOnceALegacyPeerHasAnswered(t *testing.T) {
	for _, e := range []Event{synACK(), ack(1), act(RecvERR), chat(0), chat(0).repeat()} {
		c := reach(t, FinWait, Legacy()).on(e)
		if c.snap.State != FinWait {
			t.Errorf("on %s: rule %s ended the wait", e, c.rule.ID())
		}
		c.on(due(Retransmit)).by("goodbye-unheard").now("idle after=ended")
	}
	// A native peer's FIN goes on until its own ACK.
	reach(t, FinWait, Native()).on(ackOf(CHAT, 0), due(Retransmit)).by("repeat-fin")
}

// §3.16: "A FIN that declines or withdraws is repeated until its ACK, 3 copies in all, to a native peer"
func TestFinWait_ARefusalIsRepeatedWithoutAWord(t *testing.T) {
	c := declining(t)
	for range 2 {
		c.on(due(Retransmit)).by("repeat-fin").does("send FIN seq=0 declined, start retransmit")
	}
	c.on(due(Retransmit)).by("goodbye-unheard").does("stop all, start linger").now("idle after=ended")
}

// §3.6: "while a refusal is under way, a repeated SYN is the same invitation."
func TestFinWait_ARepeatedSYNIsStillDeclined(t *testing.T) {
	declining(t).unmovedBy(syn().repeat(), verdict(RecvSYN, Take).repeat()).by("still-declined").does("")
	declining(t).unmovedBy(Event{On: RecvSYN, Old: true}).by("old-syn").does("") // as a native one says by its name
	declining(t).on(syn()).by("anew").does("stop all, send ACK seq=0 of=SYN, start expiry, tell invitation")
}

// §6.4: "Two FINs that cross are both answered, and both sides are done. A new SYN from the peer ends the wait for its ACK just
// as well."
func TestFinWait_BothLeave(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		reach(t, FinWait, p).on(fin(Left).seq(1)).by("both-left").
			does("send ACK seq=1 of=FIN, tell closed left, stop all, start linger").now("idle after=ended")
	})
}

func TestFinWait_ThePeerInvitesAnew(t *testing.T) {
	leaving := func() *talk { return reach(t, FinWait, Native()) }
	leaving().on(syn()).by("anew").
		does("tell closed left, stop all, send ACK seq=0 of=SYN, start expiry, tell invitation").now("syn-received")
	leaving().on(verdict(RecvSYN, Take)).by("anew-auto").
		does("tell closed left, stop all, send SYN+ACK seq=0, start retransmit").now("syn-received tries=1 answered")
	leaving().on(verdict(RecvSYN, Never)).by("anew-never").
		does("tell closed left, stop all, start linger, send FIN seq=0 declined").now("idle after=ended")
	leaving().on(verdict(RecvSYN, InUse)).by("anew-in-use").
		does("tell closed left, stop all, start linger, send ERR seq=0 busy, send FIN seq=0 busy").now("idle after=ended")
}

// §6.6: "After our FIN a chat datagram that was taken before is acknowledged again; a new one is neither taken nor
// acknowledged."
func TestFinWait_ChatAfterTheGoodbye(t *testing.T) {
	c := reach(t, Established, Native()).on(chat(0), act(Leave))
	c.unmovedBy(chat(0)).by("duplicate").does("send ACK seq=0 of=CHAT")
	c.unmovedBy(chat(1)).by("chat-after-goodbye").does("")
	declining(t).unmovedBy(chat(1)).by("chat-after-goodbye").does("")

	c = reach(t, Established, Legacy()).on(chat(0), act(Leave))
	c.on(chat(0)).by("chat-after-goodbye").does("")
	c.on(chat(0).repeat()).by("duplicate").does("send ACK seq=0 of=CHAT")
}

func TestFinWait_InvitingAgainNeedsNoFurtherGoodbye(t *testing.T) {
	reach(t, FinWait, Native()).on(act(Invite)).by("invite").
		does("tell closed left, stop all, start expiry, start unanswered, send SYN seq=0, start retransmit, tell inviting").now("syn-sent tries=1")
	reach(t, FinWait, Native()).unmovedBy(verdict(Invite, InUse)).does("refuse busy")
}

// §6.2: "unless the user leaves at once."
func TestFinWait_LeavingAtOnceEndsTheWait(t *testing.T) {
	reach(t, FinWait, Native()).on(act(LeaveNow)).by("leave-now").does("tell closed left, stop all, start linger").now("idle after=ended")
	declining(t).unmovedBy(act(LeaveNow)).does("refuse no-chat")
}

// §6.7: "A client that goes away, by `quit` or without a word, leaves its chats"
// §6.8: "A daemon that stops sends FIN to all partners at once"
func TestFinWait_WhatIsClosingAlreadyGoesOn(t *testing.T) {
	reach(t, FinWait, Native()).unmovedBy(act(Detach), act(Shutdown)).does("")
}

// The user of a stopped daemon hears once that a chat or an invitation is over, however far it had come.
func TestFinWait_AShutdownIsToldOnce(t *testing.T) {
	for name, c := range map[string]*talk{
		"syn-sent": reach(t, SynSent, Native()), "syn-received": reach(t, SynReceived, Native()),
		"connecting": connecting(t, Native(), 1), "established": reach(t, Established, Native()),
	} {
		told := 0
		for _, e := range []Event{act(Shutdown), ackOf(FIN, 0)} {
			c.on(e)
			for _, a := range c.out.All() {
				if a.Effect == Tell && a.Notice == TellClosed {
					told++
				}
			}
		}
		if told != 1 || c.snap.State != Idle {
			t.Errorf("%s: told %d times, ends in %s", name, told, c.snap.State)
		}
	}
}

// §7.3: "An ERR from anybody else is ignored."
func TestFinWait_AnErrorComesTooLate(t *testing.T) {
	reach(t, FinWait, Native()).unmovedBy(act(RecvERR)).by("late-err").does("")
}

func TestFinWait_CommandsAreRefused(t *testing.T) {
	c := reach(t, FinWait, Native())
	for on, want := range map[Input]string{
		Cancel: "refuse not-inviting", Accept: "refuse no-invitation", Decline: "refuse no-invitation", Say: "refuse closing", Leave: "refuse closing",
	} {
		c.unmovedBy(act(on)).does(want)
	}
}
