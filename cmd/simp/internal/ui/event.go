package ui

import (
	"fmt"
	"strings"

	"simp/cmd/simp/internal/core"
	"simp/codec/client"
	"simp/codec/text"
)

// What the daemon says.

// Event implements [core.Core].
func (m *Model) Event(ev client.Event, _ string) core.Step {
	switch e := ev.(type) {
	case client.Connected:
		m.connected(e)
	case client.Invitation:
		m.invited(e)
	case client.Withdrawn:
		m.withdrawn(e)
	case client.Inviting:
		m.inviting(e)
	case client.Unanswered:
		m.unanswered(e)
	case client.Established:
		m.established(e)
	case client.Recognised:
		m.recognised(e)
	case client.Repeated:
		m.repeated(e)
	case client.Message:
		m.hear(m.label(m.known(conversation{peer: e.Peer, user: e.User})), e.Text)
	case client.Sent:
		m.sent(e)
	case client.Retrying:
		m.retrying(e)
	case client.Delivered:
		m.delivered(e)
	case client.Unconfirmed:
		m.unconfirmed(e)
	case client.Closed:
		m.closed(e)
	case client.Status:
		m.showStatus(e)
	case client.Error:
		m.failed(e)
	case client.Pong, client.Unknown: // not asked for; newer than this client
	}
	return m.made()
}

// known returns the conversation that an event is about, or the event's own facts where there is none. The name of some
// partners comes only with their first message.
func (m *Model) known(c conversation) *conversation {
	if k := m.find(c.peer); k != nil {
		if c.user != "" {
			k.user = c.user
		}
		return k
	}
	return &c
}

func (m *Model) connected(e client.Connected) {
	m.phase, m.self = attached, e
	m.say("You are %s at %s. Type somebody's address to invite them, or wait to be invited. /help lists more, q ends simp.",
		text.Visible(e.User), Address(e.Addr))
	for _, p := range e.Pending {
		m.invited(client.Invitation{Peer: p.Peer, User: p.User})
	}
	m.release()
}

func (m *Model) invited(e client.Invitation) {
	c := m.meet(e.Peer, e.User, asking)
	if len(m.in(asking)) > 1 || m.current != nil {
		m.say("%s invites you. Type /accept %s or /decline %[2]s.", whole(c), Address(c.peer))
		return
	}
	m.say("%s invites you: y accepts, n declines.", whole(c))
}

func (m *Model) withdrawn(e client.Withdrawn) {
	c := m.known(conversation{peer: e.Peer, user: e.User})
	switch e.Reason {
	case client.WithdrawExpired:
		m.say("The invitation from %s has expired.", m.label(c))
	case client.WithdrawLost:
		m.say("The invitation from %s is gone, its sender cannot be reached.", m.label(c))
	case client.WithdrawCancelled:
		m.say("%s no longer invites you.", m.label(c))
	default:
		m.say("The invitation from %s is gone (%s).", m.label(c), text.Visible(string(e.Reason)))
	}
	m.forget(c)
}

func (m *Model) inviting(e client.Inviting) {
	c := m.find(e.Peer)
	if c == nil || c.state != inviting {
		c = m.meet(e.Peer, e.User, inviting)
	}
	if c.tries == 0 {
		m.say("Inviting %s. q gives up.", m.label(c))
	} else {
		m.trace("Inviting %s, try %d.", m.label(c), e.Tries)
	}
	c.tries = e.Tries
}

func (m *Model) unanswered(e client.Unanswered) {
	c := m.known(conversation{peer: e.Peer, user: e.User})
	if m.current == nil {
		m.say("%s has not answered for %d s. Enter: keep waiting; s: send again; g: give up.", m.label(c), e.Seconds)
		return
	}
	m.say("%s has not answered for %d s. /start %s sends again, /back gives up.", m.label(c), e.Seconds, Address(c.peer))
}

func (m *Model) established(e client.Established) {
	c := m.meet(e.Peer, e.User, open)
	c.ours = nil
	switch {
	case m.quitting:
		m.leaveChat(c)
		return
	case m.current == nil:
		m.current = c
		m.say("In a chat with %s. Every line you type is sent; q leaves.", whole(c))
	default:
		m.say("In a chat with %s as well. /to %s writes there.", whole(c), Address(c.peer))
	}
	m.release()
}

// recognised says once in a conversation that the other side is not like ours, and what its user cannot do.
func (m *Model) recognised(e client.Recognised) {
	c := m.known(conversation{peer: e.Peer, user: e.User})
	sentence := fmt.Sprintf("%s runs another implementation, %s: %s.", m.label(c), text.Visible(e.Dialect), text.Visible(e.Evidence))
	if e.Limits != "" {
		sentence += " " + text.Visible(e.Limits)
	}
	m.say("%s", sentence)
}

// repeated shows what came again as a copy would, since it may have been written twice.
func (m *Model) repeated(e client.Repeated) {
	c := m.known(conversation{peer: e.Peer, user: e.User})
	m.say("The last message of %s came again, as a copy or written twice: %s", m.label(c), text.Visible(e.Text))
}

func (m *Model) sent(e client.Sent) {
	c := m.find(e.Peer)
	if c == nil {
		return
	}
	for i := range c.ours {
		if c.ours[i].id == e.ID {
			c.ours[i].sent = true
			m.trace("To %s, on its way: %s", m.label(c), text.Visible(c.ours[i].text))
		}
	}
	if e.As != "" {
		m.say("%s reads plain ASCII only, and will read: %s", m.label(c), text.Visible(e.As))
	}
}

func (m *Model) retrying(e client.Retrying) {
	c := m.find(e.Peer)
	if c == nil {
		return
	}
	c.tries = e.Tries
	m.trace("%s is not answering, try %d.", m.label(c), e.Tries)
}

func (m *Model) delivered(e client.Delivered) {
	c := m.find(e.Peer)
	if c == nil {
		return
	}
	msg, known := c.take(e.ID)
	late := c.tries > 1
	c.tries = 0
	switch {
	case !known:
	case m.opt.Pipe:
		m.say("To %s, delivered: %s", m.label(c), text.Visible(msg.text))
	case late: // the prompt has told of trouble, so it takes a word to say that this one is well
		m.say("Delivered to %s after all: %s", m.label(c), text.Visible(msg.text))
	}
}

func (m *Model) unconfirmed(e client.Unconfirmed) {
	c := m.find(e.Peer)
	if c == nil {
		return
	}
	c.tries = 0
	msg, known := c.take(e.ID)
	switch {
	case !known:
	case e.Tries == 0:
		// The daemon does not tell what becomes of messages. A person was told so at the beginning; a program must know it
		// of each.
		m.lost = true
		m.trace("To %s, handed to the daemon, which does not tell whether it arrives: %s", m.label(c), text.Visible(msg.text))
	default:
		m.lost = true
		m.say("Sent to %s %d times and never confirmed, so it may or may not have arrived: %s", m.label(c), e.Tries, text.Visible(msg.text))
	}
}

func (m *Model) closed(e client.Closed) {
	c := m.known(conversation{peer: e.Peer, user: e.User})
	if c.user == "" {
		c.user = e.User
	}
	m.say("%s", m.farewell(c, e))
	for _, u := range e.Undelivered {
		m.lost = true
		m.say("Not delivered to %s: %s", m.label(c), text.Visible(u.Text))
	}
	was := m.current == c
	m.forget(c)
	if others := m.in(open); was && len(others) > 0 && !m.quitting {
		// Not chosen for the person: a line half typed for this user must not go to another.
		m.say("Your chat with %s is still open. /to %s writes there.", m.label(others[0]), Address(others[0].peer))
	}
	if c.state == inviting || c.state == connecting {
		m.drop()
	}
}

// farewell words why a conversation is over.
func (m *Model) farewell(c *conversation, e client.Closed) string {
	who := m.label(c)
	sentence := ""
	switch e.Reason {
	case client.CloseLeft:
		if c.state == leaving {
			return fmt.Sprintf("You have left the chat with %s.", who)
		}
		sentence = who + " has left the chat"
	case client.CloseDeclined:
		if c.state == asking {
			return fmt.Sprintf("You have declined the invitation from %s.", who)
		}
		sentence = who + " declines"
	case client.CloseBusy: // whatever its text, it says the same
		return who + " is in another chat. Try again later."
	case client.CloseCancelled:
		sentence = "The invitation is withdrawn: " + who
	case client.CloseUnreachable:
		sentence = who + " does not answer, so this is given up"
	case client.CloseRestarted:
		sentence = who + " knows nothing of the chat any more, so it is over"
	case client.CloseRefused:
		sentence = who + " answers with an error"
	case client.CloseShutdown:
		sentence = "The daemon of one of you stops, so it is over with " + who
	default:
		sentence = fmt.Sprintf("It is over with %s (%s)", who, text.Visible(string(e.Reason)))
	}
	if e.Text != "" {
		sentence += ": " + text.Visible(e.Text)
	}
	return strings.TrimSuffix(sentence, ".") + "."
}

// failed takes the refusal of a command, or an error that concerns none.
func (m *Model) failed(e client.Error) {
	m.say("%s", text.Visible(e.Text))
	c := m.find(e.Peer)
	switch e.OpName {
	case client.Connect{}.Op():
		if e.Reason == client.ReasonBadUser && m.opt.User == "" {
			m.phase = naming
			return
		}
		m.finish()
		m.step.Status = 1
	case client.StatusQuery{}.Op():
		m.answered()
	case client.Invite{}.Op():
		if c != nil && c.state == inviting && c.tries == 0 {
			m.forget(c)
			m.drop()
		}
	case client.Accept{}.Op():
		if c != nil && c.state == connecting {
			c.state = asking
			if e.Reason == client.ReasonNoInvitation {
				m.forget(c)
			}
		}
	case client.Decline{}.Op():
		if c != nil && c.state == asking && e.Reason == client.ReasonNoInvitation {
			m.forget(c)
		}
	case client.Chat{}.Op():
		if c == nil {
			return
		}
		if msg, any := c.takeRefused(); any {
			m.lost = true
			m.say("Not sent to %s: %s", m.label(c), text.Visible(msg.text))
		}
	case "":
		// A person sees the error and decides. A pipe would wait for minutes for an answer that cannot come.
		if m.opt.Pipe && e.Reason == client.ReasonSendFailed && c != nil && c.state == inviting {
			m.send(client.Cancel{Peer: c.peer})
		}
	}
}

// ask asks for a status, to be shown as what kind of daemons the peers have or as it is.
func (m *Model) ask(peers bool) {
	m.asked = append(m.asked, peers)
	m.send(client.StatusQuery{})
}

// answered takes the oldest query out of those that are not answered, and reports whether it was for /peers.
func (m *Model) answered() (peers bool) {
	if len(m.asked) == 0 {
		return false
	}
	peers, m.asked = m.asked[0], m.asked[1:]
	return peers
}

// showPeers shows what kind of daemons the peers have, as far as they have shown it.
func (m *Model) showPeers(e client.Status) {
	show := func(c *conversation, dialect, evidence string) {
		kind := "nothing is known of its daemon yet"
		switch dialect {
		case "":
			kind = "your own daemon does not tell what its daemon is"
		case "unknown":
		case "native":
			kind = "its daemon is one of simp's"
		case "standard":
			kind = "its daemon is taken to follow the specification"
		default:
			kind = "its daemon is another implementation, " + text.Visible(dialect)
		}
		if evidence != "" {
			kind += ": " + text.Visible(evidence)
		}
		m.say("%s: %s.", whole(c), kind)
	}
	for _, s := range e.Chats {
		show(&conversation{peer: s.Peer, user: s.User}, s.Dialect, s.Evidence)
	}
	for _, p := range e.Pending {
		show(&conversation{peer: p.Peer, user: p.User}, p.Dialect, p.Evidence)
	}
	if len(e.Chats)+len(e.Pending) == 0 {
		m.say("No chat, no invitation.")
	}
}

// otherMake is what the status adds about a peer whose daemon has shown that it is not like ours. /peers says more.
func otherMake(dialect string) string {
	switch dialect {
	case "", "unknown", "native", "standard":
		return ""
	}
	return ", its daemon is another implementation, " + text.Visible(dialect)
}

// showStatus shows everything that is going on.
func (m *Model) showStatus(e client.Status) {
	if m.answered() {
		m.showPeers(e)
		return
	}
	m.say("You are %s at %s.", text.Visible(e.User), Address(m.self.Addr))
	for _, s := range e.Chats {
		line := whole(&conversation{peer: s.Peer, user: s.User}) + ": " + m.stateWords(s.State)
		if s.Queued > 0 {
			line += fmt.Sprintf(", %d not confirmed yet", s.Queued)
		}
		if s.Tries > 1 {
			line += fmt.Sprintf(", try %d", s.Tries)
		}
		m.say("%s%s.", line, otherMake(s.Dialect))
	}
	for _, p := range e.Pending {
		m.say("%s: waits for your answer%s.", whole(&conversation{peer: p.Peer, user: p.User}), otherMake(p.Dialect))
	}
	if len(e.Chats)+len(e.Pending) == 0 {
		m.say("No chat, no invitation.")
	}
}

// stateWords says in words what a state of the daemon's machine means.
func (m *Model) stateWords(s string) string {
	switch s {
	case "syn-sent":
		return "invited, no answer yet"
	case "syn-received":
		return "accepted, not confirmed yet"
	case "established":
		return "in a chat"
	case "fin-wait":
		return "being closed"
	}
	return text.Visible(s)
}
