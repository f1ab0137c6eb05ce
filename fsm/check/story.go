package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"simp/fsm"
)

// Story is the shortest run that violates a property.
type Story struct {
	Property Property
	What     string
	Steps    []Step
	Calm     []Step // what followed without a user or a fault, if it shows only there

	c     *Case
	moves []move
}

// Step is one move of a story and what it led to.
type Step struct{ Move, Then string }

// String is the story with a line for each step.
func (s *Story) String() string {
	var b strings.Builder
	line := func(s Step) { fmt.Fprintf(&b, "%-32s %s\n", s.Move, s.Then) }
	for _, step := range s.Steps {
		line(step)
	}
	if len(s.Calm) > 0 {
		b.WriteString("then in a calm\n")
	}
	for _, step := range s.Calm {
		line(step)
	}
	fmt.Fprintf(&b, "%s: %s\n", s.Property, s.What)
	return b.String()
}

// tell is the story of the last visit.
func (c *Case) tell(visits []visit, err error) *Story {
	var path []uint8
	for at := len(visits) - 1; at > 0; at = int(visits[at].from) {
		path = append(path, visits[at].by)
	}
	s := &Story{c: c, What: err.Error()}
	p := newPair(c)
	step := func(c *Case, m move) Step {
		s.moves = append(s.moves, m)
		_ = c.apply(&p, m) // the last one may be the violation
		return Step{m.String(), p.String()}
	}
	for _, by := range slices.Backward(path) {
		s.Steps = append(s.Steps, step(c, c.moves(&p, nil)[by]))
	}
	var v *violation
	if errors.As(err, &v) {
		s.Property, s.What = v.property, v.what
		for _, m := range slices.Backward(v.calm) {
			s.Calm = append(s.Calm, step(c.good(), m))
		}
	}
	return s
}

// beat is the time between two moves in a script, in milliseconds: so little that no timer expires which the story does not
// have expire, however long it is.
const beat = 1

// Script writes the story as a script for the simulator: acts, timers that fire, and the fate of each datagram. Time in it has no
// meaning but order. It ends with a calm, since some violations show only there.
func (s *Story) Script() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %s\n", s.Property, s.What)
	plain := ""
	if !s.c.Policy.Labels {
		plain = " plain dialect=standard" // whom nothing is found out about, and who answers at once
	}
	fmt.Fprintf(&b, "node alice%s\nnode bob%s\nnetwork delay=1h\n", plain, plain)
	acts, fates := s.timeline()
	for _, f := range fates {
		b.WriteString(f + "\n")
	}
	for _, a := range acts {
		b.WriteString(a + "\n")
	}
	return b.String()
}

// flight is a datagram as the script sees it: when it was sent and when its copies arrived.
type flight struct {
	sentAt   int
	arrivals []int
}

// timeline replays the story and writes down who does what when, and what became of each datagram.
func (s *Story) timeline() (acts, fates []string) {
	var flights [2][]flight
	p := newPair(s.c)
	written := [2]int{}
	for n, m := range s.moves {
		c := s.c
		if n >= len(s.Steps) {
			c = c.good()
		}
		at := (n + 1) * beat
		i := int(m.side)
		me, other := user(i), user(1-i)
		say := func(format string, args ...any) {
			acts = append(acts, fmt.Sprintf("%dms %s ", at, me)+fmt.Sprintf(format, args...))
		}
		switch m.kind {
		case act:
			if m.on == fsm.Say {
				written[i]++
				say("says %s message %d of %s", other, written[i], me)
			} else {
				say("%s %s", verbs[m.on], other)
			}
		case expire:
			say("fires %s %s", other, m.due)
		case crash:
			say("crashes")
		case hear, hearAndKeep:
			f := &flights[i][p.to[i].at[m.at].serial]
			f.arrivals = append(f.arrivals, at)
		case lose, refuse: // what finds no room is lost to the script, which knows no full clients
		}
		_ = c.apply(&p, m)
		for to := range p.to {
			for len(flights[to]) < int(p.to[to].sent) {
				flights[to] = append(flights[to], flight{sentAt: at})
			}
		}
	}
	for to := range flights {
		for n, f := range flights[to] {
			fate := fmt.Sprintf("fate %s %s %d", user(1-to), user(to), n+1)
			switch {
			case len(f.arrivals) > 0:
				fate += " after"
				for _, at := range f.arrivals {
					fate += fmt.Sprintf(" %dms", at-f.sentAt)
				}
			case waits(&p.to[to], uint8(n)):
				fate += fmt.Sprintf(" after %dms", (len(s.moves)+1+n)*beat-f.sentAt) // in the calm, in order
			default:
				fate += " lost"
			}
			fates = append(fates, fate)
		}
	}
	return acts, fates
}

// waits reports whether a datagram is still on its way.
func waits(w *way, serial uint8) bool {
	return slices.ContainsFunc(w.at[:w.n], func(d datagram) bool { return d.serial == serial })
}

// verbs are the commands as scripts write them.
var verbs = map[fsm.Input]string{
	fsm.Invite: "invites", fsm.Cancel: "cancels", fsm.Accept: "accepts", fsm.Decline: "declines",
	fsm.Leave: "leaves", fsm.LeaveNow: "leaves-now",
}
