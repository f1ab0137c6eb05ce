package sim

import (
	"fmt"

	"simp/codec/client"
)

// talk is what users do who talk without being told each word: one invites the other, both write at once when the chat is
// open, and the one who invited leaves when both know that everything has arrived, as people say goodbye before they hang
// up.
type talk struct {
	*stage
	a, b  *user // a invites
	count int   // messages of each

	strict     bool     // complaints are asked for
	complaints []string // about what must not happen where nobody but the network does harm

	begun             [2]bool // a, b: has written
	heard, delivered  [2]int
	closed, leftAlone [2]bool
}

// begin has a invite b.
func (t *talk) begin() {
	t.follow(t.a, t.b, 0)
	t.follow(t.b, t.a, 1)
	t.do(t.a, Invites, t.b, "")
}

func text(name string, n int) string { return fmt.Sprintf("%s %d", name, n) }

// follow has a user react to what it hears of the other.
func (t *talk) follow(u, o *user, side int) {
	before := u.hears
	u.hears = func(ev client.Event) {
		if before != nil {
			before(ev)
		}
		t.hear(u, o, side, ev)
	}
}

func (t *talk) hear(u, o *user, side int, ev client.Event) {
	switch ev := ev.(type) {
	case client.Unanswered:
		if ev.Peer == o.addr && side == 0 { // an invitation to somebody unknown is repeated only when the user says so
			t.react(func() { t.do(u, Invites, o, "") })
		}
	case client.Invitation:
		if ev.Peer == o.addr {
			t.react(func() { t.do(u, Accepts, o, "") })
		}
	case client.Established:
		if ev.Peer == o.addr && !t.begun[side] {
			t.begun[side] = true
			t.react(func() {
				for n := 1; n <= t.count; n++ {
					t.do(u, Says, o, text(u.name, n))
				}
			})
		}
	case client.Message:
		if ev.Peer == o.addr {
			t.heard[side]++
			t.counts(u, "is shown", ev.N, t.heard[side])
			t.leave()
		}
	case client.Delivered:
		if ev.Peer == o.addr {
			t.delivered[side]++
			t.counts(u, "hears of the delivery of", ev.N, t.delivered[side])
			t.leave()
		}
	case client.Closed:
		if ev.Peer == o.addr {
			t.closed[side] = true
			if len(ev.Undelivered) > 0 {
				t.complain("the chat of %s is closed (%s) with %d messages undelivered", u.name, ev.Reason, len(ev.Undelivered))
			}
		}
	case client.Error:
		t.complain("%s gets the error %s: %s", u.name, ev.Reason, ev.Text)
	}
}

// counts checks that messages are numbered as they come.
func (t *talk) counts(u *user, what string, n, want int) {
	if n != want {
		t.complain("%s %s message %d, expected %d", u.name, what, n, want)
	}
}

func (t *talk) complain(format string, args ...any) {
	if t.strict {
		t.complaints = append(t.complaints, fmt.Sprintf("%.3fs ", t.Elapsed().Seconds())+fmt.Sprintf(format, args...))
	}
}

// leave has the one who invited leave once both know that everything has arrived.
func (t *talk) leave() {
	all := [2]int{t.count, t.count}
	if t.heard == all && t.delivered == all {
		t.react(func() { t.do(t.a, Leaves, t.b, "") })
	}
}

// react has a user do something on account of what was just heard: at this moment, but behind everything else that happens in
// it, so that a script which says the same gives the same run.
func (t *talk) react(do func()) { t.later(0, do) }

// forsaken has the one who is left alone leave too: all copies of the goodbye were lost, which the protocol allows (6.3).
// It reports whether that was needed.
func (t *talk) forsaken() bool {
	if !t.closed[0] || t.closed[1] || t.leftAlone[1] {
		return false
	}
	t.leftAlone[1] = true
	t.do(t.b, Leaves, t.a, "")
	return true
}

// done reports whether everything has arrived and both sides know that it is over.
func (t *talk) done() bool {
	all := [2]int{t.count, t.count}
	return t.heard == all && t.delivered == all && t.closed == [2]bool{true, true}
}
