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

func TestSearchTracked(t *testing.T) {
	for name, g := range map[string]game{
		"we invite":  {bounds: bounds{room: 3, messages: [2]uint8{2, 1}, invites: [2]uint8{1, 0}}},
		"it invites": {bounds: bounds{room: 3, messages: [2]uint8{2, 1}, invites: [2]uint8{0, 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			g.policy, g.decide, g.peer = named(t, "tracked"), Next, trackingPeer{}
			g.deeds = []deed{peerInvites, peerWrites, peerRepeats}
			g.prompt, g.twice = true, true
			n, err := g.search()
			t.Logf("%d matches: %v", n, err)
		})
	}
}
