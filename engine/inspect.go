package engine

import (
	"time"

	"simp/codec/client"
	"simp/fsm"
)

// What whoever runs sessions without an Engine may look at and reach into: simulations and their verdicts.

// Steps calls yield with the rule of each step that the session took, in order.
func (o *Outbox) Steps(yield func(*fsm.Rule) bool) {
	for i := range o.steps {
		if !yield(o.steps[i].rule) {
			return
		}
	}
}

// Kept returns what waits in the conversation for a client to come. It is not to be changed.
func (s *Session) Kept() []client.Event { return s.box }

// HalfOpen reports whether the conversation is an invitation that waits for our user.
func (s *Session) HalfOpen() bool { return s.snap.HalfOpen() }

// Delayed returns how many datagrams wait until the peer is ready for them.
func (s *Session) Delayed() int { return len(s.later) }

// Fire makes a timer fall due at now, whatever it was set to, as with a clock that is wrong; what it leads to goes to
// the Outbox. It reports whether the timer was running.
func (s *Session) Fire(now time.Time, t fsm.Timer, out *Outbox) bool {
	if int(t) >= fsm.NumTimers || s.due[t].IsZero() {
		return false
	}
	s.due[t] = time.Time{}
	s.step(now, fsm.Event{On: t.Due(), More: len(s.queue) > 1}, stepInput{}, out)
	s.settle()
	return true
}
