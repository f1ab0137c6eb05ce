package client

import (
	"encoding/hex"
	"net/netip"
	"time"
)

// What a watching client is told, see [Watch].
type (
	// Watching answers Watch: where every conversation stands. Each step that a
	// conversation takes after this is told, none before.
	Watching struct {
		Addr     netip.AddrPort `json:"addr"`     // the daemon's own address towards peers
		Daemon   string         `json:"daemon"`   // the daemon's version
		User     string         `json:"user"`     // the daemon's user; empty: no client is there
		Machines []Machine      `json:"machines"` // by address
	}

	// Step is one step of a conversation's state machine, also one that stays in
	// its state.
	Step struct {
		At    time.Time      `json:"at"` // RFC 3339, in UTC, with microseconds
		Peer  netip.AddrPort `json:"peer"`
		User  string         `json:"user"`
		From  string         `json:"from"` // a state
		To    string         `json:"to"`   // a state
		On    string         `json:"on"`   // the machine's input
		Rule  string         `json:"rule"` // the rule's name within From
		Seq   int            `json:"seq"`  // number of the datagram that came in, or of the one in flight
		Tries int            `json:"tries"`
		Cause string         `json:"cause"` // what kind of thing happened: "datagram", "command", "timer", ...
	}

	// Datagram is a datagram that came, or that is about to be sent. It stands in
	// the order in which things happen: one that came, the steps that it led to,
	// what they send.
	Datagram struct {
		At    time.Time      `json:"at"` // as in Step
		Peer  netip.AddrPort `json:"peer"`
		Dir   Direction      `json:"dir"`
		Bytes Hex            `json:"hex"`
	}

	// Missed says that the watcher was told too much at once for what waits to be
	// read, and that N steps and datagrams before the next one were left out.
	Missed struct {
		N int `json:"n"`
	}
)

// Machine is where one conversation stands.
type Machine struct {
	Peer  netip.AddrPort `json:"peer"`
	User  string         `json:"user"`
	State string         `json:"state"`
}

// Direction says whether a datagram came or went.
type Direction string

// The directions of Datagram.
const (
	DirectionIn  Direction = "in"
	DirectionOut Direction = "out"
)

// Hex is bytes that JSON carries as hexadecimal digits.
type Hex []byte

// MarshalText returns the digits.
func (h Hex) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

// UnmarshalText reads the digits.
func (h *Hex) UnmarshalText(text []byte) error {
	b, err := hex.AppendDecode(nil, text)
	*h = b
	return err
}

// Name returns "watching".
func (Watching) Name() string { return "watching" }

// Name returns "step".
func (Step) Name() string { return "step" }

// Name returns "datagram".
func (Datagram) Name() string { return "datagram" }

// Name returns "missed".
func (Missed) Name() string { return "missed" }

func (Watching) event() {}
func (Step) event()     {}
func (Datagram) event() {}
func (Missed) event()   {}
