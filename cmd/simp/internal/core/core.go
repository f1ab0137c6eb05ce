// Package core is the border between what simp decides and what it does.
//
// A Core decides: it is told one thing at a time (a line that was typed, an event of the daemon, an interrupt) and answers
// with a Step, what is to be done now. It does no I/O, reads no clock and starts no goroutine, so a table can test all of
// it. The program round it does: it owns the terminal, the connection and the timer, and decides nothing.
package core

import (
	"time"

	"simp/codec/client"
)

// Core is one way of using simp: typing, sending one message, passing the protocol through. Calls must not overlap.
type Core interface {
	// Start is called once, before everything else.
	Start() Step
	// Line takes a line of input without its line feed.
	Line(text string) Step
	// End says that there is no more input, or that the program was asked to end (SIGTERM). Said again, it means at once.
	End() Step
	// Interrupt is Ctrl-C, or SIGINT.
	Interrupt() Step
	// Event takes what the daemon says; line is how it said it, for a core that passes it on.
	Event(ev client.Event, line string) Step
	// Lost says that the connection to the daemon has ended, and why; nil: the daemon closed it in order.
	Lost(err error) Step
	// Expire says that the time of Step.Wait is over.
	Expire() Step

	// Ready reports whether another line may be read. Lines that come nevertheless are taken.
	Ready() bool
	// Prompt is what stands in front of the line being typed.
	Prompt() string
	// Resize tells the width of the screen in columns; 0: there is none.
	Resize(columns int)
}

// Step is what is to be done, in this order.
type Step struct {
	Show []string         // whole lines for standard output
	Warn []string         // sentences for standard error
	Pass []string         // lines for the daemon, as they are
	Send []client.Command // commands for the daemon
	Wait time.Duration    // if not 0: call Expire after this time instead of any other; NoWait: not at all

	Done   bool // the program ends once everything above is done
	Status int  // with Done: its exit status
}

// NoWait as Step.Wait calls off what was waited for.
const NoWait time.Duration = -1
