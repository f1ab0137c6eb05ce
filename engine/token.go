package engine

import (
	"encoding/binary"
	"io"

	"simp/codec"
	"simp/fsm"
)

// tokens are the names of a session's conversations (2.8). Between native peers each SYN names a new one, and every
// answer repeats the name, so that datagrams of an earlier conversation, late or repeated, cannot be taken for this
// one's. Where two invitations cross the conversation has two names, and both count.
type tokens struct {
	ours, theirs codec.Token // named by our SYN, by the peer's
	echoed       bool        // the peer has repeated ours, so it knows about names
	past         [4]codec.Token
	next         uint8 // in past: which to forget next
}

// begin puts the names of the last conversation among the past ones.
func (t *tokens) begin() {
	t.retire(&t.ours)
	t.retire(&t.theirs)
	t.echoed = false
}

func (t *tokens) retire(name *codec.Token) {
	if *name == (codec.Token{}) {
		return
	}
	t.past[t.next%uint8(len(t.past))] = *name
	t.next++
	*name = codec.Token{}
}

// invitedBy takes the name that the peer's SYN gives.
func (t *tokens) invitedBy(name codec.Token) {
	if name != t.theirs {
		t.retire(&t.theirs)
		t.theirs = name
	}
}

// crossedBy takes the name of the peer's own SYN from an acceptance that was sent to answer ours: the two invitations
// have crossed, and that SYN may still be under way.
func (t *tokens) crossedBy(second codec.Token) {
	if second != (codec.Token{}) {
		t.invitedBy(second)
	}
}

// conversation is the name that the peer surely knows: the one that it gave, else ours, which it has repeated.
func (t *tokens) conversation() codec.Token {
	if t.theirs != (codec.Token{}) {
		return t.theirs
	}
	return t.ours
}

// old reports whether a datagram of a native peer belongs to an earlier conversation. One without a name does if the peer
// has shown that it knows names and that we do: it names the conversation always then, and who does not know the name is
// not the peer. As long as our acceptance is not out it may not have heard of us, and take its invitation back without
// any words.
func (t *tokens) old(d *codec.Datagram, state fsm.State) bool {
	name := codec.TokenOf(d.Payload)
	switch d.Kind {
	case codec.SYN:
		if name == (codec.Token{}) {
			return false
		}
		for _, p := range t.past {
			if p == name {
				return true
			}
		}
		return name == t.theirs && state != fsm.SynReceived // a copy of the one that began what is open, or over, by now
	case codec.SYNACK, codec.ACK, codec.FIN:
		if name == (codec.Token{}) {
			return t.echoed || t.theirs != (codec.Token{}) && state != fsm.SynReceived
		}
		t.echoed = t.echoed || name == t.ours
		return t.conversation() != (codec.Token{}) && name != t.ours && name != t.theirs
	case codec.ERR, codec.CHAT, codec.Invalid:
	}
	return false
}

// newCounter draws where to begin to count.
func newCounter(random io.Reader) uint8 {
	var b [1]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return 0
	}
	return b[0]
}

// newToken draws a name.
func newToken(random io.Reader) codec.Token {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return codec.Token{} // without chance we go without names, as peers do that know none
	}
	return codec.TokenFrom(binary.LittleEndian.Uint64(b[:]))
}
