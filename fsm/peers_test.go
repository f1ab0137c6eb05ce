package fsm

import (
	"errors"
	"testing"
)

var (
	errHarmed     = errors.New("the peer received a number that harms it")
	errShownTwice = errors.New("the peer has shown a message twice")
)

// trackingPeer counts every datagram, as Tracked says. It accepts an invitation by itself and never leaves.
type trackingPeer struct {
	expects uint8 // 1 minus the number of the last datagram that it received
	invited bool  // it has sent its SYN
	open    bool  // its handshake is over
	closing bool  // it has answered a FIN with its own and waits for the ACK
	fin     uint8 // the number of that FIN
}

func (p trackingPeer) inChat() bool { return p.open && !p.closing }

func (p trackingPeer) hear(d datagram, far *farSide) (peer, error) {
	expected := p.expects
	right := d.seq == expected
	p.expects = d.seq ^ 1
	switch d.kind {
	case SYN:
		if !right {
			return p, errHarmed
		}
		if !p.open {
			far.send(datagram{kind: SYNACK, seq: 1})
		}
	case SYNACK:
		if !right {
			return p, errHarmed
		}
		far.send(datagram{kind: ACK, seq: d.seq})
		p.open = true
	case CHAT:
		if !right {
			return p, errHarmed
		}
		again := far.taken(d)
		far.send(datagram{kind: ACK, seq: d.seq})
		far.send(datagram{kind: ACK, seq: d.seq})
		if again {
			return p, errShownTwice
		}
	case ACK:
		switch {
		case p.closing: // whatever its number
			p.closing, p.fin = false, 0
		case right:
			p.open = true
		case !p.open:
			return p, errHarmed
		default:
			far.send(datagram{kind: ERR, seq: expected, reason: Misnumbered})
		}
	case FIN: // whatever its number
		far.send(datagram{kind: ERR, seq: d.seq, reason: Busy})
		far.send(datagram{kind: FIN, seq: d.seq})
		p.closing, p.fin = true, d.seq
	case ERR, NoPacket:
	}
	return p, nil
}

func (p trackingPeer) mayDo(d deed) bool {
	switch d {
	case peerInvites:
		return !p.invited && !p.open && !p.closing && p.expects == 0
	case peerWrites:
		return p.inChat()
	case peerRepeats:
		return p.closing
	default:
		return false
	}
}

func (p trackingPeer) do(d deed, far *farSide) peer {
	switch d {
	case peerInvites:
		far.send(datagram{kind: SYN})
		p.invited, p.expects = true, 1
	case peerWrites:
		far.send(datagram{kind: CHAT, msg: far.written()})
	case peerRepeats:
		far.send(datagram{kind: FIN, seq: p.fin})
	default:
	}
	return p
}

// §4.14: "Where a peer counts every datagram and is harmed by a wrong number, our datagrams follow its counter". The cases with
// an error record what the machine cannot prevent, or does not yet; each story is the shortest there is.
func TestMatch_ATrackingPeerIsNotHarmed(t *testing.T) {
	weInvite, itInvites := [2]uint8{1, 0}, [2]uint8{0, 1}
	for name, c := range map[string]struct {
		game
		want error
	}{
		"it invites": {game: game{bounds: bounds{invites: itInvites}}},
		"we invite":  {game: game{bounds: bounds{invites: weInvite}}},
		// An ERR from before our message says, after it, what the peer had expected.
		"it invites, slow network":           {game: game{bounds: bounds{invites: itInvites}, lag: true}},
		"we invite, slow network":            {game: game{bounds: bounds{invites: weInvite}, lag: true}},
		"we invite, its FIN crosses our ACK": {game: game{bounds: bounds{invites: weInvite}, hasty: true}},
		// Two SYNs on their way to each other have the same number, and nobody knew better.
		"invitations cross": {game: game{bounds: bounds{invites: [2]uint8{1, 1}}}, want: errHarmed},
		// §3.7: a second SYN is sent only when our user says so, and has been told that nobody answers.
		"we invite twice": {game: game{bounds: bounds{invites: [2]uint8{2, 0}}}},
		// The ACKs of a message and of the probes after it were lost: the peer expects the message's number again.
		"both ACKs are lost": {game: game{bounds: bounds{invites: itInvites}, once: true}, want: errShownTwice},
	} {
		t.Run(name, func(t *testing.T) {
			g := c.game
			g.policy, g.decide, g.peer, g.settle = named(t, "tracked"), Next, trackingPeer{}, answersInCalm(1)
			g.room, g.messages = mostRoom, [2]uint8{2, 1}
			if *deep {
				g.messages = [2]uint8{3, 2}
			}
			g.deeds = []deed{peerInvites, peerWrites, peerRepeats}
			g.ends(t, c.want)
		})
	}
}

// sharingPeer has one counter for both directions, as Shared says. While a message or a FIN of its own waits for its ACK it
// hears nothing else.
type sharingPeer struct {
	phase   sharingPhase
	counter uint8
	msg     uint8 // sharingWaits: the message in flight
}

type sharingPhase uint8

const (
	sharingIdle     sharingPhase = iota
	sharingInvites               // its SYN is out
	sharingAccepted              // its SYN+ACK is out
	sharingOpen
	sharingWaits  // a message of its own waits for its ACK
	sharingLeaves // its FIN waits for its ACK
	sharingOver
)

func (p sharingPeer) inChat() bool { return p.phase == sharingOpen || p.phase == sharingWaits }

func (p sharingPeer) hear(d datagram, far *farSide) (peer, error) {
	ours := d.seq == p.counter
	answer := func(kind Packet) { far.send(datagram{kind: kind, seq: d.seq}) }
	switch {
	case p.phase == sharingIdle && d.kind == SYN:
		answer(SYNACK)
		p.phase = sharingAccepted
	case p.phase == sharingInvites && d.kind == SYNACK:
		answer(ACK)
		p.phase, p.counter = sharingOpen, 1
	case p.phase == sharingInvites && d.kind == FIN, p.phase == sharingAccepted && d.kind == FIN:
		answer(ACK)
		p.phase = sharingOver
	case p.phase == sharingAccepted && d.kind == ACK:
		p.phase, p.counter = sharingOpen, 1
	case p.phase == sharingOpen && d.kind == SYNACK:
		answer(ACK)
	case p.phase == sharingOpen && d.kind == CHAT && ours:
		answer(ACK)
		p.counter ^= 1
		if far.taken(d) {
			return p, errShownTwice
		}
	case p.phase == sharingOpen && d.kind == FIN && ours, p.phase == sharingOver && d.kind == FIN:
		answer(ACK)
		p.phase = sharingOver
	case p.phase == sharingWaits && d.kind == ACK && ours:
		err := far.acknowledged(p.msg)
		return sharingPeer{phase: sharingOpen, counter: p.counter ^ 1}, err
	case p.phase == sharingLeaves && d.kind == ACK && ours:
		p.phase = sharingOver
	}
	return p, nil
}

func (p sharingPeer) mayDo(d deed) bool {
	switch d {
	case peerInvites:
		return p.phase == sharingIdle
	case peerWrites, peerLeaves:
		return p.phase == sharingOpen
	case peerRepeats:
		return p.phase == sharingAccepted || p.phase == sharingWaits || p.phase == sharingLeaves
	default:
		return false
	}
}

func (p sharingPeer) do(d deed, far *farSide) peer {
	switch d {
	case peerInvites:
		p.phase = sharingInvites
		far.send(datagram{kind: SYN})
	case peerWrites:
		p.phase, p.msg = sharingWaits, far.written()
		far.send(datagram{kind: CHAT, seq: p.counter, msg: p.msg})
	case peerLeaves:
		p.phase = sharingLeaves
		far.send(datagram{kind: FIN, seq: p.counter})
	case peerRepeats:
		switch p.phase {
		case sharingAccepted:
			far.send(datagram{kind: SYNACK})
		case sharingWaits:
			far.send(datagram{kind: CHAT, seq: p.counter, msg: p.msg})
		default:
			far.send(datagram{kind: FIN, seq: p.counter})
		}
	default:
	}
	return p
}

// A peer whose counter numbers both directions: nothing is shown twice or out of order at our side, nothing is reported as
// delivered that was not, and whatever was lost, one of the next messages arrives. The cases with an error record what the
// machine cannot prevent, or does not yet.
func TestMatch_ASharingPeerIsUnderstood(t *testing.T) {
	weInvite, itInvites := [2]uint8{1, 0}, [2]uint8{0, 1}
	for name, c := range map[string]struct {
		game
		invites [2]uint8
		anyACK  bool
		want    error
	}{
		"it invites":               {invites: itInvites},
		"we invite":                {invites: weInvite},
		"it invites, slow network": {invites: itInvites, game: game{lag: true}},
		"we invite, slow network":  {invites: weInvite, game: game{lag: true}},
		// It shows none of ours twice either, as long as its own messages differ.
		"once only": {invites: itInvites, game: game{lag: true, once: true}},
		// The late ACK of a message that was given up is taken for the next one's, if no number tells them apart.
		"any ACK counts, slow network": {invites: weInvite, anyACK: true, game: game{lag: true}, want: errNotDelivered},
		// A new message that reads like the last one cannot be told from its copy if the ACK of ours in between was
		// lost, or not believed (§4.9).
		"same words": {invites: itInvites, game: game{same: true}, want: errLost},
	} {
		t.Run(name, func(t *testing.T) {
			g := c.game
			g.policy, g.decide, g.peer, g.settle = named(t, "shared"), Next, sharingPeer{}, answersInCalm(3)
			g.policy.AnyACK = c.anyACK
			g.room, g.messages, g.invites = 2, [2]uint8{2, 2}, c.invites
			if *deep {
				g.messages = [2]uint8{3, 2}
			}
			g.deeds = []deed{peerInvites, peerWrites, peerRepeats, peerLeaves}
			g.ends(t, c.want)
		})
	}
}

// ends searches, and expects that the shortest story which ends badly ends like this; nil: that there is none.
func (g *game) ends(t *testing.T, want error) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	matches, err := g.search()
	if !errors.Is(err, want) {
		t.Fatalf("after %d matches: %v, want %v", matches, err, want)
	}
	t.Logf("%d matches: %v", matches, err)
}
