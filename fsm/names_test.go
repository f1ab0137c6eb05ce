package fsm

import "testing"

// talker is what decides which names a side knows, stepped by hand.
type talker struct {
	Names[int]
	t    *testing.T
	last int
}

func (n *talker) fresh() int {
	n.last++
	return n.last
}

// step is one of a native peer, unless Old says that nothing follows from it.
func (n *talker) step(from State, on Input, to State, l Label[int]) {
	at := func(s State) Snapshot { return Snapshot{State: s, Vars: Vars{Policy: Native()}} }
	next := at(to)
	next.Answered = on == Accept || from == SynSent && on == RecvSYN
	n.Follow(at(from), next, Event{On: on}, l, n.fresh)
}

func (n *talker) wantOld(in State, p Packet, l Label[int], want bool) {
	n.t.Helper()
	if got := n.Old(p, l, in); got != want {
		n.t.Errorf("in %s a %s of %+v is old: %v, want %v; names %+v", in, p, l, got, want, n.Names)
	}
}

var others = []Packet{SYNACK, ACK, FIN, ERR, CHAT}

// §2.8: "A datagram that names an earlier conversation changes nothing". All but a SYN have to name the present one.
func TestNames_OfTheInvitingSide(t *testing.T) {
	n := &talker{t: t}
	for _, p := range others {
		n.wantOld(Idle, p, Label[int]{Name: 9}, false) // nothing is known that it could be older than
	}
	n.step(Idle, Invite, SynSent, Label[int]{})
	if n.Ours != 1 || n.Conversation() != 1 {
		t.Fatalf("names %+v, want 1", n.Names)
	}
	for _, p := range others {
		n.wantOld(SynSent, p, Label[int]{Name: 9}, true)
		n.wantOld(SynSent, p, Label[int]{}, false) // it may not know names
	}
	n.wantOld(SynSent, SYN, Label[int]{}, false)
	n.wantOld(SynSent, ACK, Label[int]{Name: 1}, false)
	n.wantOld(SynSent, SYN, Label[int]{}, true)
	for _, p := range others {
		n.wantOld(SynSent, p, Label[int]{}, true) // "One without a name counts as one of those once the peer has given one or shown that it knows ours"
	}
	n.step(SynSent, Cancel, Idle, Label[int]{})
	n.wantOld(Idle, FIN, Label[int]{Name: 1}, false)
	n.step(Idle, Invite, SynSent, Label[int]{})
	n.wantOld(SynSent, FIN, Label[int]{Name: 1}, true)
	n.wantOld(SynSent, FIN, Label[int]{}, false) // whoever is there now has shown nothing yet
}

func TestNames_OfTheInvitedSide(t *testing.T) {
	n := &talker{t: t}
	n.step(Idle, RecvSYN, SynReceived, Label[int]{Name: 7})
	n.wantOld(SynReceived, SYN, Label[int]{Name: 7}, false) // a copy
	n.wantOld(SynReceived, FIN, Label[int]{}, true)         // it gives names
	n.wantOld(SynReceived, SYN, Label[int]{}, true)
	n.step(SynReceived, Accept, SynReceived, Label[int]{})
	if got := n.Acceptance(); got != (Label[int]{Name: 7, Second: 1}) {
		t.Errorf("the acceptance says %+v", got)
	}
	n.step(SynReceived, RecvACK, Established, Label[int]{Name: 1})
	n.wantOld(Established, SYNACK, Label[int]{Name: 7, Second: 1}, true) // ours gives that name
	n.wantOld(Established, SYN, Label[int]{Name: 7}, true)
	n.wantOld(Established, SYN, Label[int]{Name: 8}, false) // it has restarted
	n.wantOld(Established, SYN, Label[int]{}, false)
	for _, p := range others {
		n.wantOld(Established, p, Label[int]{}, true)
		n.wantOld(Established, p, Label[int]{Name: 8}, true)
		n.wantOld(Established, p, Label[int]{Name: 7}, p == ACK || p == CHAT) // who takes part says our name
	}
	n.wantOld(Established, CHAT, Label[int]{Name: 1}, false)
	n.step(Established, RecvSYN, SynReceived, Label[int]{Name: 8})
	n.wantOld(SynReceived, SYN, Label[int]{Name: 7}, true)
	n.wantOld(SynReceived, CHAT, Label[int]{Name: 7}, true)
}

// §2.8: "its third word is the other side's own: a new one, or that of its SYN where two invitations have crossed."
func TestNames_OfInvitationsThatCross(t *testing.T) {
	n := &talker{t: t}
	n.step(Idle, Invite, SynSent, Label[int]{})
	n.step(SynSent, RecvSYN, SynReceived, Label[int]{Name: 7})
	if got := n.Acceptance(); got != (Label[int]{Name: 7, Second: 1}) || n.Conversation() != 7 {
		t.Errorf("the acceptance says %+v in conversation %d", got, n.Conversation())
	}
	for _, name := range []int{1, 7} {
		n.wantOld(SynReceived, SYNACK, Label[int]{Name: name, Second: 7}, false)
	}
	over := &talker{t: t}
	over.step(Idle, Invite, SynSent, Label[int]{})
	over.step(SynSent, RecvSYNACK, Established, Label[int]{Name: 1, Second: 7})
	over.wantOld(Established, SYN, Label[int]{Name: 7}, true) // it was overtaken by its answer
}

// §2.8: an acceptance gives a name, so that what was said to a daemon before it lost its memory means nothing to it afterwards.
func TestNames_OfADaemonThatRemembersNothing(t *testing.T) {
	before := &talker{t: t}
	before.step(Idle, RecvSYN, SynReceived, Label[int]{Name: 7})
	before.step(SynReceived, Accept, SynReceived, Label[int]{})
	after := &talker{t: t, last: before.last}
	after.step(Idle, RecvSYN, SynReceived, Label[int]{Name: 7}) // a late copy
	after.step(SynReceived, Accept, SynReceived, Label[int]{})
	for _, p := range []Packet{ACK, FIN, CHAT} {
		l := Label[int]{}
		if p == FIN {
			l.Second = 7
		}
		l.Name = before.Ours
		after.wantOld(SynReceived, p, l, true)
		l.Name = after.Ours
		after.wantOld(SynReceived, p, l, false)
	}
	inviter := &talker{t: t, last: 6}
	inviter.step(Idle, Invite, SynSent, Label[int]{})
	inviter.step(SynSent, RecvSYNACK, Established, before.Acceptance())
	if got := inviter.Conversation(); got != before.Ours {
		t.Errorf("the inviting side says %d, want %d", got, before.Ours)
	}
	inviter.wantOld(Established, SYNACK, before.Acceptance(), false)
	inviter.wantOld(Established, SYNACK, after.Acceptance(), true)
}

// §3.6, §2.8: an acceptance that is out holds for the peer's next invitation too, but that is another conversation.
func TestNames_OfAnInvitationBehindTheAnswer(t *testing.T) {
	n := &talker{t: t}
	n.step(Idle, RecvSYN, SynReceived, Label[int]{Name: 7})
	n.step(SynReceived, Accept, SynReceived, Label[int]{})
	first := n.Ours
	again := Snapshot{State: SynReceived, Vars: Vars{Policy: Native(), Answered: true}}
	n.Follow(again, again, Event{On: RecvSYN}, Label[int]{Name: 7}, n.fresh)
	if n.Ours != first {
		t.Errorf("a copy of the SYN changes our name to %d", n.Ours)
	}
	n.Follow(again, again, Event{On: RecvSYN}, Label[int]{Name: 8}, n.fresh)
	if n.Theirs != 8 || n.Ours == first || n.Ours == 0 {
		t.Errorf("names %+v, want a new one of ours", n.Names)
	}
	n.wantOld(SynReceived, FIN, Label[int]{Name: first}, true)

	// Which of the two is the later one nobody can say, but that it is the one which is repeated.
	n.wantOld(SynReceived, SYN, Label[int]{Name: 7}, false)
	n.Follow(again, again, Event{On: RecvSYN}, Label[int]{Name: 7}, n.fresh)
	if n.Theirs != 7 || n.Ours != first || n.Other != 8 {
		t.Errorf("names %+v, want the first again", n.Names)
	}
	over := n.Names
	n.step(SynReceived, RecvFIN, Idle, Label[int]{Name: 7})
	n.wantOld(Idle, SYN, Label[int]{Name: 7}, true)
	n.wantOld(Idle, SYN, Label[int]{Name: 8}, false)
	n.Names = over
	n.step(SynReceived, RecvACK, Established, Label[int]{Name: n.Ours})
	n.wantOld(Established, SYN, Label[int]{Name: 8}, true)
}

// §2.8: a FIN says its sender's own name too; without that it refuses an invitation, and ends nothing that came of a copy of it.
func TestNames_OfARefusalThatIsLate(t *testing.T) {
	n := &talker{t: t}
	n.step(Idle, Invite, SynSent, Label[int]{})
	n.wantOld(SynSent, FIN, Label[int]{Name: 1}, false)
	n.step(SynSent, RecvSYNACK, Established, Label[int]{Name: 1, Second: 7})
	n.wantOld(Established, FIN, Label[int]{Name: 1}, true)
	n.wantOld(Established, FIN, Label[int]{Name: 1, Second: 6}, true)
	n.wantOld(Established, FIN, Label[int]{Name: 1, Second: 7}, false)
	n.wantOld(Established, FIN, Label[int]{Name: 7}, false) // who has forgotten us repeats what we said
}

// A copy of a SYN that was followed by another one begins nothing once both are over.
func TestNames_OfTwoInvitationsThatAreOver(t *testing.T) {
	n := &talker{t: t}
	n.step(Idle, RecvSYN, SynReceived, Label[int]{Name: 7})
	n.step(SynReceived, RecvSYN, SynReceived, Label[int]{Name: 8})
	n.step(SynReceived, Decline, FinWait, Label[int]{})
	n.step(FinWait, Invite, SynSent, Label[int]{})
	for _, name := range []int{7, 8} {
		n.wantOld(SynSent, SYN, Label[int]{Name: name}, true)
	}
}

// §3.14: our invitation may be answered by a peer that has invited anew since we have answered the first time.
func TestNames_OfAnAnswerThatHasCrossedTwoInvitations(t *testing.T) {
	n := &talker{t: t}
	n.step(Idle, Invite, SynSent, Label[int]{})
	ours := n.Ours
	n.step(SynSent, RecvSYN, SynReceived, Label[int]{Name: 7})
	again := Snapshot{State: SynReceived, Vars: Vars{Policy: Native(), Answered: true}}
	n.Follow(again, again, Event{On: RecvSYN}, Label[int]{Name: 8}, n.fresh)
	n.wantOld(SynReceived, SYNACK, Label[int]{Name: ours, Second: 8}, false)
	if n.Ours != ours || n.Theirs != 8 {
		t.Errorf("names %+v, want %d and 8", n.Names, ours)
	}
}

// A FIN ends what it names; answers name what they answer.
func TestNames_OfAnswers(t *testing.T) {
	n := &talker{t: t}
	n.step(Idle, RecvSYN, SynReceived, Label[int]{Name: 7})
	for _, c := range []struct {
		what      string
		got, want int
	}{
		{"ACK of an old FIN", n.Answer(Label[int]{Name: 5}), 5},
		{"ACK of what names nothing", n.Answer(Label[int]{}), 0},
		{"ACK of a SYN+ACK", n.Answer(Label[int]{Name: 3, Second: 5}), 5},
	} {
		if c.got != c.want {
			t.Errorf("%s names %d, want %d", c.what, c.got, c.want)
		}
	}
	invited := n.Names
	n.step(SynReceived, Accept, SynReceived, Label[int]{})
	for _, c := range []struct {
		what string
		by   Names[int]
		of   Packet
		l    Label[int]
		want Label[int]
	}{
		{"of a user who declines", invited, NoPacket, Label[int]{}, Label[int]{Name: 7}},
		{"of a user who leaves", n.Names, NoPacket, Label[int]{}, Label[int]{Name: 7, Second: 1}},
		{"behind the last ACK", n.Names, ACK, Label[int]{Name: 1}, Label[int]{Name: 7, Second: 1}},
		{"for a SYN that has to wait", n.Names, SYN, Label[int]{Name: 5}, Label[int]{Name: 5}},
		{"for an acceptance that nobody waits for", n.Names, SYNACK, Label[int]{Name: 4, Second: 5}, Label[int]{Name: 5, Second: 4}},
		{"for a message of a chat that we do not know", n.Names, CHAT, Label[int]{Name: 5}, Label[int]{Name: 5}},
		{"for a message that names no chat", n.Names, CHAT, Label[int]{}, Label[int]{}},
		{"of who has heard no name", Names[int]{Ours: 3}, NoPacket, Label[int]{}, Label[int]{Name: 3}},
	} {
		if got := c.by.Ending(c.of, c.l); got != c.want {
			t.Errorf("a FIN %s says %+v, want %+v", c.what, got, c.want)
		}
	}
}

// The last conversations are remembered, so that a late SYN of theirs is not taken for a new one; those before are not.
func TestNames_ForgetWhatIsLongOver(t *testing.T) {
	n := &talker{t: t}
	const all = pastNames + 2
	for name := 1; name <= all; name++ {
		n.step(Idle, RecvSYN, SynReceived, Label[int]{Name: name})
		n.step(SynReceived, RecvFIN, Idle, Label[int]{Name: name})
	}
	for name := 1; name < all; name++ {
		n.wantOld(Idle, SYN, Label[int]{Name: name}, name >= all-pastNames)
	}
}
