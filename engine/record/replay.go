package record

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"simp/engine"
	"simp/fsm"
)

// Replayer runs a recording again: each conversation by itself, with the inputs, times and answers of then, in the sessions of
// this version. What comes of each input is compared with what came of it then. It needs memory for the open conversations.
type Replayer struct {
	report Report

	head     *Head // of the last part
	name     string
	env      *engine.Env
	sessions map[netip.AddrPort]*engine.Session
	out      engine.Outbox
	gate     *fsm.Gate
}

// Report is what came of a replay so far.
type Report struct {
	Daemon string // the version that made the recording
	Addr   netip.AddrPort
	Start  time.Time
	Length time.Duration // until its last line

	Parts, Conversations             int
	Inputs, Steps, Datagrams, Events int // that were run again; what came of them was the same
	Unreadable, Dropped              int // datagrams that never came to a conversation

	Lost    uint64 // lines that the daemon could not write
	LeftOut int    // inputs of conversations whose beginning is in none of the files, or that lack some
	Closed  bool   // it ends as it should
	Torn    bool   // its last line is cut off
	Next    string // the file in which it goes on, if that was not given

	Difference *Difference // nil: everything was the same
}

// NewReplayer returns one that has replayed nothing.
func NewReplayer() *Replayer {
	return &Replayer{sessions: make(map[netip.AddrPort]*engine.Session), gate: fsm.NewGate()}
}

// Report says what came of it so far.
func (r *Replayer) Report() Report { return r.report }

// Play replays one part; the parts of a recording are given in order. After the first difference it does nothing. The error says
// that the part cannot be read, or does not follow the one before.
func (r *Replayer) Play(name string, from io.Reader) error {
	in, err := NewReader(from)
	if err != nil {
		return err
	}
	if err := r.begin(name, in.Head); err != nil {
		return err
	}
	if r.report.Difference != nil {
		return nil
	}
	var wrong error
	err = in.ahead(func(l *line, number int) (more bool) {
		if err := r.take(l, number); err != nil {
			wrong = fmt.Errorf("line %d makes no sense: %w", number, err)
		}
		return wrong == nil && r.report.Difference == nil
	})
	r.report.Torn = in.Torn()
	return errors.Join(wrong, err)
}

// longestTime is more than any timer of a daemon.
const longestTime = 1000 * time.Hour

// begin looks whether a part follows.
func (r *Replayer) begin(name string, h Head) error {
	cfg, err := h.engineConfig()
	switch {
	case err != nil:
		return fmt.Errorf("its daemon cannot have run: %w", err)
	case cfg.Retransmit > longestTime || cfg.InvitationExpiry > longestTime:
		return fmt.Errorf("its daemon cannot have run: a timer of more than %s", longestTime)
	case r.head == nil:
		cfg.Gate = r.gate
		r.env = engine.NewEnv(cfg, "")
		r.report.Daemon, r.report.Addr, r.report.Start = h.Daemon, h.Addr, h.Start
	case !r.head.Start.Equal(h.Start) || r.head.Addr != h.Addr:
		return fmt.Errorf("it is of another recording than %s: a recording is replayed by itself, its parts in order", r.name)
	case h.Part != r.head.Part+1:
		return fmt.Errorf("it is part %d of the recording, and behind %s comes part %d", h.Part, r.name, r.head.Part+1)
	}
	r.head, r.name = &h, name
	r.report.Parts++
	r.report.Next = ""
	return nil
}

// take replays a line.
func (r *Replayer) take(l *line, number int) error {
	e, then := &l.Entry, l.then
	r.report.Length = max(r.report.Length, time.Duration(e.T))
	switch {
	case e.Lost > 0:
		// Which conversations lack something is not known.
		r.report.Lost += e.Lost
		clear(r.sessions)
		return nil
	case e.Closed:
		r.report.Closed = true
		return nil
	case e.Next != "":
		r.report.Next = e.Next
		return nil
	case then == nil:
		return nil // a note of a later version
	}
	switch then.Cause {
	case engine.CauseUnreadable:
		r.report.Unreadable++
		return nil
	case engine.CauseDropped:
		r.report.Dropped++
		return nil
	default:
		return r.run(e, then, number)
	}
}

// run has an input happen again.
func (r *Replayer) run(e *Entry, then *engine.Observation, line int) error {
	s := r.sessions[then.Peer]
	if then.Cause == engine.CauseCommand && then.Command == nil { // it could not be written: what comes of it cannot be known
		delete(r.sessions, then.Peer)
		r.report.LeftOut++
		return nil
	}
	switch {
	case then.Begins != nil:
		r.report.Conversations++
		var err error
		if s, err = engine.Reborn(r.env, then.Peer, *then.Begins); err != nil {
			return err
		}
		r.sessions[then.Peer] = s
	case s == nil:
		r.report.LeftOut++
		return nil
	}
	if then.Ends {
		defer delete(r.sessions, then.Peer)
	}
	ob, wrong := s.Again(then, &r.out)
	if ob == nil {
		return wrong
	}
	now := outcomeOf(ob)
	if d := compare(e.Outcome, now); d != nil || wrong != nil {
		if d == nil {
			d = &Difference{}
		}
		d.File, d.Line, d.At, d.Then, d.Now, d.Asked = r.name, line, time.Duration(e.T), *e, now, wrong
		r.report.Difference = d
		return nil
	}
	r.report.Inputs++
	r.report.Steps += len(now.Steps)
	r.report.Datagrams += len(now.Sent)
	r.report.Events += len(now.Events)
	return nil
}

// compare finds the first difference, in the order in which things are done: steps, events, datagrams.
func compare(then, now Outcome) *Difference {
	for i := range max(len(then.Steps), len(now.Steps)) {
		if a, b := at(then.Steps, i), at(now.Steps, i); a == nil || b == nil || *a != *b {
			return &Difference{What: "step", Nth: i + 1}
		}
	}
	for i := range max(len(then.Events), len(now.Events)) {
		if a, b := at(then.Events, i), at(now.Events, i); a == nil || b == nil || string(*a) != string(*b) {
			return &Difference{What: "event", Nth: i + 1}
		}
	}
	for i := range max(len(then.Sent), len(now.Sent)) {
		if a, b := at(then.Sent, i), at(now.Sent, i); a == nil || b == nil || !slices.Equal(*a, *b) {
			return &Difference{What: "datagram", Nth: i + 1}
		}
	}
	if then.State != now.State {
		return &Difference{What: "state"}
	}
	return nil
}

// at returns an element, nil if there is none.
func at[T any](of []T, i int) *T {
	if i < len(of) {
		return &of[i]
	}
	return nil
}
