// Package oneshot sends messages to one user and ends: invite, send, leave. Its Sender is the whole of `simp send` but
// for the input and output.
package oneshot

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"simp/cmd/simp/internal/core"
	"simp/cmd/simp/internal/ui"
	"simp/codec/client"
	"simp/codec/text"
)

// The exit statuses beyond 0, everything was delivered.
const (
	Failed   = 1 // something else
	NoAnswer = 3 // nobody answered, or nobody confirmed
	Declined = 4
	Busy     = 5
)

// goodbye is how long the end may take once nothing depends on it any more.
const goodbye = 5 * time.Second

// Options are what a Sender is told at the beginning.
type Options struct {
	User string // own name
	Peer netip.AddrPort
	Wait time.Duration // for each answer: to the invitation, to a message; 0: for ever
}

type state uint8

const (
	reading    state = iota // no message yet: nobody is disturbed for nothing
	connecting              // to the daemon
	inviting
	open
	leaving
)

// Sender is a [core.Core] for which each line is a message. It sends the next one when the last is delivered.
type Sender struct {
	opt     Options
	state   state
	user    string         // the peer's, as it may stand in a line
	next    string         // message that is to be sent, or is on its way
	flying  bool           // next is on its way
	ended   bool           // no more lines
	begun   bool           // what is said about the peer concerns our invitation, not a chat before it
	aborted bool           // the end has begun before everything was delivered
	limits  string         // of the peer's daemon, as far as they were told
	self    netip.AddrPort // the daemon's

	step core.Step
	code int
}

var _ core.Core = (*Sender)(nil)

// New returns a Sender that has not begun.
func New(opt Options) *Sender { return &Sender{opt: opt, user: ui.Address(opt.Peer)} }

func (s *Sender) made() core.Step {
	made := s.step
	s.step = core.Step{}
	return made
}

func (s *Sender) send(cmd client.Command, wait time.Duration) {
	s.step.Send = append(s.step.Send, cmd)
	s.step.Wait = wait
}

func (s *Sender) warn(format string, args ...any) {
	s.step.Warn = append(s.step.Warn, fmt.Sprintf(format, args...))
}

// fail settles the exit status; the first cause counts.
func (s *Sender) fail(code int) {
	if s.code == 0 {
		s.code = code
	}
}

func (s *Sender) done() {
	s.reportNext()
	s.send(client.Quit{}, 0)
	s.step.Done, s.step.Status = true, s.code
}

// Start implements [core.Core].
func (s *Sender) Start() core.Step { return core.Step{} }

// Ready implements [core.Core].
func (s *Sender) Ready() bool {
	return !s.ended && s.next == "" && (s.state == reading || s.state == open)
}

// Prompt implements [core.Core].
func (s *Sender) Prompt() string { return "" }

// Resize implements [core.Core].
func (s *Sender) Resize(int) {}

// Line implements [core.Core]. An empty line is left out, since SIMP has no empty messages.
func (s *Sender) Line(line string) core.Step {
	if line == "" {
		return s.made()
	}
	if _, err := (client.Native{}).AppendCommand(nil, s.chat(line)); err != nil {
		s.warn("Not sent. %s", sentenceOf(err))
		s.fail(Failed)
		return s.End()
	}
	s.next = line
	switch s.state {
	case reading:
		s.state = connecting
		s.send(client.Connect{User: s.opt.User}, s.opt.Wait)
	case open:
		s.fly()
	case connecting, inviting, leaving:
	}
	return s.made()
}

func (s *Sender) chat(line string) client.Chat { return client.Chat{Peer: s.opt.Peer, Text: line} }

func sentenceOf(err error) string {
	var refused *client.DecodeError
	if errors.As(err, &refused) {
		return refused.Text
	}
	return err.Error()
}

func (s *Sender) fly() {
	s.flying = true
	s.send(s.chat(s.next), s.opt.Wait)
}

// End implements [core.Core].
func (s *Sender) End() core.Step {
	s.ended = true
	switch {
	case s.state == reading:
		if s.code == 0 {
			s.warn("There is nothing to send: give a text, or lines on standard input.")
		}
		s.fail(Failed)
		s.done()
	case s.state == open && s.next == "":
		s.leave(false, s.opt.Wait)
	}
	return s.made()
}

func (s *Sender) leave(now bool, wait time.Duration) {
	s.state = leaving
	s.send(client.Leave{Peer: s.opt.Peer, Now: now}, wait)
}

// Interrupt implements [core.Core].
func (s *Sender) Interrupt() core.Step {
	if s.next != "" || !s.ended {
		s.fail(Failed)
	}
	if s.aborted {
		s.done()
		return s.made()
	}
	s.abort("Interrupted.")
	return s.made()
}

// Expire implements [core.Core].
func (s *Sender) Expire() core.Step {
	switch {
	case s.aborted, s.state == leaving: // only the goodbye was missing
		s.done()
	case s.state == connecting:
		s.fail(Failed)
		s.abort(fmt.Sprintf("The daemon has not answered within %s.", s.opt.Wait))
	default:
		s.fail(NoAnswer)
		s.abort(fmt.Sprintf("%s has not answered within %s.", s.user, s.opt.Wait))
	}
	return s.made()
}

// abort ends before everything was delivered, in as good order as a few seconds allow.
func (s *Sender) abort(why string) {
	s.aborted = true
	s.warn("%s", why)
	switch s.state {
	case inviting:
		s.send(client.Cancel{Peer: s.opt.Peer}, goodbye)
	case open, leaving:
		s.leave(true, goodbye)
	case reading, connecting:
		s.done()
	}
}

// reportNext says which message was not delivered.
func (s *Sender) reportNext() {
	if s.next != "" {
		s.warn("Not delivered: %s", text.Visible(s.next))
		s.next = ""
	}
}

// Lost implements [core.Core].
func (s *Sender) Lost(err error) core.Step {
	if err != nil {
		s.warn("The connection to the daemon is lost: %s. Start the command again.", text.Visible(err.Error()))
	} else {
		s.warn("The daemon has ended the connection. Start the command again.")
	}
	s.reportNext()
	s.fail(Failed)
	s.step.Done, s.step.Status = true, s.code
	return s.made()
}

// Event implements [core.Core]. What arrives meanwhile is shown: the daemon has confirmed it, so nobody else will.
func (s *Sender) Event(ev client.Event, _ string) core.Step {
	if e, is := ev.(client.Message); is {
		from := ui.Name(e.User)
		if e.Peer != s.opt.Peer {
			from += "@" + ui.Address(e.Peer)
		}
		s.step.Show = append(s.step.Show, ui.OneLine(from, e.Text))
		return s.made()
	}
	switch e := ev.(type) {
	case client.Connected:
		s.self = e.Addr
		s.state = inviting
		for _, p := range e.Pending {
			s.begun = s.begun || p.Peer == s.opt.Peer // the peer waits for us: our invitation is the answer
		}
		s.send(client.Invite{Peer: s.opt.Peer}, s.opt.Wait)
	case client.Inviting:
		s.begun = s.begun || e.Peer == s.opt.Peer
	case client.Invitation:
		s.begun = s.begun || e.Peer == s.opt.Peer
	case client.Established:
		if s.begun {
			s.established(e)
		}
	case client.Delivered:
		if e.Peer == s.opt.Peer {
			s.landed()
		}
	case client.Unconfirmed:
		if e.Peer == s.opt.Peer {
			s.fail(NoAnswer)
			if e.Tries == 0 {
				s.warn("Handed to the daemon, which does not tell whether it arrives: %s", text.Visible(s.next))
			} else {
				s.warn("Sent %d times and never confirmed, so it may or may not have arrived: %s", e.Tries, text.Visible(s.next))
			}
			s.landed()
		}
	case client.Recognised:
		// What is delivered to such a daemon may still be shown to nobody.
		if e.Peer == s.opt.Peer && e.Limits != "" && e.Limits != s.limits {
			s.limits = e.Limits
			s.warn("%s runs another implementation. %s", s.user, text.Visible(e.Limits))
		}
	case client.Closed:
		if e.Peer == s.opt.Peer && s.begun {
			s.closed(e)
		}
	case client.Error:
		s.failed(e)
	default: // invitations of others wait for a client who can answer them; the rest is progress
	}
	return s.made()
}

func (s *Sender) established(e client.Established) {
	if e.Peer != s.opt.Peer || s.state == leaving {
		return
	}
	if e.User != "" {
		s.user = ui.Name(e.User)
	}
	s.state = open
	switch {
	case s.aborted:
		s.leave(true, goodbye)
	case s.next != "" && !s.flying:
		s.fly()
	}
}

// landed goes on with the next message, or ends.
func (s *Sender) landed() {
	s.flying, s.next = false, ""
	s.step.Wait = core.NoWait // for the next line, however long that takes
	if s.ended && s.state == open {
		s.leave(false, s.opt.Wait)
	}
}

func (s *Sender) closed(e client.Closed) {
	why, code := "", Failed
	switch e.Reason {
	case client.CloseDeclined:
		why, code = s.user+" declines", Declined
	case client.CloseBusy:
		why, code = s.user+" is in another chat, try again later", Busy
		e.Text = "" // says the same
	case client.CloseUnreachable:
		why, code = s.user+" does not answer", NoAnswer
	case client.CloseRefused:
		why = s.user + " answers with an error"
	case client.CloseLeft:
		why = s.user + " has left the chat"
	case client.CloseRestarted:
		why = s.user + " knows nothing of the chat any more"
	case client.CloseShutdown:
		why = "A daemon was stopped"
	case client.CloseCancelled:
		why = "The invitation is withdrawn"
	default:
		why = "It is over (" + text.Visible(string(e.Reason)) + ")"
	}
	if e.Text != "" {
		why += ": " + text.Visible(e.Text)
	}
	if !s.aborted && (s.next != "" || !s.ended) {
		s.warn("%s.", why)
		s.fail(code)
	}
	s.done()
}

func (s *Sender) failed(e client.Error) {
	switch {
	case e.OpName == client.Invite{}.Op() && e.Reason == client.ReasonAlreadyOpen:
		s.begun = true
		s.established(client.Established{Peer: s.opt.Peer})
		return
	case e.OpName == client.Leave{}.Op(), e.OpName == client.Cancel{}.Op():
		s.done() // there was nothing left to end
		return
	case e.OpName == "" && e.Reason == client.ReasonSendFailed && e.Peer == s.opt.Peer && s.state == inviting && !s.aborted:
		s.fail(NoAnswer)
		s.abort(text.Visible(e.Text))
		s.hintLoopback()
		return
	case e.OpName == "":
		s.warn("%s", text.Visible(e.Text)) // tells of trouble and ends nothing
		return
	}
	s.fail(Failed)
	s.warn("%s", text.Visible(e.Text))
	if s.state == open {
		s.reportNext()
		s.aborted = true
		s.leave(true, goodbye)
		return
	}
	s.done()
}

// hintLoopback explains the most likely reason why a peer elsewhere cannot be reached.
func (s *Sender) hintLoopback() {
	if s.self.Addr().IsLoopback() && !s.opt.Peer.Addr().IsLoopback() {
		s.warn("The daemon at %s reaches this host only: name one at this host's own address in the network with --daemon.", s.self.Addr())
	}
}
