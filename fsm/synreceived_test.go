package fsm

import "testing"

// §3.2: "Accepting sends SYN+ACK, with the SYN's number."
// §3.15: "Inviting somebody whose invitation waits accepts it."
func TestSynReceived_AcceptingSendsSYNACK(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		for on, rule := range map[Input]string{Accept: "accept", Invite: "mutual"} {
			begin(t, p).on(syn().seq(1), act(on)).by(rule).
				does("stop all, send SYN+ACK seq=1, start retransmit").now("syn-received tries=1 hs=1 answered")
		}
	})
}

// §5.1: "An open chat counts, and an accepted invitation that is not confirmed yet; one that waits does not."
func TestSynReceived_AcceptingBeyondTheLimitIsRefusedAndTheInvitationWaits(t *testing.T) {
	c := reach(t, SynReceived, Native())
	for _, on := range []Input{Accept, Invite} {
		c.unmovedBy(verdict(on, InUse)).does("refuse busy")
	}
	c.on(act(Accept)).by("accept")
}

func TestSynReceived_AnAcceptedInvitationIsConnecting(t *testing.T) {
	c := connecting(t, Native(), 1)
	for _, on := range []Input{Accept, Invite} {
		c.unmovedBy(act(on)).does("refuse connecting")
	}
	c.unmovedBy(say()).does("refuse no-chat")
}

// §3.3: "Declining sends FIN instead."
func TestSynReceived_Declining(t *testing.T) {
	reach(t, SynReceived, Native()).on(act(Decline)).by("decline").
		does("stop all, send FIN seq=0 declined, start retransmit, tell closed declined").now("fin-wait tries=1 goodbye=declined")
	reach(t, SynReceived, Legacy()).on(act(Decline)).by("decline-once").
		does("send FIN seq=0 declined, tell closed declined, stop all, start linger").now("idle after=ended")
}

// §3.11: "Either user can take back an invitation or an acceptance at any time; this sends FIN"
func TestSynReceived_TheAcceptanceIsTakenBack(t *testing.T) {
	for _, on := range []Input{Cancel, Decline, Leave, LeaveNow} {
		connecting(t, Native(), 2).on(act(on)).
			does("stop all, send FIN seq=0 declined, start retransmit, tell closed cancelled").now("fin-wait tries=1 answered goodbye=declined")
		connecting(t, Legacy(), 2).on(act(on)).
			does("send FIN seq=0 declined, tell closed cancelled, stop all, start linger").now("idle after=ended")
	}
}

func TestSynReceived_BeforeTheAnswerThereIsNothingToTakeBack(t *testing.T) {
	c := reach(t, SynReceived, Native())
	c.unmovedBy(act(Cancel)).does("refuse not-inviting")
	for _, e := range []Event{say(), act(Leave), act(LeaveNow)} {
		c.unmovedBy(e).does("refuse no-chat")
	}
}

// §3.11: "and the other side answers ACK."
func TestSynReceived_ThePeerWithdraws(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		reach(t, SynReceived, p).on(fin(Cancelled)).by("withdrawn").
			does("send ACK seq=0 of=FIN, tell withdrawn cancelled, stop all, start linger").now("idle after=ended")
		connecting(t, p, 1).on(fin(Cancelled)).by("taken-back").
			does("send ACK seq=0 of=FIN, tell closed cancelled, stop all, start linger").now("idle after=ended")
	})
	// The peer had our SYN+ACK and left the chat before we saw its final ACK.
	for why, told := range map[Reason]string{Left: "left", ShutDown: "shutdown"} {
		connecting(t, Native(), 1).on(fin(why)).by("taken-back").
			does("send ACK seq=0 of=FIN, tell closed " + told + ", stop all, start linger")
	}
}

// §4.10: "An ACK counts only for what it names, a FIN only for what its reason can end."
func TestSynReceived_OnlyWhatIsNamedCounts(t *testing.T) {
	reach(t, SynReceived, Native()).unmovedBy(fin(Left)).by("fin-of-something-else").does("send ACK seq=0 of=FIN")
	connecting(t, Native(), 1).unmovedBy(ackOf(SYN, 0), ackOf(CHAT, 0), ackOf(FIN, 0), ack(0), ackOf(SYNACK, 1)).by("ack-of-nothing").does("")
}

// §3.6: "While the invited user has not answered, and while a refusal is under way, a repeated SYN is the same invitation."
func TestSynReceived_ARepeatedSYNIsTheSameInvitation(t *testing.T) {
	reach(t, SynReceived, Native()).on(syn()).by("ring-again").does("send ACK seq=0 of=SYN").now("syn-received")
	reach(t, SynReceived, Legacy()).on(syn().seq(1)).by("ring-again").does("").now("syn-received hs=1")
}

// §3.8: "SYN+ACK is repeated by the timer alone: 12 copies to a native peer, 3 to a legacy one, or to anybody where no user has
// accepted (3.18). Then the chat is given up with one FIN."
func TestSynReceived_TheAcceptanceIsRepeatedByTheTimerAlone(t *testing.T) {
	for name, want := range map[string]int{"native": 12, "legacy": 3} {
		t.Run(name, func(t *testing.T) {
			c := connecting(t, policies()[name], 1)
			for copies := 1; copies < want; copies++ {
				c.unmovedBy(syn()).by("syn-after-answer").does("") // its own repetition earns no copy
				c.on(due(Retransmit)).by("repeat-syn-ack").does("send SYN+ACK seq=0, start retransmit, tell retrying SYN+ACK")
			}
			c.on(due(Retransmit)).by("never-confirmed").
				does("send FIN seq=0 cancelled, tell closed unreachable, stop all, start linger").now("idle after=ended")
		})
	}
}

// §3.4: "Both are in a chat."
func TestSynReceived_TheFinalACKOpensTheChat(t *testing.T) {
	connecting(t, Native(), 1).on(ackOf(SYNACK, 0)).by("confirmed").does("stop all, tell established").now("established")
	connecting(t, Legacy(), 1).on(ack(0)).by("confirmed").does("stop all, tell established").now("established")
	anyACK := Legacy()
	anyACK.AnyACK = true
	connecting(t, anyACK, 1).on(ack(1)).by("confirmed").now("established")
	connecting(t, Legacy(), 1).unmovedBy(ack(1)).by("ack-of-nothing")
}

// §4.9: "The side that sent SYN+ACK n times too often ignores up to n further ACKs with the handshake's number until its first
// message is acknowledged."
func TestSynReceived_EachCopyButOneMayStillBeAcknowledged(t *testing.T) {
	connecting(t, Legacy(), 3).on(ack(0)).by("confirmed").now("established stale=2")
	// Opened by something else, no copy has been acknowledged yet.
	connecting(t, Legacy(), 3).on(chat(0)).now("established rx=1 stale=3")
	connecting(t, Legacy(), 3).on(synACK()).now("established stale=3")
}

// §3.10: "A chat datagram from a peer whose chat we have accepted stands for the final ACK that was lost or overtaken."
func TestSynReceived_ChatStandsForTheLostFinalACK(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		c := connecting(t, p, 1).on(chat(0)).by("opened-by-chat").
			does("stop all, tell established, deliver, send ACK seq=0 of=CHAT").now("established rx=1 stale=1")
		// The ACK that was overtaken arrives after all and completes nothing, though a message of ours is in flight.
		c.on(say(), ackOf(SYNACK, 0))
		if !c.snap.InFlight {
			t.Errorf("rule %s took the handshake's ACK for the message's", c.rule.ID())
		}
	})
}

// §4.8: "A chat datagram is acknowledged only once the message has been handed to the client's queue, or to the daemon's
// inbox. Without room there is no ACK, and the sender tries again."
func TestSynReceived_ChatOpensWithoutRoomButIsNotAcknowledged(t *testing.T) {
	c := connecting(t, Native(), 1).on(chat(0).noRoom()).by("opened-by-chat-no-room").does("stop all, tell established").now("established stale=1")
	c.on(chat(0)).by("message").does("deliver, send ACK seq=0 of=CHAT")
}

// §3.19: "An ACK or a chat datagram in answer to a SYN opens nothing."
func TestSynReceived_NothingOpensBeforeTheUserAnswers(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		reach(t, SynReceived, p).unmovedBy(ack(0), ackOf(SYNACK, 0), chat(0), chat(1)).does("")
	})
	// A native peer's first message is number 0; 1 belongs to something else.
	connecting(t, Native(), 1).unmovedBy(chat(1)).by("chat-too-early").does("")
}

// §3.14: "Both daemons answer SYN+ACK, and the chat opens without asking."
func TestSynReceived_CrossedAcceptancesOpenTheChat(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		reach(t, SynSent, p).on(syn(), synACK()).by("both-accepted").
			does("send ACK seq=0 of=SYN+ACK, stop all, tell established").now("established stale=1")
	})
}

// §3.20: "A SYN+ACK for which there is no invitation changes nothing"
func TestSynReceived_AnAcceptanceInsteadOfAnInvitation(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		reach(t, SynReceived, p).unmovedBy(synACK()).by("stray-acceptance").does("")
	})
}

// §7.1: "An ERR while inviting or connecting ends the attempt and shows its text."
func TestSynReceived_AnErrorEndsTheAttempt(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		connecting(t, p, 1).on(act(RecvERR)).by("refused").does("tell closed refused, stop all, start linger").now("idle after=refused")
		reach(t, SynReceived, p).on(act(RecvERR)).by("lost").does("tell withdrawn lost, stop all, start linger").now("idle after=refused")
	})
}

// §3.13: "An invitation that nobody answers expires (5 minutes by default), on both sides."
func TestSynReceived_TheInvitationExpires(t *testing.T) {
	reach(t, SynReceived, Native()).on(due(Expiry)).by("expired").
		does("stop all, send FIN seq=0 declined, start retransmit, tell withdrawn expired").now("fin-wait tries=1 goodbye=declined")
	reach(t, SynReceived, Legacy()).on(due(Expiry)).by("expired-once").
		does("send FIN seq=0 declined, tell withdrawn expired, stop all, start linger").now("idle after=ended")
}

// §6.7: "Invitations to the user wait for the next client."
func TestSynReceived_TheClientGoes(t *testing.T) {
	reach(t, SynReceived, Native()).unmovedBy(act(Detach)).by("wait-for-client").does("")
	connecting(t, Native(), 1).on(act(Detach)).by("client-gone").
		does("stop all, send FIN seq=0 declined, start retransmit, tell closed cancelled").now("fin-wait tries=1 answered goodbye=declined")
	connecting(t, Legacy(), 1).on(act(Detach)).by("client-gone-once").
		does("send FIN seq=0 declined, tell closed cancelled, stop all, start linger").now("idle after=ended")
}

// §6.8: "A daemon that stops sends FIN to all partners at once"
func TestSynReceived_TheDaemonStops(t *testing.T) {
	reach(t, SynReceived, Native()).on(act(Shutdown)).by("shutdown").
		does("stop all, send FIN seq=0 shutdown, start retransmit").now("fin-wait tries=1 goodbye=shutdown")
	connecting(t, Native(), 1).on(act(Shutdown)).by("shutdown-while-connecting").
		does("stop all, send FIN seq=0 shutdown, start retransmit").now("fin-wait tries=1 answered goodbye=shutdown")
	reach(t, SynReceived, Legacy()).on(act(Shutdown)).by("shutdown-once").
		does("send FIN seq=0 shutdown, tell closed shutdown, stop all, start linger").now("idle after=ended")
}
