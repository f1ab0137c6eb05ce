package engine

import (
	"time"

	"simp/codec/client"
	"simp/fsm"
)

// What whoever runs sessions without an Engine may look at and reach into: simulations and their verdicts, and replays.

// SetUser says under which name the daemon speaks from now on, as a client does that comes.
func (e *Env) SetUser(name string) {
	if e.userName() != name {
		e.user.Store(&name)
	}
}

// Due says when a timer falls due; false if it does not run.
func (s *Session) Due(t fsm.Timer) (at time.Time, running bool) {
	if int(t) >= fsm.NumTimers || s.due[t].IsZero() {
		return time.Time{}, false
	}
	return s.due[t], true
}

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

// Abandon ends the conversation without a word and gives back what it holds, as the death of its daemon does.
func (s *Session) Abandon() { s.leaveAll() }
