package client

import (
	"encoding/json"
	"net/netip"
	"time"
)

// Event is what a daemon tells its client. The types in this file and in
// watch.go are the only ones. Their field tags name the fields in the native protocol.
//
// Peer is the address of the other daemon and User the name of its user, empty
// while unknown. Addresses are plain IPv4 or IPv6, as [ParsePeer] returns them.
type Event interface {
	// Name is the event's name: the `ev` of the native protocol.
	Name() string

	event()
}

type (
	// Pong answers Ping.
	Pong struct {
		Daemon string `json:"daemon"` // the daemon's version
	}

	// Connected answers Connect.
	Connected struct {
		User    string         `json:"user"`    // the client's own name
		Daemon  string         `json:"daemon"`  // the daemon's version
		Addr    netip.AddrPort `json:"addr"`    // the daemon's own address towards peers
		Pending []Pending      `json:"pending"` // the oldest first
	}

	// Inviting says that a SYN went out, also each time it is repeated.
	Inviting struct {
		Peer  netip.AddrPort `json:"peer"`
		User  string         `json:"user"`
		Tries int            `json:"tries"` // SYNs so far, this one included
	}

	// Unanswered says that an invitation has had no answer for 30 seconds, and
	// again every 30 seconds: the user may go on waiting, send it again, or give
	// up.
	Unanswered struct {
		Peer    netip.AddrPort `json:"peer"`
		User    string         `json:"user"`
		Seconds int            `json:"seconds"` // since the invitation
	}

	// Invitation says that somebody asks for a chat.
	Invitation struct {
		Peer netip.AddrPort `json:"peer"`
		User string         `json:"user"`
	}

	// Withdrawn says that an Invitation is gone.
	Withdrawn struct {
		Peer   netip.AddrPort `json:"peer"`
		User   string         `json:"user"`
		Reason WithdrawReason `json:"reason"`
	}

	// Established says that a chat is open.
	Established struct {
		Peer netip.AddrPort `json:"peer"`
		User string         `json:"user"`
	}

	// Recognised says which implementation of SIMP the peer is, once something
	// that it sent has shown it. Peers that speak as we do are not remarked on.
	Recognised struct {
		Peer     netip.AddrPort `json:"peer"`
		User     string         `json:"user"`
		Dialect  string         `json:"dialect"`  // short name: "a" to "f"
		Evidence string         `json:"evidence"` // what it was recognised by, for people
		Limits   string         `json:"limits"`   // what its users cannot do, for people; empty: nothing of note
	}

	// Message is a message that arrived.
	Message struct {
		Peer netip.AddrPort `json:"peer"`
		User string         `json:"user"`
		// Text is what the peer sent. JSON can carry UTF-8 only: a byte that is
		// not part of it arrives as U+FFFD.
		Text string `json:"text"`
		N    int    `json:"n"` // counts the chat's messages from 1 without a gap
	}

	// Repeated says that the peer's last message came once more and is not
	// shown again: it came as a copy would, but its user may as well have
	// written the same words twice.
	Repeated struct {
		Peer netip.AddrPort `json:"peer"`
		User string         `json:"user"`
		Text string         `json:"text"`
	}

	// Sent answers Chat: the message is in the queue.
	Sent struct {
		Peer netip.AddrPort `json:"peer"`
		User string         `json:"user"`
		ID   ID             `json:"id"`
		N    int            `json:"n"` // counts the messages sent in this chat from 1
		// As is what the peer will really read, where the text had to be
		// transliterated for it; empty where it is the text itself.
		As string `json:"as"`
	}

	// Retrying says that something was sent again for want of an answer.
	Retrying struct {
		Peer  netip.AddrPort `json:"peer"`
		User  string         `json:"user"`
		What  What           `json:"what"`
		Tries int            `json:"tries"` // copies so far, this one included
	}

	// Delivered says that the other side has acknowledged message N.
	Delivered struct {
		Peer netip.AddrPort `json:"peer"`
		User string         `json:"user"`
		ID   ID             `json:"id"`
		N    int            `json:"n"`
	}

	// Unconfirmed says that message N was sent Tries times to a peer that never
	// acknowledges anything: nobody can say whether it arrived.
	Unconfirmed struct {
		Peer  netip.AddrPort `json:"peer"`
		User  string         `json:"user"`
		ID    ID             `json:"id"`
		N     int            `json:"n"`
		Tries int            `json:"tries"`
	}

	// Closed says that a chat or the client's own invitation is over.
	Closed struct {
		Peer        netip.AddrPort `json:"peer"`
		User        string         `json:"user"`
		Reason      CloseReason    `json:"reason"`
		Text        string         `json:"text"`        // of the peer's ERR; empty and left out: it sent none
		Undelivered []Undelivered  `json:"undelivered"` // in the order of N
	}

	// Status answers StatusQuery.
	Status struct {
		User     string            `json:"user"` // the client's own name
		Chats    []ChatStatus      `json:"chats"`
		Pending  []Pending         `json:"pending"`  // the oldest first
		Counters map[string]uint64 `json:"counters"` // the daemon's, by name; may be empty
	}

	// Error says that a command could not be carried out; nothing else changed.
	// It also reports what concerns a chat and no command; OpName is empty then.
	Error struct {
		OpName string         `json:"op"`
		Peer   netip.AddrPort `json:"peer"` // zero: it concerns no peer
		Reason ErrorReason    `json:"reason"`
		Text   string         `json:"text"` // a sentence for people
	}

	// Unknown is an event of a newer daemon, seen by an older client. A client
	// may show it or pass it on, and otherwise ignores it.
	Unknown struct {
		EvName string
		Raw    json.RawMessage // the whole line without its line feed
	}
)

// The parts of events.
type (
	// Pending is an invitation that waits for the client's answer.
	Pending struct {
		Peer  netip.AddrPort `json:"peer"`
		User  string         `json:"user"`
		Since time.Time      `json:"since"` // RFC 3339, in UTC
		// Dialect is as what the peer is treated: "unknown", "native" or the
		// short name of another implementation. Evidence is why, for people.
		Dialect  string `json:"dialect"`
		Evidence string `json:"evidence"`
	}

	// ChatStatus is the state of one chat or invitation of the client's.
	ChatStatus struct {
		Peer   netip.AddrPort `json:"peer"`
		User   string         `json:"user"`
		State  string         `json:"state"`  // the state machine's name of it
		Queued int            `json:"queued"` // messages not acknowledged yet
		Tries  int            `json:"tries"`  // copies of what is in flight; 0: nothing is

		Dialect  string `json:"dialect"` // as in Pending
		Evidence string `json:"evidence"`
	}

	// Undelivered is a message that was not acknowledged before the chat ended.
	Undelivered struct {
		ID   ID     `json:"id"`
		N    int    `json:"n"`
		Text string `json:"text"`
	}
)

// Name returns "pong".
func (Pong) Name() string { return "pong" }

// Name returns "connected".
func (Connected) Name() string { return "connected" }

// Name returns "inviting".
func (Inviting) Name() string { return "inviting" }

// Name returns "unanswered".
func (Unanswered) Name() string { return "unanswered" }

// Name returns "invitation".
func (Invitation) Name() string { return "invitation" }

// Name returns "withdrawn".
func (Withdrawn) Name() string { return "withdrawn" }

// Name returns "established".
func (Established) Name() string { return "established" }

// Name returns "recognised".
func (Recognised) Name() string { return "recognised" }

// Name returns "repeated".
func (Repeated) Name() string { return "repeated" }

// Name returns "message".
func (Message) Name() string { return "message" }

// Name returns "sent".
func (Sent) Name() string { return "sent" }

// Name returns "retrying".
func (Retrying) Name() string { return "retrying" }

// Name returns "delivered".
func (Delivered) Name() string { return "delivered" }

// Name returns "unconfirmed".
func (Unconfirmed) Name() string { return "unconfirmed" }

// Name returns "closed".
func (Closed) Name() string { return "closed" }

// Name returns "status".
func (Status) Name() string { return "status" }

// Name returns "error".
func (Error) Name() string { return "error" }

// Name returns the name that the daemon gave the event.
func (e Unknown) Name() string { return e.EvName }

func (Pong) event()        {}
func (Connected) event()   {}
func (Inviting) event()    {}
func (Unanswered) event()  {}
func (Invitation) event()  {}
func (Withdrawn) event()   {}
func (Established) event() {}
func (Recognised) event()  {}
func (Repeated) event()    {}
func (Message) event()     {}
func (Sent) event()        {}
func (Retrying) event()    {}
func (Delivered) event()   {}
func (Unconfirmed) event() {}
func (Closed) event()      {}
func (Status) event()      {}
func (Error) event()       {}
func (Unknown) event()     {}
