package fsm

// Names are the names of a peer's conversations (2.8): which one is going on, and which ones are over. Between native peers
// each SYN names a new conversation, and everything else says to which it belongs, so that nothing which is late or repeated
// can be taken for a part of another one. Where two invitations cross the conversation has two names, and both count.
//
// N is a name: what travels in datagrams to the engine, a small number to a model checker. Its zero value is no name. The
// machine itself only ever sees Event.Old, so it is the same for peers that name nothing. The zero value of Names knows none.
type Names[N comparable] struct {
	Ours, Theirs N    // given by our SYN, by the peer's
	Echoed       bool // the peer has repeated ours, so it knows about names
	Past         [pastNames]N
	next         uint8 // in Past: which to forget next
}

// pastNames is how many conversations that are over are remembered, to tell a late SYN of theirs from a new one. What other
// datagrams name has to be the present one, so there is no such limit for them.
const pastNames = 4

// Label is what a datagram says of the conversation to which it belongs.
type Label[N comparable] struct {
	Name   N // of the conversation
	Second N // SYN+ACK: of the sender's own invitation, if the two crossed
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

// Follow takes note of a step, before its effects are performed: from where to where it led, the event, what the datagram
// said that it brought. fresh makes a name for a new invitation of ours, the zero value if it is not to have one.
func (n *Names[N]) Follow(from, to State, e Event, native bool, l Label[N], fresh func() N) {
	begins := StartsAnew(from, to)
	if begins {
		n.retire(&n.Ours)
		n.retire(&n.Theirs)
		n.Echoed = false
	}
	switch {
	case begins && to == SynSent:
		n.Ours = fresh()
	case e.On == RecvSYN && !e.Old && to == SynReceived && native:
		n.invitedBy(l.Name)
	case e.On == RecvSYNACK && !e.Old && to == Established && native && l.Second != *new(N):
		n.invitedBy(l.Second) // the peer's own SYN may still be under way
	}
}

func (n *Names[N]) retire(name *N) {
	if *name == *new(N) {
		return
	}
	n.Past[n.next] = *name
	n.next = (n.next + 1) % pastNames
	*name = *new(N)
}

func (n *Names[N]) invitedBy(name N) {
	if name != n.Theirs {
		n.retire(&n.Theirs)
		n.Theirs = name
	}
}

// Conversation is the name that the peer surely knows: the one that it gave, else ours, which it has repeated.
func (n *Names[N]) Conversation() N {
	if n.Theirs != *new(N) {
		return n.Theirs
	}
	return n.Ours
}

// Acceptance is what our SYN+ACK says: the name that the peer gave, and our own where both have invited.
func (n *Names[N]) Acceptance() Label[N] { return Label[N]{Name: n.Theirs, Second: n.Ours} }

// Answer is the name that an answer to a datagram carries: that of the conversation which the datagram names, else of the
// present one.
func (n *Names[N]) Answer(l Label[N]) N {
	if l.Name != *new(N) {
		return l.Name
	}
	return n.Conversation()
}

// Ending is the name that a FIN carries: of what it answers, which may belong to a conversation that we have no use for or do not
// know, else of the one that it ends. received is what the step was about, NoPacket if no datagram.
func (n *Names[N]) Ending(received Packet, l Label[N]) N {
	switch received {
	case SYN, SYNACK, CHAT:
		return n.Answer(l)
	case NoPacket, ACK, FIN, ERR:
	}
	return n.Conversation()
}

// Old reports whether a native peer's datagram belongs to an earlier conversation. One without a name does if the peer has
// shown that it knows names and that we do: it names the conversation always then, and who does not know the name is not the
// peer. As long as our acceptance is not out it may not have heard of us, and take its invitation back without any words.
func (n *Names[N]) Old(p Packet, l Label[N], in State) bool {
	none := *new(N)
	switch p {
	case SYN:
		if l.Name == none {
			return false
		}
		for _, past := range n.Past {
			if past == l.Name {
				return true
			}
		}
		return l.Name == n.Theirs && in != SynReceived // a copy of the one that began what is open, or over, by now
	case SYNACK, ACK, FIN, ERR, CHAT:
		if l.Name == none {
			return n.Echoed || n.Theirs != none && in != SynReceived
		}
		n.Echoed = n.Echoed || l.Name == n.Ours
		return n.Conversation() != none && l.Name != n.Ours && l.Name != n.Theirs
	case NoPacket:
	}
	return false
}
