// Package relay passes the native client protocol through and keeps account of it, so that the end of the input can be a
// good one: everything that was to be sent is delivered, or is known not to be.
package relay

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"simp/cmd/simp/internal/core"
	"simp/codec/client"
	"simp/codec/text"
)

const (
	// patience is how long the end waits for messages to be delivered; goodbye how long for the rest, once it has left.
	patience = time.Minute
	goodbye  = 20 * time.Second
)

// Relay is a [core.Core] that passes lines on. It adds commands of its own at the end only, and a connect at the
// beginning if it is given a name; their answers are passed on like all others, but for that of a status at the end: it
// comes behind the answers to everything before, so it shows that none is missing. The one command that it keeps back is
// quit, which it takes for the end of input.
type Relay struct {
	user string

	chats  map[netip.AddrPort]bool // open ones; true: leave is sent
	out    map[netip.AddrPort]bool // invitations of ours; true: cancel is sent
	asked  int                     // connect and chat commands that the daemon has not answered
	looks  int                     // status commands of the input that it has not answered
	fence  fence                   // the status at the end
	bad    bool                    // something was not delivered
	ending int                     // 0: no; 1: leaving in order; 2: leaving at once

	step core.Step
}

// fence says what has become of the status that stands behind the last line of the input.
type fence uint8

const (
	fenceUnsent fence = iota
	fenceSent
	fencePassed
)

var _ core.Core = (*Relay)(nil)

// New returns a Relay that connects as user first; "": the input does.
func New(user string) *Relay {
	return &Relay{user: user, chats: make(map[netip.AddrPort]bool), out: make(map[netip.AddrPort]bool)}
}

func (r *Relay) made() core.Step {
	if r.ending > 0 && !r.step.Done {
		r.sayGoodbyes()
	}
	made := r.step
	r.step = core.Step{}
	return made
}

func (r *Relay) send(cmd client.Command) { r.step.Send = append(r.step.Send, cmd) }

func (r *Relay) done() {
	r.send(client.Quit{})
	r.step.Done = true
	if r.bad || r.asked > 0 {
		r.step.Status = 1
	}
}

// Start implements [core.Core].
func (r *Relay) Start() core.Step {
	if r.user != "" {
		r.asked++
		r.send(client.Connect{User: r.user})
	}
	return r.made()
}

// Ready implements [core.Core].
func (r *Relay) Ready() bool { return r.ending == 0 }

// Prompt implements [core.Core].
func (r *Relay) Prompt() string { return "" }

// Resize implements [core.Core].
func (r *Relay) Resize(int) {}

// Line implements [core.Core].
func (r *Relay) Line(line string) core.Step {
	if r.ending > 0 {
		return r.made()
	}
	// The daemon answers each command once, also one that it cannot read as long as it can read its name.
	op := ""
	var refused *client.DecodeError
	if cmd, err := (client.Native{}).DecodeCommand([]byte(line)); err == nil {
		op = cmd.Op()
	} else if errors.As(err, &refused) {
		op = refused.Op
	}
	switch op {
	case client.Quit{}.Op():
		return r.End()
	case client.Chat{}.Op(), client.Connect{}.Op():
		r.asked++
	case client.StatusQuery{}.Op():
		r.looks++
	}
	r.step.Pass = append(r.step.Pass, line)
	return r.made()
}

// End implements [core.Core].
func (r *Relay) End() core.Step {
	switch r.ending {
	case 0:
		r.ending = 1
		r.step.Wait = patience
	case 1:
		r.hurry()
	default:
		r.abandon()
	}
	return r.made()
}

// Interrupt implements [core.Core].
func (r *Relay) Interrupt() core.Step { return r.End() }

// Expire implements [core.Core].
func (r *Relay) Expire() core.Step { return r.End() }

// hurry leaves everything at once. What is not delivered then is listed in the closed events.
func (r *Relay) hurry() {
	r.ending = 2
	r.step.Wait = goodbye
	for peer := range r.chats {
		r.chats[peer] = false
	}
}

// abandon ends without knowing what has become of the rest.
func (r *Relay) abandon() {
	r.bad = r.bad || len(r.chats) > 0
	r.done()
}

// sayGoodbyes leaves what is open and not left yet, and ends when nothing is open and every message is accounted for.
func (r *Relay) sayGoodbyes() {
	if r.fence == fenceUnsent {
		r.fence = fenceSent
		r.send(client.StatusQuery{})
	}
	for _, peer := range sorted(r.chats) {
		if !r.chats[peer] {
			r.chats[peer] = true
			r.send(client.Leave{Peer: peer, Now: r.ending > 1})
		}
	}
	for _, peer := range sorted(r.out) {
		if !r.out[peer] {
			r.out[peer] = true
			r.send(client.Cancel{Peer: peer})
		}
	}
	if len(r.chats)+len(r.out)+r.asked == 0 && r.fence == fencePassed {
		r.done()
	}
}

// sorted returns the keys in order, so that the same input makes the same output.
func sorted(set map[netip.AddrPort]bool) []netip.AddrPort {
	keys := make([]netip.AddrPort, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, netip.AddrPort.Compare)
	return keys
}

// Event implements [core.Core].
func (r *Relay) Event(ev client.Event, line string) core.Step {
	if answersStatus(ev) {
		if r.looks == 0 {
			r.fence = fencePassed
			return r.made()
		}
		r.looks--
	}
	r.step.Show = append(r.step.Show, line)
	switch e := ev.(type) {
	case client.Connected:
		r.asked--
	case client.Inviting:
		if _, known := r.out[e.Peer]; !known {
			r.out[e.Peer] = false
		}
	case client.Established:
		delete(r.out, e.Peer)
		r.chats[e.Peer] = false
	case client.Sent:
		r.asked--
	case client.Unconfirmed:
		r.bad = true
	case client.Closed:
		delete(r.out, e.Peer)
		delete(r.chats, e.Peer)
		r.bad = r.bad || len(e.Undelivered) > 0
	case client.Error:
		r.failed(e)
	default:
	}
	return r.made()
}

func answersStatus(ev client.Event) bool {
	switch e := ev.(type) {
	case client.Status:
		return true
	case client.Error:
		return e.OpName == client.StatusQuery{}.Op()
	default:
		return false
	}
}

func (r *Relay) failed(e client.Error) {
	switch e.OpName {
	case client.Chat{}.Op():
		r.asked--
		r.bad = true
	case client.Connect{}.Op():
		r.asked--
		if r.user != "" {
			r.step.Warn = append(r.step.Warn, text.Visible(e.Text))
			r.bad = true
			r.done()
		}
	case "":
		// A line that could not be read may have been a message.
		r.bad = r.bad || e.Reason == client.ReasonBadJSON || e.Reason == client.ReasonTooLong
	}
}

// Lost implements [core.Core].
func (r *Relay) Lost(err error) core.Step {
	why := "it has closed it"
	if err != nil {
		why = text.Visible(err.Error())
	}
	r.step.Warn = append(r.step.Warn, "The connection to the daemon is lost ("+why+"), so it is not known what has become of unconfirmed messages.")
	r.step.Done, r.step.Status = true, 1
	return r.made()
}
