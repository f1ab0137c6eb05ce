package fsm

import "testing"

// §3.1: "The inviting daemon sends SYN, with number 0."
func TestIdle_InvitingSendsSYN(t *testing.T) {
	reach(t, Idle, Native()).on(act(Invite)).by("invite").
		does("stop all, start expiry, start unanswered, send SYN seq=0, start retransmit, tell inviting").
		now("syn-sent tries=1")
	// §3.7: towards others it is "repeated only when the user says so", so no timer runs for it.
	reach(t, Idle, Legacy()).on(act(Invite)).
		does("stop all, start expiry, start unanswered, send SYN seq=0, tell inviting").
		now("syn-sent tries=1")
}

// §5.1: "A user has at most `--max-chats` chats (1 by default)."
func TestIdle_InvitingBeyondTheLimitIsRefused(t *testing.T) {
	reach(t, Idle, Native()).on(verdict(Invite, InUse)).by("invite-in-use").does("refuse busy").now("idle")
}

// §8.4: "A command that cannot be carried out is answered by an error and changes nothing."
func TestIdle_CommandsWithoutAConversationAreRefused(t *testing.T) {
	for on, want := range map[Input]string{
		Cancel: "refuse not-inviting", Accept: "refuse no-invitation", Decline: "refuse no-invitation",
		Say: "refuse no-chat", Leave: "refuse no-chat", LeaveNow: "refuse no-chat",
	} {
		reach(t, Idle, Native()).unmovedBy(act(on)).does(want)
	}
}

// §3.2: "The invited user is asked."
// §3.5: "A native invited daemon confirms a SYN at once with an ACK of it ("ringing"). Nothing is sent to a legacy peer
// between its SYN and the user's answer."
func TestIdle_AnInvitationRings(t *testing.T) {
	reach(t, Idle, Native()).on(syn()).by("invitation").
		does("stop all, send ACK seq=0 of=SYN, start expiry, tell invitation").now("syn-received")
	reach(t, Idle, Legacy()).on(syn().seq(7)).by("invitation").
		does("stop all, start expiry, tell invitation").now("syn-received hs=7")
}

// §3.18: "With `--accept auto` a SYN is answered by SYN+ACK at once, with `--accept never` by FIN; with `ask`, by the user."
func TestIdle_AnInvitationIsAnsweredWithoutAsking(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		reach(t, Idle, p).on(verdict(RecvSYN, Take).seq(1)).by("auto-accept").
			does("stop all, send SYN+ACK seq=1, start retransmit").now("syn-received tries=1 hs=1 answered")
		reach(t, Idle, p).on(verdict(RecvSYN, Never)).by("never").does("send FIN seq=0 declined").now("idle")
	})
}

// §5.2: "A SYN from somebody else while the user is in as many chats as allowed is answered by ERR `User already in
// another chat` and FIN, each once a SYN."
func TestIdle_ABusyUserRefusesOnceASYN(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		c := reach(t, Idle, p)
		for range 3 {
			c.on(verdict(RecvSYN, InUse)).by("busy").does("send ERR seq=0 busy, send FIN seq=0 busy").now("idle")
		}
	})
	errOnly := Legacy()
	errOnly.BusyERROnly = true
	reach(t, Idle, errOnly).on(verdict(RecvSYN, InUse)).does("send ERR seq=0 busy")
}

// §9.2: "Beyond that a SYN is dropped and counted."
func TestIdle_TooManyInvitationsAreDropped(t *testing.T) {
	reach(t, Idle, Native()).on(verdict(RecvSYN, Full)).by("too-many-invitations").does("").now("idle")
}

// §3.20: "A SYN+ACK for which there is no invitation changes nothing; a native peer is told so with a FIN, unless a new invitation is
// under way."
func TestIdle_AnAcceptanceOfNothingOpensNothing(t *testing.T) {
	for _, s := range States() {
		does := "send FIN seq=0 cancelled"
		if s == SynSent || s == SynReceived {
			does = ""
		}
		reach(t, s, Native()).unmovedBy(Event{On: RecvSYNACK, Old: true}).by("old-syn-ack").does(does)
	}
	reach(t, Idle, Native()).on(synACK()).by("orphan-acceptance").does("send FIN seq=0 cancelled").now("idle")
	reach(t, Idle, Legacy()).on(synACK()).by("stray-acceptance").does("").now("idle")
}

// §9.1: "A datagram from anybody but the partner changes no chat. It is ignored and counted."
func TestIdle_AStrangersDatagramsAreIgnored(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		c := reach(t, Idle, p)
		for _, e := range []Event{ack(0), ackOf(SYNACK, 0), ackOf(CHAT, 1), fin(Left), act(RecvERR), chat(0)} {
			does := ""
			if p.Labels && e.On == RecvCHAT {
				does = "send FIN seq=0 restarted" // §6.9
			}
			c.unmovedBy(e).does(does)
			if c.rule.As != Ignored && c.rule.As != Unexpected {
				t.Errorf("on %s: rule %s is %s, so nobody counts it as ignored", e, c.rule.ID(), c.rule.As)
			}
		}
	})
}

// §7.3: "An ERR from anybody else is ignored."
func TestIdle_AStrangersErrorIsIgnored(t *testing.T) {
	reach(t, Idle, Legacy()).unmovedBy(act(RecvERR)).by("stray-err").does("")
}

// §5.3: "The FIN that follows an ERR belongs to the refusal and is not acknowledged to a legacy peer."
func TestIdle_TheFINBehindAnERRBelongsToTheRefusal(t *testing.T) {
	refused := func(p Policy) *talk {
		return reach(t, SynSent, p).on(Event{On: RecvERR, Reason: Busy}).now("idle after=refused")
	}
	refused(Legacy()).on(fin(NoReason)).by("fin-of-refusal").does("").now("idle after=ended").
		// Who repeats it wants an answer, like any other who repeats a FIN (§6.5).
		on(fin(NoReason)).by("fin-again").does("send ACK seq=0 of=FIN")
	refused(Native()).on(fin(Busy)).by("fin-of-refusal").does("send ACK seq=0 of=FIN").now("idle after=ended")
}

// §6.5: "A FIN for a chat that does not exist is answered with ACK if the address was a partner within the last 6
// retransmission times, and is ignored otherwise."
func TestIdle_ARepeatedFINIsAcknowledgedUntilThePartnerIsForgotten(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		c := reach(t, Established, p).on(fin(Left)).now("idle after=ended")
		c.on(fin(Left).seq(1)).by("fin-again").does("send ACK seq=1 of=FIN").now("idle after=ended")
		c.on(due(Linger)).by("forget").does("").now("idle")
		c.on(fin(Left)).by("stray-fin").does("").now("idle")
	})
}

// §6.9: "A native peer whose chat datagram arrives where no chat is open, or another one is, is told so with a FIN that names what
// it named: `left` if it was open a moment ago, else `restarted`, since we do not know it."
func TestIdle_ChatWithoutAChatIsAnsweredWithFIN(t *testing.T) {
	reach(t, Idle, Native()).on(chat(1)).by("chat-after-end").does("send FIN seq=0 restarted").now("idle")
	reach(t, Established, Native()).on(fin(Restarted)).does("send ACK seq=0 of=FIN, tell closed restarted, stop all, start linger")
	for _, s := range States() {
		reach(t, s, Native()).unmovedBy(Event{On: RecvCHAT, Old: true, Room: true}).by("old-chat").does("send FIN seq=0 restarted")
	}
	for _, s := range []State{SynSent, SynReceived} { // it ends what was before
		reach(t, s, Native()).on(ackOf(SYN, 0)).unmovedBy(fin(Restarted)).by("fin-of-something-else").does("send ACK seq=0 of=FIN")
	}
	reach(t, Established, Native()).on(fin(Left), chat(0)).by("chat-after-end").does("send FIN seq=0 left").now("idle after=ended")
	reach(t, Established, Legacy()).on(fin(Left), chat(0)).by("stray-chat").does("").now("idle after=ended")
}

// A conversation that begins inherits nothing but the policy from the one before.
func TestIdle_ANewConversationStartsFresh(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		c := reach(t, Established, p).on(chat(0), say(), ackOf(CHAT, 0), say(), fin(Left))
		c.on(act(Invite)).now("syn-sent tries=1").on(synACK()).now("established")
	})
}
