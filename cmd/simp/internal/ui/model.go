package ui

import (
	"fmt"
	"time"

	"simp/cmd/simp/internal/core"
	"simp/codec/client"
	"simp/codec/text"
)

const (
	// patience is how long the end waits for what is on its way, and for goodbyes to be confirmed. Whoever does not
	// want to wait that long says so (Ctrl-C); a pipe cannot.
	patience = time.Minute

	// pipeAhead is how many messages of a pipe may be on their way before more are read: a file is read faster than
	// any peer confirms, and the daemon's queue has an end.
	pipeAhead = 64
)

// Options are what a Model is told at the beginning.
type Options struct {
	User string // the person's name; "": ask for it
	Pipe bool   // the reader is a program: one line for each event, no prompt, nothing typed is shown
}

type phase uint8

const (
	naming    phase = iota // asking for a name
	attaching              // connect is sent
	attached
)

// Model is the interactive client. It is a [core.Core].
type Model struct {
	opt     Options
	columns int

	phase   phase
	self    client.Connected
	talks   []*conversation // chats and invitations, the oldest first
	current *conversation   // the chat that lines go to; nil: none
	nextID  uint64

	// held are the lines of a pipe that wait for the answer to its invitation, since the pipe cannot; heldEnd is its
	// end, if that is among them.
	held    []string
	heldEnd bool

	asked []bool // the queries for a status that are not answered, the oldest first: is it asked for /peers?

	interrupted bool // the last that was typed was Ctrl-C
	quitting    bool
	lost        bool // a message was not delivered

	step core.Step // being made
}

var _ core.Core = (*Model)(nil)

// New returns a client that is not connected yet.
func New(opt Options) *Model { return &Model{opt: opt} }

// made returns the step that was being made.
func (m *Model) made() core.Step {
	if m.phase == attached && m.quitting && !m.step.Done && !m.unfinished() {
		m.finish()
	}
	s := m.step
	m.step = core.Step{}
	return s
}

func (m *Model) send(cmd client.Command) { m.step.Send = append(m.step.Send, cmd) }

// say shows a sentence of this program. What is remote in it has been made harmless.
func (m *Model) say(format string, args ...any) {
	m.step.Show = append(m.step.Show, Notice(fmt.Sprintf(format, args...), m.columns)...)
}

// trace shows what a prompt shows in passing to those who have no prompt.
func (m *Model) trace(format string, args ...any) {
	if m.opt.Pipe {
		m.say(format, args...)
	}
}

// hear shows a message from the network.
func (m *Model) hear(from, message string) {
	if m.opt.Pipe {
		m.step.Show = append(m.step.Show, OneLine(from, message))
		return
	}
	m.step.Show = append(m.step.Show, paragraph(from, message, m.columns)...)
}

// echo shows what was typed, which the editor has taken off the screen: as the person's message, or behind a mark.
func (m *Model) echo(lead, typed string) {
	if !m.opt.Pipe && typed != "" {
		m.step.Show = append(m.step.Show, wrap(lead, textRest, text.Visible(typed), m.columns)...)
	}
}

// Start implements [core.Core].
func (m *Model) Start() core.Step {
	if m.opt.User == "" {
		m.trace("What is your name?")
		return m.made()
	}
	m.attach(m.opt.User)
	return m.made()
}

// attach asks the daemon to take us as its user, if the name can be one.
func (m *Model) attach(user string) {
	if _, err := client.ParseUser(user); err != nil {
		m.say("%s", text.Visible(err.Error()))
		return
	}
	m.phase = attaching
	m.send(client.Connect{User: user})
}

// Line implements [core.Core].
func (m *Model) Line(s string) core.Step {
	m.interrupted = false
	switch m.phase {
	case naming:
		if s != "" {
			m.attach(s)
		}
	case attaching:
		m.held = append(m.held, s) // typed ahead of the daemon's answer
	case attached:
		m.line(s)
	}
	return m.made()
}

// End implements [core.Core]: end of input, or SIGTERM.
func (m *Model) End() core.Step {
	switch {
	case m.phase == naming:
		m.finish()
	case m.quitting, m.heldEnd:
		m.endAtOnce()
	case m.holding(), m.phase == attaching: // the answer decides what can be ended, and how well
		m.heldEnd = true
	default:
		m.quit()
	}
	return m.made()
}

// Interrupt implements [core.Core]: Ctrl-C. The first is q, the second in a row the end.
func (m *Model) Interrupt() core.Step {
	switch {
	case m.phase == naming:
		m.finish()
	case m.phase == attaching, m.interrupted, m.quitting:
		m.endAtOnce()
	case m.heldEnd:
		m.drop()
	default:
		m.interrupted = true
		m.drop()
		if m.current != nil && m.current.state == open {
			m.say("Ctrl-C once more ends simp.")
		}
		m.leave()
	}
	return m.made()
}

// Expire implements [core.Core].
func (m *Model) Expire() core.Step {
	if m.quitting {
		m.say("Waited long enough.")
		m.endAtOnce()
	}
	return m.made()
}

// Lost implements [core.Core].
func (m *Model) Lost(err error) core.Step {
	if err == nil {
		m.say("The daemon has ended the connection, so simp ends too. Start simp again to go on.")
	} else {
		m.say("The connection to the daemon is lost (%s), so simp ends. Start simp again to go on.", text.Visible(err.Error()))
	}
	m.reportUnfinished("It is not known whether this reached %s: %s")
	m.step.Done, m.step.Status = true, 1
	return m.made()
}

// Ready implements [core.Core].
func (m *Model) Ready() bool {
	if !m.opt.Pipe {
		return true
	}
	return !m.heldEnd && len(m.held) < pipeAhead && (m.current == nil || len(m.current.ours) < pipeAhead)
}

// Resize implements [core.Core].
func (m *Model) Resize(columns int) { m.columns = columns }

// unfinished reports whether something is still to be waited for before the end.
func (m *Model) unfinished() bool { return len(m.talks) > len(m.in(asking)) }

// quit ends simp in order: what is on its way is delivered, chats are left, invitations cancelled.
func (m *Model) quit() {
	m.quitting = true
	m.step.Wait = patience
	for _, c := range m.talks {
		switch c.state {
		case inviting, connecting:
			m.send(client.Cancel{Peer: c.peer})
		case open:
			m.leaveChat(c)
		case leaving, asking:
		}
	}
}

// endAtOnce ends simp without waiting for anybody, and says what that costs.
func (m *Model) endAtOnce() {
	m.reportUnfinished("Not delivered to %s: %s")
	for _, c := range m.talks {
		if c.state == open || c.state == leaving {
			m.send(client.Leave{Peer: c.peer, Now: true})
		}
	}
	m.talks = nil
	m.current = nil
	m.finish()
}

// reportUnfinished shows every message whose fate will not be known.
func (m *Model) reportUnfinished(format string) {
	for _, c := range m.talks {
		for _, msg := range c.ours {
			m.lost = true
			m.say(format, m.label(c), text.Visible(msg.text))
		}
	}
	for _, l := range m.held {
		m.lost = true
		m.say("Not sent: %s", text.Visible(l))
	}
	m.held = nil
}

func (m *Model) finish() {
	m.send(client.Quit{})
	m.step.Done = true
	if m.opt.Pipe && m.lost {
		m.step.Status = 1
	}
}
