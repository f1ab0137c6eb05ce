package ui

import (
	"fmt"
	"net/netip"

	"simp/codec/client"
)

// state is where a conversation stands, as far as the person is concerned.
type state uint8

const (
	asking     state = iota // they have invited us, and we have not answered
	connecting              // we have accepted, and they have not confirmed
	inviting                // we have invited them
	open                    // in a chat
	leaving                 // we are leaving the chat
)

// conversation is a chat or an invitation.
type conversation struct {
	peer  netip.AddrPort
	user  string
	state state
	ours  []message // what they have not confirmed, the oldest first
	tries int       // copies of what waits for their answer; below 2 all is well
}

// message is one of ours that is on its way.
type message struct {
	id   client.ID
	text string
	sent bool // the daemon has taken it
}

// find returns the conversation with peer, or nil.
func (m *Model) find(peer netip.AddrPort) *conversation {
	for _, c := range m.talks {
		if c.peer == peer {
			return c
		}
	}
	return nil
}

// meet returns the conversation with peer, a new one if need be, and learns the user's name.
func (m *Model) meet(peer netip.AddrPort, user string, s state) *conversation {
	c := m.find(peer)
	if c == nil {
		c = &conversation{peer: peer}
		m.talks = append(m.talks, c)
	}
	if user != "" {
		c.user = user
	}
	c.state = s
	c.tries = 0
	return c
}

// forget removes a conversation that is over.
func (m *Model) forget(c *conversation) {
	kept := m.talks[:0]
	for _, other := range m.talks {
		if other != c {
			kept = append(kept, other)
		}
	}
	m.talks = kept
	if m.current == c {
		m.current = nil
	}
}

// in returns the conversations in a state, the oldest first.
func (m *Model) in(s state) []*conversation {
	var all []*conversation
	for _, c := range m.talks {
		if c.state == s {
			all = append(all, c)
		}
	}
	return all
}

// out returns the invitation of ours that q, s, g and /back are about: the latest.
func (m *Model) out() *conversation {
	for i := len(m.talks) - 1; i >= 0; i-- {
		if c := m.talks[i]; c.state == inviting || c.state == connecting {
			return c
		}
	}
	return nil
}

// label names a conversation within a line: by the user's name, or by the address while that is unknown, or by both if
// several have the name.
func (m *Model) label(c *conversation) string {
	if c.user == "" {
		return Address(c.peer)
	}
	for _, other := range m.talks {
		if other.peer != c.peer && other.user == c.user {
			return Name(c.user) + "@" + Address(c.peer)
		}
	}
	return Name(c.user)
}

// whole names a conversation by name and address.
func whole(c *conversation) string {
	if c.user == "" {
		return Address(c.peer)
	}
	return Name(c.user) + " at " + Address(c.peer)
}

// onTheirWay words how many messages are not confirmed yet, "" for none.
func (c *conversation) onTheirWay() string {
	switch n := len(c.ours); n {
	case 0:
		return ""
	case 1:
		return "1 on its way"
	default:
		return fmt.Sprintf("%d on their way", n)
	}
}

// take removes the message with the given ID from those on their way and returns it.
func (c *conversation) take(id client.ID) (message, bool) {
	for i, msg := range c.ours {
		if msg.id == id {
			c.ours = append(c.ours[:i:i], c.ours[i+1:]...)
			return msg, true
		}
	}
	return message{}, false
}

// takeRefused removes the message that the daemon has just refused: it answers in order, so that is the first one which
// it has not taken.
func (c *conversation) takeRefused() (message, bool) {
	for _, msg := range c.ours {
		if !msg.sent {
			return c.take(msg.id)
		}
	}
	return message{}, false
}
