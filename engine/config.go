package engine

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"simp/fsm"
)

// Accept says what happens to invitations.
type Accept string

// The ways to treat an invitation (3.18).
const (
	AcceptAsk   Accept = "ask"   // ask the user; without a client the invitation waits
	AcceptAuto  Accept = "auto"  // accept everybody: an answering machine
	AcceptNever Accept = "never" // decline everybody
)

// Config is what a daemon can be told. Defaults returns the usual values.
type Config struct {
	MaxChats         int           // chats that the user may have at once, at least 1
	Accept           Accept        // what happens to invitations
	Retransmit       time.Duration // time without an answer until a datagram is sent again, at least a millisecond
	InvitationExpiry time.Duration // time until an unanswered invitation is given up
	Plain            bool          // do not announce ourselves: everybody is legacy (2.6)
	Version          string        // shown to clients

	// Dialects says how peers have to be treated, by a name of DialectNames, whatever they send.
	Dialects map[netip.AddrPort]string

	// Known is as what peers were recognised in an earlier run, by name; others are recognised by what they send. Learned,
	// if not nil, is called when that changes; "unknown" means that it is to be forgotten. It is called from any
	// goroutine and must not block.
	Known   map[netip.AddrPort]string
	Learned func(peer netip.AddrPort, dialect string)

	Log zerolog.Logger

	// Random names conversations (2.8); nil: the system's. A simulation gives its own, so that it can be repeated.
	Random io.Reader

	// Gate witnesses each change of state; nil: one of the daemon's own. A process that runs thousands of daemons, one after
	// the other, gives them all the same, since building one costs more than a conversation.
	Gate *fsm.Gate

	// Observe, if not nil, is told everything that happens to conversations and what came of it, on the goroutine that owns
	// the conversation, or on the network reader's for strangers and for datagrams that came to nothing. It must not block,
	// nor call the engine, nor keep anything that it is given.
	Observe func(*Observation)

	// Counters, if not nil, adds by name what else the daemon counts, for its user. It is called from any goroutine.
	Counters func(map[string]uint64)

	// OnTransition, if not nil, is called for each step after it was taken and logged, on the goroutine that owns the
	// conversation (or the network reader's, for strangers). It must not block.
	OnTransition func(Transition)
}

// Defaults returns the configuration of a daemon that nobody has told anything.
func Defaults() Config {
	return Config{
		MaxChats: 1, Accept: AcceptAsk, Retransmit: 5 * time.Second, InvitationExpiry: 5 * time.Minute,
		Version: "devel", Log: zerolog.Nop(),
	}
}

// Validate reports the first value that makes no sense, in a sentence.
func (c Config) Validate() error {
	switch {
	case c.MaxChats < 1:
		return fmt.Errorf("at least one chat must be allowed, not %d", c.MaxChats)
	case c.Retransmit < time.Millisecond:
		return fmt.Errorf("the retransmission time must be at least 1ms, not %s", c.Retransmit)
	case c.InvitationExpiry < c.Retransmit:
		return fmt.Errorf("an invitation must live at least as long as the retransmission time (%s), not %s", c.Retransmit, c.InvitationExpiry)
	}
	for peer, name := range c.Dialects {
		if d := dialectNamed(name); d == nil || d.open() {
			return fmt.Errorf("%s cannot be treated as %q: the dialects are %s", peer, name, strings.Join(DialectNames(), ", "))
		}
	}
	switch c.Accept {
	case AcceptAsk, AcceptAuto, AcceptNever:
		return nil
	}
	return fmt.Errorf("invitations can be accepted with ask, auto or never, not %q", c.Accept)
}

// defaultUser is the name under which a daemon answers that no client has ever named: an answering machine.
const defaultUser = "simpd"

// Transition is one step that a conversation took.
type Transition struct {
	Peer     string // IP:port
	User     string // the peer's name, "" while unknown
	From, To string // states
	On       string // the input
	Rule     string // the rule's name within From
	Seq      uint8  // number of the datagram that came in, or of the one in flight
	Tries    int    // copies sent of what waits for an answer
}
