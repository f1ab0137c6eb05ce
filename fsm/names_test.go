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
	n.Follow(from, to, Event{On: on}, true, l, n.fresh)
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
	n.wantOld(SynSent, ACK, Label[int]{Name: 1}, false)
	for _, p := range others {
		n.wantOld(SynSent, p, Label[int]{}, true) // "One without a name counts as one of those once the peer has shown that it knows ours."
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
	n.wantOld(SynReceived, FIN, Label[int]{}, false)        // it may not have heard of us, and withdraw without a name
	if got := n.Acceptance(); got != (Label[int]{Name: 7}) {
		t.Errorf("the acceptance says %+v", got)
	}
	n.step(SynReceived, RecvACK, Established, Label[int]{Name: 7})
	n.wantOld(Established, SYN, Label[int]{Name: 7}, true)
	n.wantOld(Established, SYN, Label[int]{Name: 8}, false) // it has restarted
	n.wantOld(Established, SYN, Label[int]{}, false)
	for _, p := range others {
		n.wantOld(Established, p, Label[int]{}, true)
		n.wantOld(Established, p, Label[int]{Name: 8}, true)
		n.wantOld(Established, p, Label[int]{Name: 7}, false)
	}
	n.step(Established, RecvSYN, SynReceived, Label[int]{Name: 8})
	n.wantOld(SynReceived, SYN, Label[int]{Name: 7}, true)
	n.wantOld(SynReceived, CHAT, Label[int]{Name: 7}, true)
}

// §2.8: "A SYN+ACK for an invitation that crossed the sender's own names both, the one that it answers first."
func TestNames_OfInvitationsThatCross(t *testing.T) {
	n := &talker{t: t}
	n.step(Idle, Invite, SynSent, Label[int]{})
	n.step(SynSent, RecvSYN, SynReceived, Label[int]{Name: 7})
	if got := n.Acceptance(); got != (Label[int]{Name: 7, Second: 1}) || n.Conversation() != 7 {
		t.Errorf("the acceptance says %+v in conversation %d", got, n.Conversation())
	}
	for _, name := range []int{1, 7} {
		n.wantOld(SynReceived, CHAT, Label[int]{Name: name}, false)
	}
	over := &talker{t: t}
	over.step(Idle, Invite, SynSent, Label[int]{})
	over.step(SynSent, RecvSYNACK, Established, Label[int]{Name: 1, Second: 7})
	over.wantOld(Established, SYN, Label[int]{Name: 7}, true) // it was overtaken by its answer
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
		{"ACK of what names nothing", n.Answer(Label[int]{}), 7},
		{"FIN of the user", n.Ending(NoPacket, Label[int]{}), 7},
		{"FIN for an acceptance that nobody waits for", n.Ending(SYNACK, Label[int]{Name: 5}), 5},
		{"FIN for a message of a chat that we do not know", n.Ending(CHAT, Label[int]{Name: 5}), 5},
		{"FIN behind the last ACK", n.Ending(ACK, Label[int]{Name: 5}), 7},
	} {
		if c.got != c.want {
			t.Errorf("%s names %d, want %d", c.what, c.got, c.want)
		}
	}
}

// The last conversations are remembered, so that a late SYN of theirs is not taken for a new one; those before are not.
func TestNames_ForgetWhatIsLongOver(t *testing.T) {
	n := &talker{t: t}
	const all = pastNames + 2
	for name := 1; name <= all; name++ {
		n.step(Idle, RecvSYN, SynReceived, Label[int]{Name: name})
	}
	for name := 1; name < all; name++ {
		n.wantOld(Idle, SYN, Label[int]{Name: name}, name >= all-pastNames)
	}
}
