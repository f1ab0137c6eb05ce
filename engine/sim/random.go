package sim

import (
	"fmt"
	"strings"
	"time"

	"simp/codec/client"
	"simp/engine/double"
	"simp/fsm"
)

// What users do who act at random. Two users of ours do anything at any moment. With a daemon of another make they do what
// people can do who have read what it bears: it is not the point that it can be killed, but that we do not.

// manners is what is agreed on among users who act at random.
type manners struct {
	crash   bool // daemons are killed too
	patient bool // nobody withdraws an invitation to a daemon of another make
	calls   bool // users of kind b call; otherwise they are called, since two invitations that cross end it
	wordy   bool // users write the same words again, and at length
}

// schedule has u act so many times at random, with less than a pace between two acts, and returns when the last one is.
func (s *stage) schedule(u *user, acts int, pace time.Duration, m manners) time.Duration {
	at := s.Elapsed()
	for range acts {
		at += time.Duration(s.rand.Int64N(int64(pace)))
		s.push(item{at: at, late: true, do: func() { s.actAtRandom(u, m) }})
	}
	return at
}

func (s *stage) actAtRandom(u *user, m manners) {
	o := u.others[s.rand.IntN(len(u.others))]
	switch {
	case u.guest != nil:
		s.actAsGuest(u, o, m)
	case o.guest != nil:
		s.actWithGuest(u, o, m)
	default:
		s.actFreely(u, o, m)
	}
}

// write has u write its next message: it says who wrote it, and the how manieth it is.
func (s *stage) write(u, o *user, m manners) {
	u.written++
	text := ""
	if m.wordy {
		switch dice := s.rand.IntN(6); {
		case dice < 2:
			u.written = max(1, u.written-1)
		case dice < 3: // much longer than what another make reads at once, if it is ours
			words := 50
			if u.node != nil {
				words = 400
			}
			text = strings.Repeat(" word", s.rand.IntN(words))
		}
	}
	s.do(u, Says, o, fmt.Sprintf("%s %d%s", u.name, u.written, text))
}

func (s *stage) actFreely(u, o *user, m manners) {
	switch dice := s.rand.IntN(20); {
	case dice < 4:
		s.do(u, Invites, o, "")
	case dice < 7:
		s.do(u, Accepts, o, "")
	case dice < 8:
		s.do(u, Declines, o, "")
	case dice < 9:
		s.do(u, Cancels, o, "")
	case dice < 16:
		s.write(u, o, m)
	case dice < 18:
		s.do(u, Leaves, o, "")
	case dice < 19:
		s.do(u, LeavesNow, o, "")
	case m.crash && s.rand.IntN(3) == 0:
		s.do(u, Crashes, nil, "")
	}
}

func (s *stage) actWithGuest(u, o *user, m manners) {
	switch dice := s.rand.IntN(20); {
	case dice < 3:
		if state := u.stateOf(o); state == fsm.SynSent || state == fsm.FinWait {
			return // "again" is our user's to say, who may see that the other's is only slow
		}
		if o.kind == double.B && (m.calls || o.worn) {
			return // nor does it bear a second one without a new start
		}
		s.do(u, Invites, o, "")
	case dice < 6:
		s.do(u, Accepts, o, "")
	case dice < 7:
		s.do(u, Declines, o, "")
	case dice < 8 && m.patient:
	case dice < 8:
		s.do(u, Cancels, o, "")
	case dice < 18:
		for range 1 + s.rand.IntN(3) { // also several lines typed at once
			s.write(u, o, m)
		}
	default:
		s.do(u, Leaves, o, "")
	}
}

func (s *stage) actAsGuest(u, o *user, m manners) {
	dice := s.rand.IntN(20)
	lines := 1 + s.rand.IntN(2)
	switch d := u.guest.Double; {
	case !d.Attached() && u.worn && u.kind == double.A: // it is about to be started anew
	case !d.Attached():
		s.do(u, Attaches, nil, "")
	case u.kind == double.B && (dice < 4 && (!m.calls || u.worn) || dice == 8 || dice >= 18):
		// It says to nobody that its user has declined or left, so our next datagram would find it without one.
	case dice < 4:
		s.do(u, Invites, o, "")
	case dice < 8:
		s.do(u, Accepts, o, "")
	case dice < 9:
		s.do(u, Declines, o, "")
	case dice < 18:
		if d.InChat() { // its client has no place to type otherwise
			for range lines {
				s.write(u, o, m)
			}
		}
	default:
		s.do(u, Leaves, o, "")
	}
}

// tend has users start a daemon of another make anew when it is of no use any more, as people do who have read what it can.
func (s *stage) tend() {
	for _, u := range s.users {
		switch u.kind {
		case double.A: // after each chat
			u.sees = func(shown double.Shown) {
				if shown.What == double.Closed || shown.What == double.Refused {
					u.worn = true
					s.later(s.restartTime(), func() { s.restart(u) })
				}
			}
		case double.B: // whose user is not told that a chat is over, and can only hear of it from ours
			for _, o := range u.others {
				if o.node != nil {
					s.tendWorn(u, o)
				}
			}
		default: // the others go on
		}
	}
}

// tendWorn has u restart a daemon of kind b a minute after a chat with o has ended there.
func (s *stage) tendWorn(u, o *user) {
	before := o.hears
	o.hears = func(ev client.Event) {
		if before != nil {
			before(ev)
		}
		if closed, is := ev.(client.Closed); is && closed.Peer == u.addr && closed.Reason != client.CloseRestarted && !u.worn {
			u.worn = true
			s.later(time.Minute, func() { s.restart(u) })
		}
	}
}

// restartTime is how long it takes, after a chat, to start a daemon anew: longer than anything is under way, and an answer to it.
func (s *stage) restartTime() time.Duration {
	oneWay := s.faults.MaxDelay
	if s.faults.Reorder > 0 {
		oneWay += s.faults.MaxHold()
	}
	return 150*time.Millisecond + 2*oneWay // our answers wait, too
}

func (s *stage) restart(u *user) {
	if u.guest.Dead() == "" {
		u.worn = false
		s.do(u, Crashes, nil, "")
	}
}

// later does something that a user decides on.
func (s *stage) later(d time.Duration, do func()) {
	s.push(item{at: s.Elapsed() + d, late: true, do: do})
}
