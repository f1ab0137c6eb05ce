package client

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// refusals are lines that are no commands, one or more for each way to get
// there.
var refusals = []struct {
	line   string
	op     string
	reason ErrorReason
}{
	{``, "", ReasonBadJSON},
	{`hello`, "", ReasonBadJSON},
	{`{"op":"ping"`, "", ReasonBadJSON},
	{`{"op":"ping"}{"op":"ping"}`, "", ReasonBadJSON},
	{`["ping"]`, "", ReasonBadJSON},
	{`"ping"`, "", ReasonBadJSON},
	{`null`, "", ReasonBadJSON},
	{"{\"op\":\"chat\",\"text\":\"raw\x01control\"}", "", ReasonBadJSON},

	{`{}`, "", ReasonMissingField},
	{`{"op":null}`, "", ReasonMissingField},
	{`{"Op":"ping"}`, "", ReasonMissingField},
	{`{"op":7}`, "", ReasonWrongType},
	{`{"op":""}`, "", ReasonUnknownOp},
	{`{"op":"dance"}`, "dance", ReasonUnknownOp},
	{`{"op":"PING"}`, "PING", ReasonUnknownOp},
	{`{"op":"\u001b[2J"}`, "\x1b[2J", ReasonUnknownOp},

	{`{"op":"connect"}`, "connect", ReasonMissingField},
	{`{"op":"connect","user":["alice"]}`, "connect", ReasonWrongType},
	{`{"op":"connect","user":""}`, "connect", ReasonBadUser},
	{`{"op":"connect","user":" alice"}`, "connect", ReasonBadUser},
	{`{"op":"connect","user":"jürgen"}`, "connect", ReasonBadUser},
	{`{"op":"connect","user":"012345678901234567890123456789012"}`, "connect", ReasonBadUser},

	{`{"op":"invite"}`, "invite", ReasonMissingField},
	{`{"op":"invite","peer":null}`, "invite", ReasonMissingField},
	{`{"op":"invite","peer":3221225986}`, "invite", ReasonWrongType},
	{`{"op":"invite","peer":""}`, "invite", ReasonBadAddress},
	{`{"op":"invite","peer":"localhost"}`, "invite", ReasonBadAddress},
	{`{"op":"invite","peer":"192.0.2.2:0"}`, "invite", ReasonBadAddress},
	{`{"op":"invite","peer":"0.0.0.0"}`, "invite", ReasonBadAddress},
	{`{"op":"cancel"}`, "cancel", ReasonMissingField},
	{`{"op":"cancel","peer":{}}`, "cancel", ReasonWrongType},
	{`{"op":"accept"}`, "accept", ReasonMissingField},
	{`{"op":"accept","peer":"bob"}`, "accept", ReasonBadAddress},
	{`{"op":"decline"}`, "decline", ReasonMissingField},
	{`{"op":"decline","peer":true}`, "decline", ReasonWrongType},

	{`{"op":"chat"}`, "chat", ReasonMissingField},
	{`{"op":"chat","text":1.5}`, "chat", ReasonWrongType},
	{`{"op":"chat","text":""}`, "chat", ReasonBadText},
	{`{"op":"chat","text":"a\u0000b"}`, "chat", ReasonBadText},
	{`{"op":"chat","text":"half \ud83d"}`, "chat", ReasonBadText},
	{`{"op":"chat","text":"\ude00\ud83d"}`, "chat", ReasonBadText},
	{`{"op":"chat","text":"\ud83d\ud83d\ude00"}`, "chat", ReasonBadText},
	{`{"op":"chat","text":"\ud83dx"}`, "chat", ReasonBadText},
	{"{\"op\":\"chat\",\"text\":\"\xff\"}", "chat", ReasonBadText},
	{"{\"op\":\"chat\",\"text\":\"ok\",\"id\":\"\xc3\"}", "chat", ReasonBadText},
	{`{"op":"chat","text":"hi","peer":"nobody"}`, "chat", ReasonBadAddress},
	{`{"op":"chat","text":"hi","peer":false}`, "chat", ReasonWrongType},
	{`{"op":"chat","text":"hi","id":true}`, "chat", ReasonWrongType},
	{`{"op":"chat","text":"hi","id":{"n":1}}`, "chat", ReasonWrongType},
	{`{"op":"chat","text":"hi","id":"` + strings.Repeat("x", 63) + `"}`, "chat", ReasonTooLong},

	{`{"op":"leave","peer":""}`, "leave", ReasonBadAddress},
	{`{"op":"leave","peer":[]}`, "leave", ReasonWrongType},
	{`{"op":"leave","now":"true"}`, "leave", ReasonWrongType},
	{`{"op":"leave","now":1}`, "leave", ReasonWrongType},
}

func TestNativeRefusesCommands(t *testing.T) {
	var dialogue []byte
	for _, tt := range refusals {
		c, err := Native{}.DecodeCommand([]byte(tt.line))
		var refused *DecodeError
		if !errors.As(err, &refused) {
			t.Errorf("%q: got %#v, %v; want a DecodeError", tt.line, c, err)
			continue
		}
		if c != nil || refused.Op != tt.op || refused.Reason != tt.reason {
			t.Errorf("%q: got command %v, op %q, reason %s; want none, %q, %s",
				tt.line, c, refused.Op, refused.Reason, tt.op, tt.reason)
		}
		want := Error{OpName: tt.op, Reason: tt.reason, Text: refused.Text}
		if diff := cmp.Diff(want, refused.Event(), sameValue); diff != "" {
			t.Errorf("%q: its event (-want +got):\n%s", tt.line, diff)
		}
		dialogue = fmt.Appendf(dialogue, "> %s\n< ", strings.ToValidUTF8(tt.line, "\ufffd"))
		if dialogue, err = (Native{}).AppendEvent(dialogue, refused.Event()); err != nil {
			t.Errorf("%q: %v", tt.line, err)
		}
		dialogue = append(dialogue, '\n')
	}
	golden(t, "refusals.golden", dialogue)
}

func TestNativeRefusesLongFrame(t *testing.T) {
	fits := `{"op":"ping"}` + strings.Repeat(" ", MaxLine-len(`{"op":"ping"}`))
	if c, err := (Native{}).DecodeCommand([]byte(fits)); c != (Ping{}) || err != nil {
		t.Errorf("line of MaxLine bytes: got %v, %v", c, err)
	}
	_, err := Native{}.DecodeCommand([]byte(fits + " "))
	var refused *DecodeError
	if !errors.As(err, &refused) || refused.Reason != ReasonTooLong {
		t.Errorf("one byte more: got %v, want reason %s", err, ReasonTooLong)
	}
}

func TestNativeTakesCommandsAsPeopleWriteThem(t *testing.T) {
	tests := []struct {
		line string
		want Command
	}{
		{" { \"op\" : \"ping\" } \r", Ping{}},
		{`{"op":"ping","v":1,"extra":{"deep":[null]}}`, Ping{}},
		{`{"op":"chat","op":"ping"}`, Ping{}},
		{`{"op":"\u0070ing"}`, Ping{}},
		{`{"op":"invite","peer":"192.0.2.2"}`, Invite{Peer: bob}},
		{`{"op":"invite","peer":"::ffff:192.0.2.2"}`, Invite{Peer: bob}},
		{`{"op":"chat","text":"hi","peer":null,"id":null}`, Chat{Text: "hi"}},
		{`{"op":"chat","text":"\ud83d\ude00\\ud83d\ufffd"}`, Chat{Text: "😀\\ud83d\ufffd"}},
		{`{"op":"chat","text":"hi","id": 1.0 }`, Chat{Text: "hi", ID: mustID("1.0")}},
		{`{"op":"chat","text":"hi","id":"` + strings.Repeat("x", 62) + `"}`, Chat{Text: "hi", ID: mustID(`"` + strings.Repeat("x", 62) + `"`)}},
		{`{"op":"leave","now":null}`, Leave{}},
		{`{"op":"leave","now":false}`, Leave{}},
	}
	for _, tt := range tests {
		got, err := Native{}.DecodeCommand([]byte(tt.line))
		if err != nil {
			t.Errorf("%s: %v", tt.line, err)
		}
		if diff := cmp.Diff(tt.want, got, sameValue); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", tt.line, diff)
		}
	}
}

func TestNativeRefusesToSendWhatNoDaemonTakes(t *testing.T) {
	tests := []struct {
		name   string
		c      Command
		reason ErrorReason
	}{
		{"no name", Connect{}, ReasonBadUser},
		{"nobody invited", Invite{}, ReasonBadAddress},
		{"nobody cancelled", Cancel{}, ReasonBadAddress},
		{"nobody accepted", Accept{}, ReasonBadAddress},
		{"nobody declined", Decline{}, ReasonBadAddress},
		{"empty text", Chat{Peer: bob}, ReasonBadText},
		{"text with NUL", Chat{Text: "a\x00"}, ReasonBadText},
		{"text that is not UTF-8", Chat{Text: "\xff"}, ReasonBadText},
		{"text that does not fit in a line", Chat{Text: strings.Repeat("x", MaxLine)}, ReasonTooLong},
		{"text that does not fit with its escapes", Chat{Text: strings.Repeat("\x01", MaxLine/6)}, ReasonTooLong},
	}
	for _, tt := range tests {
		got, err := Native{}.AppendCommand([]byte("before"), tt.c)
		var refused *DecodeError
		if !errors.As(err, &refused) || refused.Op != tt.c.Op() || refused.Reason != tt.reason {
			t.Errorf("%s: got %v, want reason %s", tt.name, err, tt.reason)
		}
		if string(got) != "before" {
			t.Errorf("%s: buffer is %q afterwards", tt.name, got)
		}
	}

	longest := Chat{Text: strings.Repeat("x", MaxLine-len(`{"op":"chat","text":""}`))}
	if line, err := (Native{}).AppendCommand(nil, longest); err != nil || len(line) != MaxLine+1 {
		t.Errorf("longest text: %d bytes, %v", len(line), err)
	}
}

func TestNativeRefusesEvents(t *testing.T) {
	for name, e := range map[string]Event{
		"pointer to an event":  &Pong{},
		"unknown without line": Unknown{EvName: "x"},
		"unknown of two lines": Unknown{EvName: "x", Raw: []byte("{}\n{}")},
		"year 10000":           Connected{Pending: []Pending{{Since: since.AddDate(8000, 0, 0)}}},
		"year before 0":        Status{Pending: []Pending{{Since: since.AddDate(-3000, 0, 0)}}},
	} {
		if got, err := (Native{}).AppendEvent([]byte("before"), e); err == nil || string(got) != "before" {
			t.Errorf("%s: got %q, %v; want an error", name, got, err)
		}
	}
	got, err := Native{}.AppendEvent([]byte("before"), Message{Text: strings.Repeat("x", MaxEventLine)})
	if !errors.Is(err, ErrLineTooLong) || string(got) != "before" {
		t.Errorf("too long: %v", err)
	}
	if _, err := (Native{}).AppendCommand(nil, &Ping{}); err == nil {
		t.Error("pointer to a command: no error")
	}
}

func TestNativeRefusesEventLines(t *testing.T) {
	for _, line := range []string{
		``, `pong`, `[]`, `null`, `{}`,
		`{"ev":"pong"}`, `{"v":1,"ev":"datagram","hex":"0"}`, `{"v":1,"ev":"datagram","hex":"xy"}`, `{"v":1,"ev":"step","at":"noon"}`,
		`{"v":2,"ev":"pong"}`, `{"v":"1","ev":"pong"}`, `{"v":1}`, `{"v":1,"ev":7}`,
		`{"v":1,"ev":"message","n":"one"}`, `{"v":1,"ev":"message","peer":"bob"}`,
		`{"v":1,"ev":"sent","id":{}}`, `{"v":1,"ev":"status","counters":{"x":-1}}`,
	} {
		if e, err := (Native{}).DecodeEvent([]byte(line)); err == nil || e != nil {
			t.Errorf("%s: got %#v, %v; want an error", line, e, err)
		}
	}
}

func TestNativeTakesEventsOfOtherReleases(t *testing.T) {
	tests := []struct {
		line string
		want Event
	}{
		{`{"v":1,"ev":"pong"}`, Pong{}},
		{`{"v":1,"ev":"pong","daemon":"2","mood":"good"}`, Pong{Daemon: "2"}},
		{`{"v":1,"ev":"closed","reason":"eaten"}`, Closed{Reason: "eaten"}},
		{`{"v":1,"ev":"connected","pending":null,"addr":""}`, Connected{}},
		{`{"v":1,"ev":"sent","id":null}`, Sent{}},
		{`{"v":1,"ev":"typing"}`, Unknown{EvName: "typing", Raw: []byte(`{"v":1,"ev":"typing"}`)}},
	}
	for _, tt := range tests {
		frame := []byte(tt.line)
		got, err := Native{}.DecodeEvent(frame)
		if err != nil {
			t.Errorf("%s: %v", tt.line, err)
		}
		clear(frame) // results share no memory with the frame
		if diff := cmp.Diff(tt.want, got, sameValue); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", tt.line, diff)
		}
	}
}

func TestErrorSentences(t *testing.T) {
	full := Facts{Peer: bob, User: "bob", Field: "text", Limit: 64, Detail: "a detail"}
	sentences := map[ErrorReason]bool{ReasonBadUser: true, ReasonBadAddress: true, ReasonBadText: true}
	var lines []byte
	seen := map[ErrorReason]bool{}
	for _, reason := range ErrorReasons() {
		if seen[reason] {
			t.Errorf("%s is listed twice", reason)
		}
		seen[reason] = true
		for _, f := range []Facts{{}, {Limit: 1, Peer: bob}, full} {
			if sentences[reason] && f.Detail != "" {
				f.Detail = "What is wrong, and what to do." // their Detail is all of it
			}
			e := NewError("chat", reason, f)
			if e.OpName != "chat" || e.Reason != reason || e.Peer != f.Peer {
				t.Errorf("NewError(chat, %s) = %#v", reason, e)
			}
			if !strings.HasSuffix(e.Text, ".") || strings.Contains(e.Text, "%!") ||
				strings.Contains(e.Text, "  ") || strings.Contains(e.Text, string(reason)+"(") {
				t.Errorf("%s: not a sentence: %s", reason, e.Text)
			}
			if strings.Contains(e.Text, "could not be carried out") {
				t.Errorf("%s has no sentence of its own", reason)
			}
			var err error
			if lines, err = (Native{}).AppendEvent(lines, e); err != nil {
				t.Error(err)
			}
		}
	}
	golden(t, "errors.golden", lines)

	if got := NewError("chat", "odd", Facts{Detail: "why"}).Text; !strings.Contains(got, "odd (why)") {
		t.Errorf("a reason of somebody else: %s", got)
	}
}

func TestQuotedIsShortAndValid(t *testing.T) {
	for _, s := range []string{"", "dance", "\x1b\xff", strings.Repeat("ä", 1000), "x" + strings.Repeat("ä", 1000)} {
		if got := quoted(s); len(got) > 100 || !utf8.ValidString(got) || strings.ContainsRune(got, 0x1b) {
			t.Errorf("quoted(%.20q) = %s", s, got)
		}
	}
}
