package client

// Ops lists the names of all commands: what "op" can be in a line of a client.
func Ops() []string {
	var names []string
	for _, c := range []Command{
		Ping{}, Watch{}, Connect{}, Invite{}, Cancel{}, Accept{}, Decline{}, Chat{}, Leave{}, StatusQuery{}, Quit{},
	} {
		names = append(names, c.Op())
	}
	return names
}

// Names lists the names of all events: what "ev" can be in a line of a daemon
// of this version.
func Names() []string {
	var names []string
	for _, e := range []Event{
		Pong{}, Connected{}, Inviting{}, Unanswered{}, Invitation{}, Withdrawn{}, Established{}, Recognised{}, Repeated{},
		Message{}, Sent{}, Retrying{}, Delivered{}, Unconfirmed{}, Closed{}, Status{}, Error{},
		Watching{}, Step{}, Datagram{}, Missed{},
	} {
		names = append(names, e.Name())
	}
	return names
}
