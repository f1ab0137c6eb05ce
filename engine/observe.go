package engine

import (
	"net/netip"
	"slices"
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

	Answers []Answer // what it was told by what it shares with others, in the order in which it asked

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

// Clone returns a copy that can be kept, and its size in bytes, more or less.
func (o *Observation) Clone() (kept *Observation, size int) {
	c := *o
	size = len(o.Raw)
	for _, b := range o.Sent {
		size += len(b)
	}
	bytes := make([]byte, 0, size)
	keep := func(b []byte) []byte {
		at := len(bytes)
		bytes = append(bytes, b...)
		return bytes[at:len(bytes):len(bytes)]
	}
	c.Raw = keep(o.Raw)
	c.Sent = make([][]byte, len(o.Sent))
	for i, b := range o.Sent {
		c.Sent[i] = keep(b)
	}
	c.Answers, c.Steps, c.Events = slices.Clone(o.Answers), slices.Clone(o.Steps), slices.Clone(o.Events)
	return &c, size + observationSize + len(o.Steps)*stepSize + len(o.Events)*eventSize
}

// What an observation and its parts take beside the bytes of datagrams, more or less.
const observationSize, stepSize, eventSize = 400, 40, 300

// Step is one step that a conversation took.
type Step struct {
	From, To fsm.State
	On       fsm.Input
	Rule     string // the rule's name within From
	Seq      uint8  // number of the datagram that came in, or of the one in flight
	Tries    int    // copies sent of what waits for an answer
}

// observation is memory that an outbox lends to observations. There is none before the first.
type observation struct {
	Observation
	steps []Step
	sent  [][]byte
	tape  tape

	before struct{ steps, events, datagrams int } // how much the outbox held before the input
}

// observed reports whether somebody asks what happens.
func (e *Engine) observed() bool { return e.env.cfg.Observe != nil || e.watchers.any() }

// report hands an observation to everybody who asks.
func (e *Engine) report(ob *Observation) {
	if observe := e.env.cfg.Observe; observe != nil {
		observe(ob)
	}
	e.watchers.tell(ob)
}

// Watch is called before an input: from here on, everything that is put into the outbox comes of it. Complete follows. An Engine
// does so by itself.
func (o *Outbox) Watch(s *Session) {
	if o.observation == nil {
		o.observation = new(observation)
	}
	w := o.observation
	w.before.steps, w.before.events, w.before.datagrams = len(o.steps), len(o.Events), len(o.ends)
	w.tape.rewind()
	s.tape = &w.tape
}

// Complete adds to an observation what came of the input. It is valid until the next Watch or Reset.
func (o *Outbox) Complete(ob Observation, s *Session) *Observation {
	w := o.observation
	s.tape = nil
	ob.Peer = s.peer
	s.describeTo(&ob)
	w.steps, w.sent = w.steps[:0], w.sent[:0]
	for _, st := range o.steps[w.before.steps:] {
		w.steps = append(w.steps, Step{From: st.from, To: st.rule.To, On: st.rule.On, Rule: st.rule.Name, Seq: st.seq, Tries: int(st.tries)})
	}
	n := 0
	for b := range o.Datagrams {
		if n++; n > w.before.datagrams {
			w.sent = append(w.sent, b)
		}
	}
	ob.Steps, ob.Sent, ob.Events, ob.Answers = w.steps, w.sent, o.Events[w.before.events:], w.tape.answers
	w.Observation = ob
	return &w.Observation
}

// tell completes an observation and hands it to whoever asks.
func (e *Engine) tell(ob Observation, s *Session, out *Outbox) {
	e.report(out.Complete(ob, s))
	out.observation.Observation = Observation{} // let go of what it holds
	clear(out.observation.sent)
}

// describeTo fills in where the conversation stands.
func (s *Session) describeTo(ob *Observation) {
	ob.User, ob.State, ob.Dialect, ob.Queued = s.user, s.snap.State, s.dialect.name, len(s.queue)
	if at, any := s.NextDeadline(); any {
		ob.Deadline = at
	}
}

// Birth is what a session that has just been made begins with.
func (s *Session) Birth() *Birth { return &Birth{Attached: s.attached, Dialect: s.dialect.name} }

// tellLoss reports a datagram that came to nothing.
func (e *Engine) tellLoss(cause Cause, from netip.AddrPort, raw []byte, why error) {
	if e.observed() {
		e.report(&Observation{At: time.Now(), Peer: from, Cause: cause, Raw: raw, Err: why})
	}
}

// tellEnd reports that a conversation is over and forgotten.
func (e *Engine) tellEnd(s *Session) {
	if e.observed() {
		ob := &Observation{At: time.Now(), Peer: s.peer, Cause: CauseEnd, Ends: true}
		s.describeTo(ob)
		e.report(ob)
	}
}

// causeOf maps letters to causes.
var causeOf = [...]Cause{
	letterDatagram: CauseDatagram, letterCommand: CauseCommand, letterAttach: CauseAttach, letterDetach: CauseDetach,
	letterShutdown: CauseShutdown, letterKill: CauseKill,
}

// tellLetter reports what a letter led to.
func (a *actor) tellLetter(now time.Time, l *letter, out *Outbox) {
	ob := Observation{At: now, Cause: causeOf[l.kind], Command: l.command, Begins: a.birth}
	a.birth = nil
	if l.packet != nil {
		ob.Raw = l.packet.buf
	}
	a.engine.tell(ob, &a.session, out)
}
