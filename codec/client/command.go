package client

import "net/netip"

// Command is what a client asks of its daemon. The types in this file are the
// only ones.
type Command interface {
	// Op is the command's name: the `op` of the native protocol.
	Op() string

	command()
}

type (
	// Ping asks whether the daemon is there. Ping and Watch are the only
	// commands that need no Connect before them.
	Ping struct{}

	// Watch asks to be told everything that happens, see [Watching]. It does not
	// make the client the daemon's user, and is for the daemon's own host only.
	// From then on the connection takes no command but Ping and Quit.
	Watch struct{}

	// Connect makes the client the daemon's user. See [ParseUser] for names.
	Connect struct{ User string }

	// Invite asks the user at Peer for a chat. While that invitation is open
	// it sends the SYN again; while that peer's own invitation is pending it
	// accepts it.
	Invite struct{ Peer netip.AddrPort }

	// Cancel withdraws an invitation.
	Cancel struct{ Peer netip.AddrPort }

	// Accept accepts the pending invitation of Peer.
	Accept struct{ Peer netip.AddrPort }

	// Decline declines it.
	Decline struct{ Peer netip.AddrPort }

	// Chat sends a message.
	Chat struct {
		Peer netip.AddrPort // zero: the only open chat
		Text string         // UTF-8 without NUL, not empty
		ID   ID             // returned in Sent and Delivered; zero: none
	}

	// Leave ends a chat.
	Leave struct {
		Peer netip.AddrPort // zero: the only open chat
		Now  bool           // without delivering first what is queued
	}

	// StatusQuery asks for a Status.
	StatusQuery struct{}

	// Quit leaves all chats and detaches the client. Closing the connection
	// means the same.
	Quit struct{}
)

// Op returns "ping".
func (Ping) Op() string { return "ping" }

// Op returns "watch".
func (Watch) Op() string { return "watch" }

// Op returns "connect".
func (Connect) Op() string { return "connect" }

// Op returns "invite".
func (Invite) Op() string { return "invite" }

// Op returns "cancel".
func (Cancel) Op() string { return "cancel" }

// Op returns "accept".
func (Accept) Op() string { return "accept" }

// Op returns "decline".
func (Decline) Op() string { return "decline" }

// Op returns "chat".
func (Chat) Op() string { return "chat" }

// Op returns "leave".
func (Leave) Op() string { return "leave" }

// Op returns "status".
func (StatusQuery) Op() string { return "status" }

// Op returns "quit".
func (Quit) Op() string { return "quit" }

func (Ping) command()        {}
func (Watch) command()       {}
func (Connect) command()     {}
func (Invite) command()      {}
func (Cancel) command()      {}
func (Accept) command()      {}
func (Decline) command()     {}
func (Chat) command()        {}
func (Leave) command()       {}
func (StatusQuery) command() {}
func (Quit) command()        {}

// commands returns one command of each type, in the order of a session.
func commands() []Command {
	return []Command{
		Ping{}, Watch{}, Connect{}, Invite{}, Cancel{}, Accept{}, Decline{},
		Chat{}, Leave{}, StatusQuery{}, Quit{},
	}
}

// check returns why no daemon would take c, whatever its state, or nil. Both
// ends use it: what AppendCommand accepts, DecodeCommand accepts.
func check(c Command) *DecodeError {
	refused := func(reason ErrorReason, err error) *DecodeError {
		return refuse(c.Op(), reason, Facts{Detail: err.Error()})
	}
	var peer netip.AddrPort
	switch c := c.(type) {
	case Connect:
		if _, err := ParseUser(c.User); err != nil {
			return refused(ReasonBadUser, err)
		}
		return nil
	case Invite:
		peer = c.Peer
	case Cancel:
		peer = c.Peer
	case Accept:
		peer = c.Peer
	case Decline:
		peer = c.Peer
	case Chat:
		if err := checkText(c.Text); err != nil {
			return refused(ReasonBadText, err)
		}
		if c.Peer == (netip.AddrPort{}) {
			return nil
		}
		peer = c.Peer
	case Leave:
		if c.Peer == (netip.AddrPort{}) {
			return nil
		}
		peer = c.Peer
	default:
		return nil
	}
	if _, err := ParsePeer(FormatPeer(peer)); err != nil {
		return refused(ReasonBadAddress, err)
	}
	return nil
}
