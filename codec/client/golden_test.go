package client

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "write the golden files in testdata/client anew")

// golden compares got with a file in testdata/client.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("..", "..", "testdata", "client", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update to write it", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s has changed (-want +got); if that is meant, run the test with -update:\n%s", name, diff)
	}
}

// sameValue compares commands and events, which contain types with unexported
// fields.
var sameValue = cmp.Options{
	cmpopts.EquateComparable(netip.AddrPort{}, ID{}),
}

var (
	bob   = netip.MustParseAddrPort("192.0.2.2:7777")
	carol = netip.MustParseAddrPort("[2001:db8::3]:7790")
	since = time.Date(2026, 3, 14, 15, 9, 26, 535_000_000, time.UTC)
)

func mustID(token string) ID {
	id, err := ParseID(token)
	if err != nil {
		panic(err)
	}
	return id
}

func sampleCommands() []Command {
	return []Command{
		Ping{},
		Watch{},
		Connect{User: "alice"},
		Connect{User: `A "quoted" \ <name> & more`},
		Invite{Peer: bob},
		Invite{Peer: netip.MustParseAddrPort("[fe80::1%eth0]:7777")},
		Cancel{Peer: bob},
		Accept{Peer: carol},
		Decline{Peer: bob},
		Chat{Text: "hello"},
		Chat{Peer: bob, Text: "Grüße, 日本語 👩‍👩‍👧", ID: NumberID(42)},
		Chat{Peer: bob, Text: "two\nlines\tand \"quotes\"", ID: mustID(`"a\u0041"`)},
		Leave{},
		Leave{Peer: bob},
		Leave{Peer: bob, Now: true},
		Leave{Now: true},
		StatusQuery{},
		Quit{},
	}
}

func sampleEvents() []Event {
	pending := []Pending{
		{Peer: bob, User: "bob", Since: since},
		{Peer: carol, User: "carol", Since: since.Truncate(time.Second), Dialect: "unknown"},
	}
	return []Event{
		Pong{Daemon: "1.0.0"},
		Connected{User: "alice", Daemon: "1.0.0", Addr: netip.MustParseAddrPort("192.0.2.1:7777")},
		Connected{User: "alice", Daemon: "1.0.0", Addr: carol, Pending: pending},
		Inviting{Peer: bob, Tries: 1},
		Unanswered{Peer: bob, Seconds: 30},
		Invitation{Peer: bob, User: "bob"},
		Withdrawn{Peer: bob, User: "bob", Reason: WithdrawCancelled},
		Withdrawn{Peer: bob, User: "bob", Reason: WithdrawExpired},
		Withdrawn{Peer: bob, User: "bob", Reason: WithdrawLost},
		Established{Peer: bob, User: "bob"},
		Recognised{Peer: bob, User: "bob", Dialect: "c", Evidence: "it pads names with blanks"},
		Recognised{Peer: bob, Dialect: "b", Evidence: "a checksum ends its datagrams", Limits: "It shows no message to its user."},
		Repeated{Peer: bob, User: "bob", Text: "ok"},
		Message{Peer: bob, User: "bob", Text: "hello, alice", N: 1},
		Message{Peer: bob, User: "bob", Text: "\x1b[2J\u009b \u202eevil\u200b \x7f\x00 <b>&</b> \U000e0041", N: 2},
		Sent{Peer: bob, User: "bob", N: 1},
		Sent{Peer: bob, User: "bob", ID: NumberID(42), N: 2, As: "Gruesse"},
		Retrying{Peer: bob, User: "bob", What: WhatInvitation, Tries: 2},
		Retrying{Peer: bob, User: "bob", What: WhatMessage, Tries: 3},
		Retrying{Peer: bob, User: "bob", What: WhatGoodbye, Tries: 2},
		Delivered{Peer: bob, User: "bob", ID: mustID(`"x-1"`), N: 2},
		Unconfirmed{Peer: bob, User: "bob", ID: mustID("-1.50e3"), N: 3, Tries: 3},
		Closed{Peer: bob, User: "bob", Reason: CloseLeft},
		Closed{Peer: bob, User: "bob", Reason: CloseUnreachable, Undelivered: []Undelivered{
			{ID: NumberID(7), N: 4, Text: "are you there?"},
			{N: 5, Text: "ö"},
		}},
		Closed{Peer: bob, Reason: CloseRefused, Text: "User already in another chat"},
		Status{User: "alice"},
		Status{
			User:     "alice",
			Chats:    []ChatStatus{{Peer: bob, User: "bob", State: "established", Queued: 2, Tries: 1}, {Peer: carol, State: "syn-sent", Tries: 3, Dialect: "a", Evidence: "remembered"}},
			Pending:  pending[1:],
			Counters: map[string]uint64{"received": 18446744073709551615, "dropped": 0},
		},
		Watching{Addr: carol, Daemon: "1.0.0"},
		Watching{Addr: carol, Daemon: "1.0.0", User: "alice", Machines: []Machine{
			{Peer: bob, User: "bob", State: "established"}, {Peer: carol, State: "syn-received"},
		}},
		Step{
			At: since, Peer: bob, User: "bob", From: "established", To: "established",
			On: "RecvACK", Rule: "next", Seq: 1, Tries: 2, Cause: "datagram",
		},
		Datagram{At: since.Truncate(time.Second), Peer: bob, Dir: DirectionIn, Bytes: Hex{0, 0x10, 0xff}},
		Datagram{At: since, Peer: bob, Dir: DirectionOut},
		Missed{N: 17},
		Error{OpName: "chat", Peer: bob, Reason: ReasonNoChat, Text: "There is no open chat."},
		Error{Reason: ReasonBadJSON, Text: "no JSON"},
		Unknown{EvName: "typing", Raw: json.RawMessage(`{"v":1,"ev":"typing","peer":"192.0.2.2:7777","since":[1,{}]}`)},
	}
}

func TestNativeWritesCommands(t *testing.T) {
	var lines []byte
	for _, c := range sampleCommands() {
		var err error
		if lines, err = (Native{}).AppendCommand(lines, c); err != nil {
			t.Errorf("%#v: %v", c, err)
		}
	}
	golden(t, "commands.golden", lines)

	var got []Command
	for line := range bytes.Lines(lines) {
		c, err := Native{}.DecodeCommand(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		got = append(got, c)
	}
	if diff := cmp.Diff(sampleCommands(), got, sameValue); diff != "" {
		t.Errorf("commands read back (-want +got):\n%s", diff)
	}
}

func TestNativeWritesEvents(t *testing.T) {
	var lines []byte
	for _, e := range sampleEvents() {
		var err error
		if lines, err = (Native{}).AppendEvent(lines, e); err != nil {
			t.Errorf("%#v: %v", e, err)
		}
	}
	golden(t, "events.golden", lines)

	var got []Event
	for line := range bytes.Lines(lines) {
		e, err := Native{}.DecodeEvent(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		got = append(got, e)
	}
	if diff := cmp.Diff(sampleEvents(), got, sameValue); diff != "" {
		t.Errorf("events read back (-want +got):\n%s", diff)
	}
}

// A type that no sample shows would be in no golden file.
func TestSamplesShowEveryType(t *testing.T) {
	ops := map[string]bool{}
	for _, c := range sampleCommands() {
		ops[c.Op()] = true
	}
	for _, c := range commands() {
		if !ops[c.Op()] {
			t.Errorf("no sample of the command %q", c.Op())
		}
	}
	if len(ops) != len(commands()) {
		t.Errorf("samples of %d commands, want %d", len(ops), len(commands()))
	}

	events := map[string]bool{}
	for _, e := range sampleEvents() {
		events[e.Name()] = true
	}
	for _, name := range strings.Fields(`pong connected inviting unanswered invitation withdrawn established message
		sent retrying delivered unconfirmed closed status error watching step datagram missed`) {
		if !events[name] {
			t.Errorf("no sample of the event %q", name)
		}
	}
}
