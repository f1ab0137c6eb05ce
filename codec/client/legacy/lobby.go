package legacy

import (
	"net/netip"
	"slices"

	"simp/codec/client"
)

// stage is how far a conversation has come, seen from the client.
type stage uint8

const (
	ringing  stage = iota // somebody asks our user, who has not been asked or has not answered
	calling               // our user asks
	accepted              // our user has said yes, the chat is not open yet
	open                  // the chat is open
	leaving               // our user has left, the daemon has not closed it yet
	over                  // it is closed; the user may still have to hear so, or to read what came before
)

// conversation is somebody who asks for our user, or whom our user asks.
type conversation struct {
	peer  netip.AddrPort
	user  string
	stage stage

	texts   []string // messages that the user has not been shown
	remarks []string // the daemon's own, to be shown in the chat

	reason  client.CloseReason // why it is over
	refusal string             // instead, the daemon's sentence why it could not begin
	detail  string             // the peer's own words
	lost    []client.Undelivered

	hurried   bool // the daemon has been told not to wait for what is not delivered
	cancelled bool // our user has left by a Cancel, and the daemon has not said what came of that
}

// beginning reports whether our user has agreed to it and the chat is not open yet.
func (c *conversation) beginning() bool { return c.stage == calling || c.stage == accepted }

// farewell is the command that ends the conversation; nil if there is nothing to end.
func (c *conversation) farewell() client.Command {
	switch c.stage {
	case calling:
		return client.Cancel{Peer: c.peer}
	case ringing:
		return client.Decline{Peer: c.peer}
	case accepted, open:
		return client.Leave{Peer: c.peer}
	case leaving, over:
	}
	return nil
}

// lobby is everybody who wants something of the user. These clients can attend to one conversation at a time, and only
// when they ask; whoever else comes waits here.
type lobby struct {
	all  []*conversation // the oldest first
	with *conversation   // whom the client attends to; nil: nobody
}

// note takes what an event says about conversations.
func (l *lobby) note(ev client.Event, out *Output) {
	switch e := ev.(type) {
	case client.Connected:
		for _, p := range e.Pending {
			l.ring(p.Peer, p.User)
		}
	case client.Invitation:
		l.ring(e.Peer, e.User)
	case client.Withdrawn:
		if c := l.current(e.Peer); c != nil && (c.stage == ringing || c.stage == accepted) {
			l.close(c, client.CloseCancelled)
		}
	case client.Established:
		c := l.of(e.Peer)
		if c == nil {
			c = l.add(e.Peer, e.User, open) // the daemon accepts by itself
		}
		c.user = e.User
		switch {
		case c.stage != leaving:
			c.stage = open
		case c.cancelled:
			// It was accepted before the Cancel came, which is refused then: nobody else would end the chat.
			c.cancelled = false
			out.do(client.Leave{Peer: c.peer})
		}
	case client.Message:
		c := l.of(e.Peer)
		if c == nil {
			c = l.add(e.Peer, e.User, open)
		}
		c.texts = append(c.texts, e.Text)
	case client.Unconfirmed:
		// Nobody else says so: such a partner can go on as if the message had never been written.
		l.remark(e.Peer, unconfirmed(e))
	case client.Repeated:
		if c := l.current(e.Peer); c != nil {
			c.remarks = append(c.remarks, repeated(e)) // each one: it may be a message
		}
	case client.Recognised:
		if e.Limits != "" {
			l.remark(e.Peer, e.Limits)
		}
	case client.Closed:
		if c := l.of(e.Peer); c != nil {
			if e.User != "" {
				c.user = e.User
			}
			c.detail, c.lost = e.Text, e.Undelivered
			l.close(c, e.Reason)
		}
	case client.Error:
		// What cannot be left or cancelled is over already, but for a Cancel that came too late.
		c := l.of(e.Peer)
		if c == nil || c.stage != leaving {
			return
		}
		if e.OpName == (client.Leave{}).Op() || e.OpName == (client.Cancel{}).Op() && c.cancelled {
			l.close(c, client.CloseLeft)
		}
	}
}

// of finds the conversation with a peer that is not over; nil: there is none. If our user has left one and already
// begun the next, it is the former: its end is told first.
func (l *lobby) of(peer netip.AddrPort) *conversation {
	for _, c := range l.all {
		if c.peer == peer && c.stage != over {
			return c
		}
	}
	return nil
}

// current is of without those that our user has left.
func (l *lobby) current(peer netip.AddrPort) *conversation {
	for _, c := range l.all {
		if c.peer == peer && c.stage != over && c.stage != leaving {
			return c
		}
	}
	return nil
}

func (l *lobby) add(peer netip.AddrPort, user string, s stage) *conversation {
	c := &conversation{peer: peer, user: user, stage: s}
	l.all = append(l.all, c)
	return c
}

func (l *lobby) ring(peer netip.AddrPort, user string) {
	if l.current(peer) == nil {
		l.add(peer, user, ringing)
	}
}

func (l *lobby) remark(peer netip.AddrPort, sentence string) {
	if c := l.current(peer); c != nil && !slices.Contains(c.remarks, sentence) {
		c.remarks = append(c.remarks, sentence)
	}
}

// said is what is to be shown of a conversation, the daemon's remarks first.
func (c *conversation) said() []string {
	var all []string
	for _, r := range c.remarks {
		all = append(all, aside(r))
	}
	all = append(all, c.texts...)
	c.remarks, c.texts = nil, nil
	return all
}

// call begins to attend to a peer whom our user asks.
func (l *lobby) call(peer netip.AddrPort) {
	c := l.current(peer)
	if c == nil {
		c = l.add(peer, "", calling)
	}
	if c.stage == ringing {
		c.stage = accepted // inviting whoever invites us is accepting
	}
	l.with = c
}

func (l *lobby) close(c *conversation, why client.CloseReason) {
	c.stage, c.reason = over, why
	l.tidy()
}

// tidy forgets what is over and has nothing left to show.
func (l *lobby) tidy() {
	l.all = slices.DeleteFunc(l.all, func(c *conversation) bool {
		return c.stage == over && c != l.with && len(c.texts) == 0
	})
}

// release ends the client's attention. A conversation that goes on is ended by the command that it returns, nil if none
// is needed; it stays known until the daemon has closed it.
func (l *lobby) release() client.Command {
	c := l.with
	if c == nil {
		return nil
	}
	l.with = nil
	farewell := c.farewell()
	switch c.stage {
	case ringing:
		c.stage = over
	case calling, accepted, open:
		c.cancelled = c.stage == calling
		c.stage = leaving
	case leaving, over:
	}
	l.tidy()
	return farewell
}

// leave is release, with the command given.
func (l *lobby) leave(out *Output) {
	if farewell := l.release(); farewell != nil {
		out.do(farewell)
	}
}

// next is who has waited longest for our user, nil if nobody does.
func (l *lobby) next() *conversation {
	for _, c := range l.all {
		if c != l.with && (c.stage == ringing || c.stage == open || c.stage == over) {
			return c
		}
	}
	return nil
}

// inTheWay is a conversation that our user has left and that still takes the place of the next one: messages wait in it
// for a peer that does not answer. nil: there is none.
func (l *lobby) inTheWay() *conversation {
	for _, c := range l.all {
		if c.stage == leaving {
			return c
		}
	}
	return nil
}

// heldIn is how many messages wait for being shown, in conversations of the stages given.
func (l *lobby) heldIn(of ...stage) int {
	n := 0
	for _, c := range l.all {
		if slices.Contains(of, c.stage) {
			n += len(c.texts)
		}
	}
	return n
}

// held is how many messages wait for being shown, also those of conversations that are over: whoever chats and leaves, and
// does so again, would fill the memory.
func (l *lobby) held() int { return l.heldIn(ringing, calling, accepted, open, leaving, over) }
