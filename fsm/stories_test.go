package fsm

import (
	"errors"
	"testing"
)

// story is a link on which a test plays, step by step.
type story struct {
	t *testing.T
	link
	decide next
}

const alice, bob = 0, 1

func tell(t *testing.T, p Policy) *story {
	t.Helper()
	return &story{t: t, link: newLink(p, mostRoom), decide: Next}
}

func (s *story) acts(i int, on Input) { s.t.Helper(); s.check(s.user(s.decide, i, on)) }
func (s *story) fires(i int, t Timer) { s.t.Helper(); s.check(s.due(s.decide, i, t)) }
func (s *story) hears(i int, p Packet) {
	s.t.Helper()
	s.expect(i, p)
	s.check(s.arrive(s.decide, i, false, true))
}
func (s *story) loses(i int, p Packet) { s.t.Helper(); s.expect(i, p); s.to[i].pop() }

func (s *story) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.String())
	}
}

// expect fails unless p is the next datagram for side i: a story that plays other datagrams than it tells proves nothing.
func (s *story) expect(i int, p Packet) {
	s.t.Helper()
	if s.to[i].n == 0 || s.to[i].at[0].kind != p {
		s.t.Fatalf("%s is not the next datagram for %c\n%s", p, "AB"[i], s.String())
	}
}

// calm hands over whatever is on its way, until nothing is.
func (s *story) calm() {
	s.t.Helper()
	for range 100 {
		switch {
		case s.to[alice].n > 0:
			s.check(s.arrive(s.decide, alice, false, true))
		case s.to[bob].n > 0:
			s.check(s.arrive(s.decide, bob, false, true))
		default:
			return
		}
	}
	s.t.Fatalf("the two do not come to rest\n%s", s.String())
}

func (s *story) both(want State) {
	s.t.Helper()
	if a, b := s.side[alice].snap.State, s.side[bob].snap.State; a != want || b != want {
		s.t.Errorf("both in %s expected\n%s", want, s.String())
	}
}

// delivered expects that bob has got so many messages of alice's, and that she knows.
func (s *story) delivered(n uint8) {
	s.t.Helper()
	if a, b := s.side[alice], s.side[bob]; a.said != n || a.head != n || a.snap.InFlight || b.got != 1<<n-1 {
		s.t.Errorf("%d messages delivered and reported expected\n%s", n, s.String())
	}
}

// §3.4: "Both are in a chat."
// §6.1: "The side that leaves sends FIN. The other answers ACK, then tells its user."
func TestLink_FromInvitationToGoodbye(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		s := tell(t, p)
		s.acts(alice, Invite)
		s.calm()
		s.acts(bob, Accept)
		s.calm()
		s.both(Established)
		for range 3 {
			s.acts(alice, Say)
		}
		s.calm()
		s.delivered(3)
		s.acts(bob, Leave)
		s.calm()
		s.both(Idle)
	})
}

// §3.8: "SYN+ACK is repeated by the timer alone"
func TestLink_TheSYNACKIsLost(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		s := tell(t, p)
		s.acts(alice, Invite)
		s.calm()
		s.acts(bob, Accept)
		s.loses(alice, SYNACK)
		s.fires(bob, Retransmit)
		s.calm()
		s.both(Established)
	})
}

// §3.9: "A SYN+ACK that is repeated in an open chat is acknowledged again: the final ACK was lost."
func TestLink_TheFinalACKIsLost(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		s := tell(t, p)
		s.acts(alice, Invite)
		s.calm()
		s.acts(bob, Accept)
		s.hears(alice, SYNACK)
		s.loses(bob, ACK)
		s.fires(bob, Retransmit)
		s.calm()
		s.both(Established)
	})
}

// §3.10: "A chat datagram from a peer whose chat we have accepted stands for the final ACK that was lost or overtaken."
func TestLink_TheFinalACKIsLostAndChatComesFirst(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		s := tell(t, p)
		s.acts(alice, Invite)
		s.calm()
		s.acts(bob, Accept)
		s.hears(alice, SYNACK)
		s.acts(alice, Say)
		s.loses(bob, ACK)
		s.hears(bob, CHAT)
		s.calm()
		s.both(Established)
		s.delivered(1)
	})
}

// §3.14: "Two SYNs that cross: both users have agreed. Both daemons answer SYN+ACK, and the chat opens without asking."
func TestLink_InvitationsCross(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		s := tell(t, p)
		s.acts(alice, Invite)
		s.acts(bob, Invite)
		s.calm()
		s.both(Established)
		s.acts(alice, Say)
		s.calm()
		if p.Labels {
			s.delivered(1)
			return
		}
		// §4.9: Alice's SYN+ACK may have been acknowledged, so the first ACK of her message is not believed.
		s.fires(alice, Retransmit)
		s.calm()
		s.delivered(1)
	})
}

// §6.4: "Two FINs that cross are both answered, and both sides are done."
func TestLink_GoodbyesCross(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		s := tell(t, p)
		s.acts(alice, Invite)
		s.calm()
		s.acts(bob, Accept)
		s.calm()
		s.acts(alice, Leave)
		s.acts(bob, Leave)
		s.calm()
		s.both(Idle)
	})
}

// §5.4: "A SYN from the current partner means that the partner has lost its state"
func TestLink_OneDaemonRestarts(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		s := tell(t, p)
		s.acts(alice, Invite)
		s.calm()
		s.acts(bob, Accept)
		s.calm()
		s.side[alice] = newLink(p, mostRoom).side[alice]
		s.acts(alice, Invite)
		s.calm()
		s.acts(bob, Accept)
		s.calm()
		s.both(Established)
		s.acts(alice, Say)
		s.calm()
		s.delivered(1)
	})
}

// The acknowledgement hole, in nine steps, with nothing but one loss. §4.9: "Without this rule a lost first message is
// reported as delivered."
func acknowledgementHole(s *story) error {
	s.t.Helper()
	s.acts(alice, Invite)
	s.hears(bob, SYN)
	s.acts(bob, Accept)
	s.hears(alice, SYNACK)   // 1, 2: Bob's SYN+ACK, Alice's ACK
	s.fires(bob, Retransmit) // 3: Bob's timer is faster than that ACK
	s.hears(alice, SYNACK)   // 4
	// 5: Alice acknowledges again
	s.hears(bob, ACK)    // 6: the first ACK opens Bob's chat
	s.acts(bob, Say)     // 7
	s.loses(alice, CHAT) // 8: his message is lost
	s.expect(bob, ACK)
	return s.arrive(s.decide, bob, false, true) // 9: the second ACK looks exactly like its acknowledgement
}

func TestLink_TheAcknowledgementHoleIsClosed(t *testing.T) {
	s := tell(t, Legacy())
	if err := acknowledgementHole(s); err != nil {
		t.Fatal(err)
	}
	if !s.side[bob].snap.InFlight || s.side[bob].head != 0 {
		t.Fatalf("Bob's lost message is not in flight any more\n%s", s.String())
	}
	s.fires(bob, Retransmit)
	s.calm()
	if s.side[alice].got != 1 || s.side[bob].head != 1 {
		t.Errorf("Bob's message did not arrive after all\n%s", s.String())
	}
}

func TestLink_TheAcknowledgementHoleIsOpenWithoutItsRule(t *testing.T) {
	s := tell(t, Legacy())
	s.decide = without("established/late-handshake-ack")
	if err := acknowledgementHole(s); !errors.Is(err, errNotDelivered) {
		t.Errorf("the step says %v, want %v: the rule would not be needed", err, errNotDelivered)
	}
}

// A limit, not a promise: the machine itself, without names (Names), cannot tell to which chat a datagram belongs. It takes
// datagrams that are late by several acts of both users.
func TestLink_AnEarlierChatIsNotToldApart(t *testing.T) {
	// A repeated SYN, an ACK and a message of a chat that is over are still on their way to Bob when the two have invited
	// each other anew. He takes them for the new chat's, and Alice takes his ACK for that of her new message.
	t.Run("native", func(t *testing.T) {
		s := tell(t, Native())
		s.acts(alice, Invite)
		s.fires(alice, Retransmit)
		s.hears(bob, SYN)
		s.hears(alice, ACK)
		s.acts(bob, Accept)
		s.hears(alice, SYNACK)
		s.acts(alice, Say) // on their way to Bob: SYN, ACK, CHAT
		s.acts(bob, Cancel)
		s.hears(alice, FIN) // her first message is dropped with the chat, and she is told
		s.acts(bob, Invite)
		s.hears(alice, SYN)
		s.acts(alice, Accept)
		s.hears(bob, SYN)
		s.hears(alice, SYNACK)
		s.acts(alice, Say) // her second message finds no room on the wire
		s.hears(bob, ACK)
		s.hears(bob, CHAT)
		s.expect(alice, ACK)
		if err := s.arrive(s.decide, alice, false, true); !errors.Is(err, errNotDelivered) {
			t.Errorf("the last step says %v, want %v", err, errNotDelivered)
		}
	})
	// Alice's second SYN, which she sent by hand, invites Bob once more after he has taken his acceptance back. The ACKs of
	// his SYN+ACK and of his FIN then open a chat that she does not know of, and deliver a message that she never saw.
	t.Run("legacy", func(t *testing.T) {
		s := tell(t, Legacy())
		s.acts(alice, Invite)
		s.acts(alice, Invite)
		s.hears(bob, SYN)
		s.acts(bob, Accept)
		s.hears(alice, SYNACK)
		s.acts(bob, Cancel)
		s.hears(bob, SYN)
		s.hears(alice, FIN)
		s.acts(bob, Accept)
		s.hears(bob, ACK)
		s.acts(bob, Say)
		s.expect(bob, ACK)
		if err := s.arrive(s.decide, bob, false, true); !errors.Is(err, errNotDelivered) {
			t.Errorf("the last step says %v, want %v", err, errNotDelivered)
		}
	})
}

// §4.15: "To a legacy peer of unknown kind the copy after the third carries the other number, since some count from 1." One that
// counts from 0 has to be silent for three copies before it is mistaken for one of those; then it shows the message twice.
func TestLink_TheOtherNumberShowsAMessageTwice(t *testing.T) {
	s := tell(t, Legacy())
	s.acts(alice, Invite)
	s.calm()
	s.acts(bob, Accept)
	s.calm()
	s.acts(alice, Say)
	s.hears(bob, CHAT) // and every ACK of it is lost
	s.loses(alice, ACK)
	for range 2 {
		s.fires(alice, Retransmit)
		s.hears(bob, CHAT) // a duplicate, and known as one
		s.loses(alice, ACK)
	}
	s.fires(alice, Retransmit)
	s.expect(bob, CHAT)
	if err := s.arrive(s.decide, bob, false, true); !errors.Is(err, errTwice) {
		t.Errorf("the fourth copy says %v, want %v", err, errTwice)
	}
}

// A limit, not a promise: what follows the fourth copy has the number of the first three again (§4.15), so an ACK of them that
// is late by four retransmission times is taken for that of the next message. It needs silence in between, or the other
// number's ACK would have come behind it. Without the fourth copy it takes an ACK that is late by six.
func TestLink_AnACKOfTheMessageBeforeTheLastIsNotToldApart(t *testing.T) {
	for name, p := range map[string]Policy{"other number tried": Legacy(), "not tried": knownNumbers()} {
		t.Run(name, func(t *testing.T) {
			s := tell(t, p)
			s.acts(alice, Invite)
			s.calm()
			s.acts(bob, Accept)
			s.calm()
			s.acts(alice, Say)
			s.hears(bob, CHAT) // his ACK stays on its way until the end
			silence := func(copies int) {
				t.Helper()
				for range copies {
					s.fires(alice, Retransmit)
					s.loses(bob, CHAT)
				}
				s.fires(alice, Retransmit)
			}
			if p.TriesOther {
				silence(3)
			} else {
				silence(2)
				s.acts(alice, Say)
				s.loses(bob, CHAT)
				silence(2)
			}
			s.acts(alice, Say)
			s.loses(bob, CHAT)
			s.expect(alice, ACK)
			if err := s.arrive(s.decide, alice, false, true); !errors.Is(err, errNotDelivered) {
				t.Errorf("the late ACK says %v, want %v", err, errNotDelivered)
			}
		})
	}
}
