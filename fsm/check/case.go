package check

import "simp/fsm"

// Network is what may become of a datagram.
type Network uint8

// The networks, each worse than the one before. All of them delay for as long as they like: a timer may expire any number of
// times in between.
const (
	Lossy       Network = iota // it is lost, or arrives once and in order
	Duplicating                // it may also arrive several times, all of them before any later one
	Reordering                 // and datagrams overtake each other: any one that is on its way may be next, and may stay on its way
)

var networkNames = [...]string{"lossy", "duplicating", "reordering"}

func (n Network) String() string { return networkNames[n] }

// MarshalText and UnmarshalText are for flags.
func (n Network) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// Case bounds a search.
type Case struct {
	Name    string
	Deep    bool       // takes minutes
	Policy  fsm.Policy // of both sides towards the other
	Network Network
	// Strangers have not met: to each the other is a legacy peer until it has announced itself. Else they remember each other.
	Strangers bool
	Room      uint8       // datagrams on their way in one direction, at most 3; one that finds no room is lost
	Messages  [2]uint8    // that each user writes, in all chats, at most 3
	Invites   [2]uint8    // that each user sends, at most 3 and 4 in all
	Crashes   [2]uint8    // of each daemon, at most 1
	Without   []fsm.Input // commands that nobody gives, so that others can be searched further

	// Next decides a step; nil: what ships.
	Next func(fsm.Snapshot, fsm.Event, *fsm.Actions) (fsm.Snapshot, *fsm.Rule)
	// Limit ends the search after so many states; 0: none.
	Limit int

	fired map[string]int
}

func (c *Case) decide(s fsm.Snapshot, e fsm.Event, out *fsm.Actions) (fsm.Snapshot, *fsm.Rule) {
	if c.Next != nil {
		return c.Next(s, e, out)
	}
	return fsm.Next(s, e, out)
}
