package check

import "fmt"

// Property is something that has to hold, by the number that ARCHITECTURE.md gives it.
type Property string

// The properties that two machines can violate. The others of the list are about more than two, or about bytes.
const (
	NotDelivered Property = "S1" // never reported delivered unless the other side has it
	ShownTwice   Property = "S2" // shown at most once
	OutOfOrder   Property = "S3" // in order
	Uninvited    Property = "S4" // a chat is open only with somebody who was invited or has invited, and both have agreed
	Repeated     Property = "S7" // nothing is sent again but by a timer
	ClosedByNone Property = "S9" // nothing of another conversation ends a chat
	Restless     Property = "L1" // in a calm everything comes to rest
	Unsettled    Property = "L2" // and the fate of each message has been told
	Needless     Property = "L3" // and what has arrived is not sent again
)

// violation is the error of a step.
type violation struct {
	property Property
	what     string
	calm     []move // what happened in the calm in which it showed, the last move first
}

func (v *violation) Error() string { return string(v.property) + ": " + v.what }

func violated(p Property, format string, args ...any) error {
	return &violation{property: p, what: fmt.Sprintf(format, args...)}
}
