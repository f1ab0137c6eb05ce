package legacy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"simp/codec/client"
	"simp/codec/client/legacy"
)

// FuzzDialogue gives dialogues datagrams, events and time in any order: nothing may panic, no datagram may be what the
// client cannot take, and no message may be held for ever once the client does what it is there for.
func FuzzDialogue(f *testing.F) {
	f.Add([]byte("A\x00alice\x05wait\x1a\x09y\x1b\x1c\x1c\x1d"))
	f.Add([]byte("B\x00lisa\x02\x1a\x12\x14\x1b\x1c\x03hi\x12\x1c\x1d"))
	f.Add([]byte("C\x00carl\x1a\x0aaccept\x1b\x1c\x1d"))
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 400 {
			return
		}
		fz := &fuzzed{now: start}
		fz.run(t, script)
	})
}

// fuzzed reads a script: bytes below 32 are acts, the printable ones behind are their text.
type fuzzed struct {
	now time.Time
	d   *desk
}

func (z *fuzzed) run(t *testing.T, script []byte) {
	hello := map[byte]string{'A': "\x00\x01", 'B': "PING|", 'C': "connect|username=carl"}
	protocol := byte('A')
	if len(script) > 0 && hello[script[0]] != "" {
		protocol, script = script[0], script[1:]
	}
	z.d = openAt(t, z.now, hello[protocol], legacy.Circumstances{Near: len(script)%2 == 0})
	events := func(text string) []client.Event {
		return []client.Event{
			connected(client.Pending{Peer: carla, User: text}), connected(), invitation(text), established(text), said(text),
			closed(bob, client.CloseLeft), client.Withdrawn{Peer: bob, Reason: client.WithdrawCancelled},
			client.NewError("invite", client.ReasonSelf, client.Facts{Peer: bob}), client.NewError("chat", client.ReasonQueueFull, client.Facts{Peer: bob}),
			client.NewError("connect", client.ReasonTaken, client.Facts{User: text}), client.NewError("accept", client.ReasonNoInvitation, client.Facts{Peer: bob}),
			client.Inviting{Peer: bob}, client.Closed{Peer: carla, Reason: client.CloseDeclined, Text: text, Undelivered: []client.Undelivered{{Text: text}}},
		}
	}
	heads := []string{
		"\x00\x01", "\x05\x00", "\x05\x00start", "\x05\x00wait", "\x05\x00127.0.0.2", "\x09\x01y", "\x09\x01n", "\x07", "\x01\x01", "\x03\x00",
		"ACK|", "PING|", "CONNECT|", "CONNECTING|", "CONNECTING|request: 127.0.0.2", "CHAT|", "QUIT|",
		"connect|username=", "accept", "decline", "invite|ip=127.0.0.2|port=7777", "send|text=", "quit", "",
	}
	for len(script) > 0 && !z.d.gone && !z.d.anew {
		act := int(script[0])
		end := 1
		for end < len(script) && script[end] >= 64 {
			end++
		}
		text := string(script[1:end])
		script = script[end:]
		all := events(text)
		switch {
		case act < len(heads):
			z.d.receive(z.now, heads[act]+text)
		case act < len(heads)+len(all):
			z.d.tell(z.now, all[act-len(heads)])
		default:
			z.now = z.now.Add(time.Duration(act) * 100 * time.Millisecond)
			z.d.expire(z.now)
		}
		z.check(t, protocol)
	}
	if z.d.gone || z.d.anew {
		return
	}
	z.serve(protocol)
	if held := legacy.Unread(z.d.d); held > 0 && !z.d.gone {
		t.Errorf("%d messages are held, whatever the client does", held)
	}
}

// check looks at what was sent for what would end the client.
func (z *fuzzed) check(t *testing.T, protocol byte) {
	for _, s := range z.d.take() {
		limit := 4096
		switch protocol {
		case 'A':
			if len(s) < 2 || s[0] > 6 || !strings.Contains("\x00\x01", s[1:2]) || strings.ToValidUTF8(s, "") != s {
				t.Fatalf("A would end on %q", s)
			}
		case 'B':
			limit = 1024
			fallthrough
		default:
			for i := range len(s) {
				if s[i] > 0x7f {
					t.Fatalf("%c cannot read %q", protocol, s)
				}
			}
		}
		if protocol == 'B' && s != "ACK" && strings.Count(s, "|") != 1 {
			t.Fatalf("B cannot read %q", s)
		}
		if len(s) > limit {
			t.Fatalf("%c reads %d bytes of %q", protocol, limit, s)
		}
	}
}

// serve lets the client go on as one does: it answers what it is asked, reads what it is sent, and waits for more.
func (z *fuzzed) serve(protocol byte) {
	for range 64 {
		for _, ev := range []client.Event{closed(bob, client.CloseLeft), closed(carla, client.CloseLeft)} {
			z.d.tell(z.now, ev)
		}
		for _, s := range acts(protocol) {
			if z.d.gone || z.d.anew {
				return
			}
			z.now = z.now.Add(time.Minute)
			z.d.expire(z.now)
			z.d.receive(z.now, s)
			if protocol == 'B' { // a client that waits for its ACK sends again
				z.d.receive(z.now, s)
				for range 4 {
					z.d.receive(z.now, "ACK|")
				}
			}
			z.d.tell(z.now, connected())
		}
		if legacy.Unread(z.d.d) == 0 {
			return
		}
	}
}

func acts(protocol byte) []string {
	switch protocol {
	case 'A':
		return []string{"\x00\x01x", "\x05\x00x", "\x05\x00wait", "\x09\x01y", "\x07", "\x01\x01x"}
	case 'B':
		return []string{"CONNECT|x", "CONNECTING|", "CHAT|x", "QUIT|"}
	default:
		return []string{"connect|username=carl", "accept"}
	}
}

// TestRecognise: who begins with anything else is nobody's client.
func TestRecognise(t *testing.T) {
	for first, want := range map[string]string{
		"\x00\x01": "A", "\x00\x01alice": "A", "PING|": "B", "connect|username=tester": "C", "connect|": "C",
		"": "", "\x00": "", "\x00\x00": "", "\x01\x01hello": "", "PING": "", "PING|x": "", "CONNECT|lisa": "", "CHAT|x": "", "connect": "",
		`{"op":"ping"}`: "", "\x01\x02": "",
	} {
		got := ""
		if p, is := legacy.Recognise([]byte(first)); is {
			got = fmt.Sprint(p)
		}
		if got != want {
			t.Errorf("%q is taken for %q, want %q", first, got, want)
		}
		if d := legacy.Open(start, []byte(first), legacy.Circumstances{}, new(legacy.Output)); (d != nil) != (want != "") {
			t.Errorf("%q: Open returns %v", first, d)
		}
	}
}
