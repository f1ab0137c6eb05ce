package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestRefusals: each line that cannot be carried out is answered by exactly one error, and the connection goes on.
func TestRefusals(t *testing.T) {
	p := start(t)
	stranger := dial(t, p)
	user, _ := login(t, p, "alice")
	name := func(s string) string { return fmt.Sprintf(`{"op":"connect","user":"%s"}`, s) }
	invite := func(s string) string { return fmt.Sprintf(`{"op":"invite","peer":"%s"}`, s) }

	for _, test := range []struct {
		name, line string
		who        string // who sends it: "stranger", who is not connected, or alice
		op, reason string
		text       string // part of the sentence
	}{
		{"not JSON", `hello`, "alice", "", "bad-json", `{"op":"ping"}`},
		{"an empty line", ``, "alice", "", "bad-json", "not a JSON object"},
		{"a list", `[1]`, "alice", "", "bad-json", "not a JSON object"},
		{"half an object", `{"op":"ping"`, "alice", "", "bad-json", "not a JSON object"},
		{"no op", `{}`, "alice", "", "missing-field", `"op"`},
		{"op is a number", `{"op":1}`, "alice", "", "wrong-type", `"op" must be a string`},
		{"unknown op", `{"op":"dance"}`, "alice", "dance", "unknown-op", `There is no command "dance"`},
		{"no peer", `{"op":"invite"}`, "alice", "invite", "missing-field", `"peer"`},
		{"peer is a number", `{"op":"invite","peer":7777}`, "alice", "invite", "wrong-type", `"peer"`},
		{"no text", `{"op":"chat"}`, "alice", "chat", "missing-field", `"text"`},
		{"text is a list", `{"op":"chat","text":["a"]}`, "alice", "chat", "wrong-type", `"text"`},
		{"empty text", `{"op":"chat","text":""}`, "alice", "chat", "bad-text", "empty"},
		{"NUL in the text", `{"op":"chat","text":"a\u0000b"}`, "alice", "chat", "bad-text", "NUL"},
		{"not UTF-8", "{\"op\":\"chat\",\"text\":\"\xff\"}", "alice", "chat", "bad-text", "UTF-8"},
		{"id is an object", `{"op":"chat","text":"a","id":{}}`, "alice", "chat", "wrong-type", `"id"`},
		{"a long id", `{"op":"chat","text":"a","id":"` + strings.Repeat("i", 63) + `"}`, "alice", "chat", "too-long", `"id"`},
		{"now is a string", `{"op":"leave","now":"yes"}`, "alice", "leave", "wrong-type", `"now"`},

		{"no name", `{"op":"connect"}`, "stranger", "connect", "missing-field", `"user"`},
		{"a name of 0 bytes", name(""), "stranger", "connect", "bad-user", "empty"},
		{"a name of 33 bytes", name(strings.Repeat("a", 33)), "stranger", "connect", "bad-user", "33 characters"},
		{"a name beyond ASCII", name("Zoë"), "stranger", "connect", "bad-user", "ASCII"},
		{"a control character in a name", name(`a\u001b`), "stranger", "connect", "bad-user", "ASCII"},
		{"a blank at a name's end", name("alice "), "stranger", "connect", "bad-user", "blank"},
		{"a good name, but the daemon is taken", name("bob"), "stranger", "connect", "taken", `"alice"`},
		{"without connect", invite("127.0.0.1"), "stranger", "invite", "not-connected", "Connect"},
		{"connect twice", name("bob"), "alice", "connect", "already-connected", `"alice"`},

		{"inviting oneself", invite(p.addr), "alice", "invite", "self", p.addr},
		{"a host name", invite("localhost"), "alice", "invite", "bad-address", "names are not looked up"},
		{"port 0", invite("127.0.0.1:0"), "alice", "invite", "bad-address", "1 to 65535"},
		{"every address", invite("0.0.0.0"), "alice", "invite", "bad-address", "one host"},
		{"broadcast", invite("255.255.255.255"), "alice", "invite", "bad-address", "one host"},
		{"broadcast in loopback", invite("127.255.255.255"), "alice", "invite", "bad-address", "broadcast"},
		{"multicast", invite("224.0.0.251"), "alice", "invite", "bad-address", "one host"},
		{"the other IP version", invite("::1"), "alice", "invite", "bad-address", "IP version"},

		{"chat without a chat", `{"op":"chat","text":"a"}`, "alice", "chat", "no-chat", "Invite"},
		{"chat with nobody", `{"op":"chat","text":"a","peer":"127.0.0.9"}`, "alice", "chat", "no-chat", "127.0.0.9:7777"},
		{"leaving nothing", `{"op":"leave"}`, "alice", "leave", "no-chat", "Invite"},
		{"accepting nothing", `{"op":"accept","peer":"127.0.0.9"}`, "alice", "accept", "no-invitation", "127.0.0.9:7777"},
		{"declining nothing", `{"op":"decline","peer":"127.0.0.9"}`, "alice", "decline", "no-invitation", "127.0.0.9:7777"},
		{"cancelling nothing", `{"op":"cancel","peer":"127.0.0.9"}`, "alice", "cancel", "not-inviting", "127.0.0.9:7777"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := user
			if test.who == "stranger" {
				u = stranger
			}
			u.t = t
			u.say("%s", test.line)
			e := u.expect("error")
			if e.Op != test.op || e.Reason != test.reason || !strings.Contains(e.Text, test.text) {
				t.Errorf("%s\nis answered with op %q, reason %q, text %q\nwant op %q, reason %q, a text with %q",
					test.line, e.Op, e.Reason, e.Text, test.op, test.reason, test.text)
			}
			// Once, and the connection goes on.
			u.say(`{"op":"ping"}`)
			u.expect("pong")
		})
	}
}

// TestLongLine: a line without end is not waited for. Where the next one begins cannot be told, so this connection ends.
func TestLongLine(t *testing.T) {
	p := start(t)
	u, _ := login(t, p, "alice")
	longest := fmt.Sprintf(`{"op":"ping","filler":"%s"}`, strings.Repeat("a", 65536-len(`{"op":"ping","filler":""}`)))
	u.say("%s", longest)
	u.expect("pong")
	u.say("%s", longest+" ")
	if e := u.expect("error"); e.Reason != "too-long" || !strings.Contains(e.Text, "65536 bytes") {
		t.Errorf("a line of 65537 bytes is answered with %q (%s), want too-long", e.Reason, e.Text)
	}
	if line, err := u.next(); err == nil {
		t.Errorf("the connection goes on: %s", line)
	}
	// The daemon is free for the next client.
	p.logged(t, `"message":"client gone"`)
	login(t, p, "alice")
}
