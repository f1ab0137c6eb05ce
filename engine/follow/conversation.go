package follow

import (
	"net/netip"
	"time"

	"simp/codec"
	"simp/fsm"
)

// Side is one of the two who converse.
type Side uint8

// The two sides.
const (
	Caller Side = iota // sent the SYN, or, where none was seen, the first packet
	Called
)

// Other returns the other side.
func (s Side) Other() Side { return 1 - s }

// Party is what is known of one side.
type Party struct {
	Addr  netip.AddrPort
	Name  string // from its SYN or CHAT; "" while unknown
	State fsm.State

	Announced bool        // it has announced itself as native in this conversation
	Token     codec.Token // the name that it gave the conversation, if any
	Messages  int         // different messages that it has sent in this chat
	Sent      int         // datagrams

	InUse bool // it was in a chat with somebody else when the conversation began
}

// Conversation is what two addresses have with each other: an invitation, and what becomes of it. When one of them invites
// anew, that is another one.
type Conversation struct {
	ID      int // from 1, in the order of their first packets
	Parties [2]Party
	Began   time.Time
	Last    time.Time // its last packet
	First   int       // the number of its first packet
	Late    bool      // the capture begins after its beginning: it does not begin with a SYN
	Opened  bool      // the chat has been open
	Packets int

	// Close says that the two had another conversation a moment ago: what is late of that may be taken for a part of this one,
	// unless conversations are named.
	Close bool

	// Note is the watcher's, for whatever it wants to keep with the conversation.
	Note any

	asks [2][codec.CHAT + 1]Ask
	past [4]codec.Token // names of earlier conversations of the two
	wake time.Time      // when the calendar comes to it; zero: not at all
	slot int            // its place there
	key  pair
}

// Native reports whether both sides have announced themselves.
func (c *Conversation) Native() bool {
	return c.Parties[Caller].Announced && c.Parties[Called].Announced
}

// Over reports whether nothing is under way and nothing open.
func (c *Conversation) Over() bool {
	return c.Parties[Caller].State == fsm.Idle && c.Parties[Called].State == fsm.Idle
}

// Asked returns the last datagram of a kind that a side has sent; nil if there is none, and for an ACK, which asks nothing.
// It changes with each packet.
func (c *Conversation) Asked(by Side, kind codec.Kind) *Ask {
	if a := &c.asks[by][kind]; a.First != 0 {
		return a
	}
	return nil
}

// Side says which side an address is.
func (c *Conversation) Side(addr netip.AddrPort) Side {
	if c.Parties[Caller].Addr == addr {
		return Caller
	}
	return Called
}

// states returns where both sides stand.
func (c *Conversation) states() [2]fsm.State {
	return [2]fsm.State{c.Parties[Caller].State, c.Parties[Called].State}
}

// strays reports whether a datagram names another conversation.
func (c *Conversation) strays(d *codec.Datagram) bool {
	name, _ := d.Name()
	if name == (codec.Token{}) {
		return false
	}
	if d.Kind == codec.SYN {
		for _, past := range c.past {
			if past == name {
				return true
			}
		}
		return false
	}
	known := false
	for i := range c.Parties {
		if t := c.Parties[i].Token; t == name {
			return false
		} else if t != (codec.Token{}) {
			known = true
		}
	}
	return known && (c.Parties[Caller].Token != (codec.Token{}) || !c.Late)
}

// nextDue is when something that is awaited falls due; false if nothing does.
func (c *Conversation) nextDue() (at time.Time, any bool) {
	for side := range c.asks {
		for kind := range c.asks[side] {
			for _, due := range c.asks[side][kind].due {
				if !due.IsZero() && (!any || due.Before(at)) {
					at, any = due, true
				}
			}
		}
	}
	return at, any
}

// pair names two addresses, the smaller one first.
type pair struct{ a, b netip.AddrPort }

func pairOf(x, y netip.AddrPort) pair {
	if y.Compare(x) < 0 {
		x, y = y, x
	}
	return pair{x, y}
}
