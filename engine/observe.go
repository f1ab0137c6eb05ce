package engine

import (
	"net/netip"
	"time"

	"simp/codec/client"
	"simp/fsm"
)

// Observation is one thing that happened to a conversation, or to a datagram that led to none, and what came of it. It is
// told before its events are handed on and its datagrams sent. It and everything in it is valid during the call only.
type Observation struct {
	At   time.Time
	Peer netip.AddrPort
	User string // the peer's name after it, "" while unknown

	Cause   Cause
	Raw     []byte         // a datagram as it came
	Command client.Command // of the user
	Err     error          // why a datagram could not be read

	Begins *Birth // with the first thing that happens to a conversation
	Ends   bool   // with the last: what comes from this peer next begins another one

	Steps    []Step
	Events   []client.Event // for the client
	Sent     [][]byte       // datagrams to the peer
	State    fsm.State      // after it
	Deadline time.Time      // when the conversation wakes up by itself; zero: not at all
	Dialect  string         // as what the peer is treated after it
	Queued   int            // messages of the user that have not been acknowledged
}

// Cause is what kind of thing happened.
type Cause uint8

// The causes. All but Unreadable and Dropped are inputs of a conversation.
const (
	CauseDatagram   Cause = iota // one came from the peer
	CauseUnreadable              // one came that is none of SIMP
	CauseDropped                 // one came while too many others waited
	CauseCommand                 // of the user
	CauseTimer                   // a deadline has come
	CauseAttach                  // a client has come
	CauseDetach                  // the client has gone
	CauseShutdown                // the daemon says goodbye
	CauseKill                    // the daemon's time is up
	CauseEnd                     // nothing is left to do or to remember
)

var causeNames = [...]string{
	"datagram", "unreadable", "dropped", "command", "timer", "attach", "detach", "shutdown", "kill", "end",
}

// String returns the cause's name.
func (c Cause) String() string {
	if int(c) < len(causeNames) {
		return causeNames[c]
	}
	return "unknown"
}

// ParseCause returns the cause of that name, false if there is none.
func ParseCause(name string) (Cause, bool) {
	for c, n := range causeNames {
		if n == name {
			return Cause(c), true
		}
	}
	return 0, false
}

// Birth is what a conversation began with.
type Birth struct {
	Attached bool   // a client was there
	Dialect  string // as what the peer was remembered
}

// Step is one step that a conversation took.
type Step struct {
	From, To fsm.State
	On       fsm.Input
	Rule     string // the rule's name within From
	Seq      uint8  // number of the datagram that came in, or of the one in flight
	Tries    int    // copies sent of what waits for an answer
}

// mark is how much an outbox held before an input.
type mark struct{ steps, events, datagrams int }

func (o *Outbox) mark() mark { return mark{len(o.steps), len(o.Events), len(o.ends)} }

// observation is memory that an outbox lends to observations. There is none before the first.
type observation struct {
	Observation
	steps []Step
	sent  [][]byte
}

// observed reports whether somebody asks what happens.
func (e *Engine) observed() bool { return e.env.cfg.Observe != nil }

// tell completes an observation with what an input has put into the outbox behind the mark, and hands it to whoever asks.
func (e *Engine) tell(ob Observation, s *Session, out *Outbox, from mark) {
	if out.observation == nil {
		out.observation = new(observation)
	}
	o := out.observation
	ob.Peer = s.peer
	s.describeTo(&ob)
	o.steps, o.sent = o.steps[:0], o.sent[:0]
	for _, st := range out.steps[from.steps:] {
		o.steps = append(o.steps, Step{From: st.from, To: st.rule.To, On: st.rule.On, Rule: st.rule.Name, Seq: st.seq, Tries: int(st.tries)})
	}
	n := 0
	for b := range out.Datagrams {
		if n++; n > from.datagrams {
			o.sent = append(o.sent, b)
		}
	}
	ob.Steps, ob.Sent, ob.Events = o.steps, o.sent, out.Events[from.events:]
	o.Observation = ob
	e.env.cfg.Observe(&o.Observation)
	o.Observation = Observation{} // let go of what it holds
	clear(o.sent)
}

// describeTo fills in where the conversation stands.
func (s *Session) describeTo(ob *Observation) {
	ob.User, ob.State, ob.Dialect, ob.Queued = s.user, s.snap.State, s.dialect.name, len(s.queue)
	if at, any := s.NextDeadline(); any {
		ob.Deadline = at
	}
}

// birth is what a session that has just been made began with.
func (s *Session) birth() *Birth { return &Birth{Attached: s.attached, Dialect: s.dialect.name} }

// tellLoss reports a datagram that came to nothing.
func (e *Engine) tellLoss(cause Cause, from netip.AddrPort, raw []byte, why error) {
	if e.observed() {
		e.env.cfg.Observe(&Observation{At: time.Now(), Peer: from, Cause: cause, Raw: raw, Err: why})
	}
}

// tellEnd reports that a conversation is over and forgotten.
func (e *Engine) tellEnd(s *Session) {
	if e.observed() {
		ob := &Observation{At: time.Now(), Peer: s.peer, Cause: CauseEnd, Ends: true}
		s.describeTo(ob)
		e.env.cfg.Observe(ob)
	}
}

// causeOf maps letters to causes.
var causeOf = [...]Cause{
	letterDatagram: CauseDatagram, letterCommand: CauseCommand, letterAttach: CauseAttach, letterDetach: CauseDetach,
	letterShutdown: CauseShutdown, letterKill: CauseKill,
}

// tellLetter reports what a letter led to.
func (a *actor) tellLetter(now time.Time, l *letter, out *Outbox, from mark) {
	if l.kind == letterQuery {
		return // it changes nothing
	}
	ob := Observation{At: now, Cause: causeOf[l.kind], Command: l.command, Begins: a.birth}
	a.birth = nil
	if l.packet != nil {
		ob.Raw = l.packet.buf
	}
	a.engine.tell(ob, &a.session, out, from)
}
