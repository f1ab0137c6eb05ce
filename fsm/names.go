package fsm

// Names are the names of a peer's conversations (2.8). Between native peers each side names each conversation anew, the
// inviting one with its SYN, the invited one with its SYN+ACK, and everything else repeats the name that its receiver gave. So
// nothing which is late or repeated can be taken for a part of another conversation, also not by a daemon that was killed in the
// meantime and remembers nothing: no datagram from before knows the name that it gives now.
//
// N is a name: what travels in datagrams to the engine, a small number to a model checker. Its zero value is no name. The
// machine itself only ever sees Event.Old, so it is the same for peers that name nothing. The zero value of Names knows none.
type Names[N comparable] struct {
	Ours, Theirs N    // given by our SYN or SYN+ACK, by the peer's
	Echoed       bool // the peer has repeated ours, so it knows about names

	// Given by the peer's SYN before the one that gave Theirs, and by us in answer to it. Which of the two SYNs is the later one
	// shows only in which is repeated.
	Other, OursThen N

	Past [pastNames]N
	next uint8 // in Past: which to forget next
}

// pastNames is how many names of the peer's are remembered that are over, to tell a late SYN from a new one. What other
// datagrams name has to be the present conversation, so there is no such limit for them.
const pastNames = 6

// Label is what a datagram says of the conversation to which it belongs.
type Label[N comparable] struct {
	Name   N // of the conversation
	Second N // SYN+ACK, FIN: the name that its sender gives, or gave
}

// StartsAnew reports whether a step begins a conversation, as opposed to going on with one.
func StartsAnew(from, to State) bool {
	switch to {
	case SynSent:
		return from != SynSent
	case SynReceived:
		return from != SynReceived && from != SynSent // two invitations that cross are one conversation
	case Idle, Established, FinWait:
	}
	return false
}

// Follow takes note of a step, before its effects are performed: where it began, where it led, the event, what the datagram
// said that it brought. fresh makes a name, the zero value if we are not to give any.
func (n *Names[N]) Follow(before, next Snapshot, e Event, l Label[N], fresh func() N) {
	none := *new(N)
	native := next.Policy.Labels
	if StartsAnew(before.State, next.State) {
		n.retire(&n.Theirs)
		if e.On != RecvSYN || l.Name != n.Other { // else it was the later one after all
			n.retire(&n.Other)
		}
		n.Ours, n.Other, n.OursThen, n.Echoed = none, none, none, false
	}
	switch {
	case !native || e.Old:
	case e.On == RecvSYN && next.State == SynReceived:
		n.invitedBy(l.Name, before.Answered)
	case e.On == RecvSYNACK && next.State == Established && l.Second != none && l.Second != n.Theirs:
		n.retire(&n.Theirs)
		n.Theirs = l.Second
	}
	if next.State == Established {
		n.retire(&n.Other)
		n.OursThen = none
	}
	invites := next.State == SynSent && before.State != SynSent                         // to whom we need not know yet
	accepts := next.State == SynReceived && next.Answered && native && n.Theirs != none // who names nothing knows no names
	if (invites || accepts) && n.Ours == none {
		n.Ours = fresh()
	}
}

// invitedBy takes the name that a SYN gives. What we have accepted may be over for the peer, so our answer to what it begins now
// needs another name; and the first one again if it comes back to that.
func (n *Names[N]) invitedBy(name N, answered bool) {
	none := *new(N)
	switch {
	case name == n.Theirs:
		return
	case name == n.Other && n.OursThen != none:
		n.Ours, n.OursThen = n.OursThen, n.Ours
	case answered:
		n.Ours, n.OursThen = none, n.Ours
	}
	if name != n.Other {
		n.retire(&n.Other)
	}
	n.Theirs, n.Other = name, n.Theirs
}

// retire puts a name that the peer gave among those of the past. Ours need not be remembered: nobody invites with it.
func (n *Names[N]) retire(name *N) {
	none := *new(N)
	if *name == none {
		return
	}
	n.Past[n.next] = *name
	n.next = (n.next + 1) % pastNames
	*name = none
}

// Conversation is how the peer is told which conversation is meant: by the name that it gave, else by ours.
func (n *Names[N]) Conversation() N {
	if n.Theirs != *new(N) {
		return n.Theirs
	}
	return n.Ours
}

// Acceptance is what our SYN+ACK says: the name that the peer gave, and ours.
func (n *Names[N]) Acceptance() Label[N] { return Label[N]{Name: n.Theirs, Second: n.Ours} }

// Answer is the name that an answer to a datagram carries: the one that the datagram's sender gives in it, or gave in the present
// conversation if it is of that, else the one that the datagram says. None, if it says none: it may be forged.
func (n *Names[N]) Answer(l Label[N]) N {
	none := *new(N)
	switch {
	case l.Second != none:
		return l.Second
	case l.Name != none && l.Name == n.Ours:
		return n.Conversation()
	}
	return l.Name
}

// Ending is what a FIN says: the names of what it answers, which may belong to a conversation that we have no use for or do not
// know, else of the conversation that it ends. received is what the step was about, NoPacket if no datagram. Our own name tells
// a FIN that refuses an invitation from one that ends what came of a second copy of it.
func (n *Names[N]) Ending(received Packet, l Label[N]) Label[N] {
	none := *new(N)
	switch {
	// Nothing, if somebody names nothing who should: our FIN must not end the present chat then.
	case received == SYN || received == CHAT || received == SYNACK && l.Second == none:
		return Label[N]{Name: l.Name}
	case received == SYNACK:
		return Label[N]{Name: l.Second, Second: l.Name}
	case n.Theirs == none:
		return Label[N]{Name: n.Ours}
	}
	return Label[N]{Name: n.Theirs, Second: n.Ours}
}

// Old reports whether a native peer's datagram belongs to an earlier conversation. One without a name does if the peer has
// shown that it knows names: it gives one always then, also to somebody of whom it has heard nothing, and who does not is not the
// peer. Only a SYN without a name may come from whoever has taken the peer's place, but not while the two agree on a conversation.
// What the datagram shows of what the peer knows is noted.
func (n *Names[N]) Old(p Packet, l Label[N], in State) bool {
	none := *new(N)
	switch p {
	case SYN:
		if l.Name == none {
			return in == SynReceived && n.Theirs != none || in == SynSent && n.Echoed
		}
		for _, past := range n.Past {
			if past == l.Name {
				return true
			}
		}
		return l.Name == n.Theirs && in != SynReceived // a copy of the one that began what is open, or over, by now
	case SYNACK, ACK, FIN, ERR, CHAT:
		if l.Name == none {
			return n.Echoed || n.Theirs != none
		}
		switch {
		case l.Name != n.OursThen:
		case l.Second != none && l.Second == n.Theirs: // it answers our invitation, which has crossed both
			n.Ours, n.OursThen = n.OursThen, none
		default: // so the peer is in the one before, and the SYN since then was late
			n.Ours, n.OursThen, n.Theirs, n.Other = n.OursThen, n.Ours, n.Other, n.Theirs
		}
		n.Echoed = n.Echoed || l.Name == n.Ours
		// Whoever accepts what was accepted already knows nothing of that, or has sent this before it forgot. And whoever ends a
		// conversation in which it has given a name, says that name: else it has refused the invitation that led to it, before.
		if other := l.Second != n.Theirs && n.Theirs != none; other && (l.Second != none || p == FIN && l.Name == n.Ours) {
			return true
		}
		// Who has heard our name says it. That it has proves besides that the peer is where it seems to be (9.3).
		if proves := p == ACK || p == CHAT; proves && n.Ours != none && n.Theirs != none {
			return l.Name != n.Ours
		}
		return n.Conversation() != none && l.Name != n.Ours && l.Name != n.Theirs
	case NoPacket:
	}
	return false
}
