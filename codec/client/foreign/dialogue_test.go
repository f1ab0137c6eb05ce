package foreign

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/codec/client"
	"simp/codec/client/foreign/foreigntest"
)

// The probe finds out what a daemon is, and the dialogue goes on from there as if
// it had begun it.
func TestProbe(t *testing.T) {
	for _, kind := range []Kind{A, B} {
		t.Run(string(kind), func(t *testing.T) {
			var answers []string
			var harm []string
			w := foreigntest.World{
				Own:    self,
				Client: func(_ netip.AddrPort, b []byte) { answers = append(answers, string(b)) },
				Peer:   func(netip.Addr, foreigntest.Packet) {},
				Harm:   func(reason string) { harm = append(harm, reason) },
			}
			var double foreigntest.Daemon = foreigntest.NewA(w)
			if kind == B {
				double = foreigntest.NewB(w)
			}
			double.FromClient(start, clientAt, Probe())
			got, known := Recognise([]byte(answers[0]))
			if got != kind || !known {
				t.Fatalf("Recognise(%q) = %q, %t", answers[0], got, known)
			}
			p := newPlayer(t, kind, Config{Daemon: self, Probed: true})
			if p.has() {
				t.Errorf("it begins with %q, although the probe was sent", p.sent)
			}
			p.command(client.Connect{User: "alice"})
			for range 20 {
				for len(answers) > 0 {
					first := answers[0]
					answers = answers[1:]
					p.datagram(first)
				}
				for _, d := range p.sent {
					double.FromClient(p.now, clientAt, []byte(d))
				}
				p.sent = nil
			}
			if told := short(p.take()); len(told) == 0 || told[0] != "connected" {
				t.Errorf("the person is told %q", told)
			}
			if len(harm) > 0 {
				t.Error(harm)
			}
		})
	}
}

func TestRecognise(t *testing.T) {
	for _, test := range []struct {
		answer string
		kind   Kind
		known  bool
	}{
		{"\x00\x00", A, true},
		{"\x02\x00The daemon already connected to a client", A, true},
		{"ACK", B, true},
		{"ACK|", B, true},
		{"ERROR|Unknown operation.", B, true},
		{"", "", false},
		{"\x00", "", false},
		{"error|message=what?", "", false},
		{`{"v":1}`, "", false},
	} {
		if kind, known := Recognise([]byte(test.answer)); kind != test.kind || known != test.known {
			t.Errorf("Recognise(%q) = %q, %t; want %q, %t", test.answer, kind, known, test.kind, test.known)
		}
	}
}

// A second client is told so, whether it has given its name or not.
func TestTaken(t *testing.T) {
	for _, test := range []struct {
		name    string
		kind    Kind
		answers []string
		sent    []string
	}{
		// a's daemon asks all the same, and takes anybody's next datagrams for the
		// answers: so it gets them.
		{"a", A, []string{"\x02\x00The daemon already connected to a client", "\x00\x00", "\x00\x01Please enter a username: ",
			"\x05\x01Do you want to wait for connection or start one? [wait/start]: "}, []string{greetA, nameA + "simp", waitA}},
		{"a, whose client is being asked", A, []string{"\x02\x00The daemon already connected to a client", "\x00\x00", "\x00\x01Please enter a username: ",
			"\x04\x01Request from user bob address: 127.0.0.2:7777. Do you want to accept? [y/n]: "}, []string{greetA, nameA + "simp"}},
		{"b", B, []string{"ACK", "ERROR|Daemon is busy with another user."}, []string{"PING|", "ACK|"}},
	} {
		for _, early := range []bool{true, false} {
			p := newPlayer(t, test.kind, Config{Daemon: self})
			want := slices.Clone(test.sent)
			if early {
				p.command(client.Connect{User: "alice"})
				for i := range want {
					want[i] = strings.ReplaceAll(want[i], "simp", "alice")
				}
			}
			for _, a := range test.answers {
				p.datagram(a)
			}
			if !early {
				p.command(client.Connect{User: "alice"})
			}
			if diff := cmp.Diff([]string{"error connect taken"}, short(p.take())); diff != "" {
				t.Errorf("%s, early %t: the person is told (-want +got):\n%s", test.name, early, diff)
			}
			p.command(client.Invite{Peer: bob})
			p.command(client.Quit{})
			p.pass(3 * time.Second)
			if diff := cmp.Diff(want, p.sent); diff != "" {
				t.Errorf("%s, early %t: sent (-want +got):\n%s", test.name, early, diff)
			}
			if !p.ended {
				t.Errorf("%s, early %t: it has not ended", test.name, early)
			}
		}
	}
}

// A daemon that stops answering ends the dialogue, in time and with a sentence.
func TestSilence(t *testing.T) {
	for _, kind := range []Kind{A, B} {
		p := newPlayer(t, kind, Config{Daemon: self})
		p.command(client.Connect{User: "alice"})
		p.pass(16 * time.Second)
		events := p.take()
		if diff := cmp.Diff([]string{"error connect unsupported"}, short(events)); diff != "" || !p.ended {
			t.Errorf("%s: ended %t, the person is told (-want +got):\n%s", kind, p.ended, diff)
		}
		if want := 1; kind == B {
			want = triesB
			if len(p.sent) != want {
				t.Errorf("b: %q was sent, want it %d times", p.sent, want)
			}
		} else if len(p.sent) != want {
			t.Errorf("a: %q was sent, want no repetition", p.sent)
		}
	}
}

// A name comes from the network and may look like what surrounds it.
func TestParseRequest(t *testing.T) {
	const behind = ". Do you want to accept? [y/n]: "
	for _, test := range []struct {
		words string
		peer  string
		user  string
	}{
		{"Request from user bob address: 127.0.0.2:7777" + behind, "127.0.0.2:7777", "bob"},
		{"Request from user  address: 127.0.0.2:7777" + behind, "127.0.0.2:7777", ""},
		{"Request from user x address: 10.0.0.1:1" + behind + " address: 127.0.0.2:7777" + behind, "127.0.0.2:7777", "x address: 10.0.0.1:1" + behind},
		{"Request ... [y/n]: ", "192.0.0.8:7777", ""},
		{"", "192.0.0.8:7777", ""},
		{"Request from user bob address: nowhere" + behind, "192.0.0.8:7777", ""},
	} {
		if peer, user := parseRequest(test.words); peer.String() != test.peer || user != test.user {
			t.Errorf("parseRequest(%q) = %s, %q; want %s, %q", test.words, peer, user, test.peer, test.user)
		}
	}
}

// What a foreign daemon cannot carry is refused before it gets there.
func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		c    client.Command
		want string
	}{
		{client.Invite{Peer: netip.MustParseAddrPort("127.0.0.2:7000")}, "error invite unsupported"},
		{client.Invite{Peer: netip.MustParseAddrPort("[2001:db8::1]:7777")}, "error invite unsupported"},
		{client.Invite{Peer: netip.MustParseAddrPort("127.0.0.1:7777")}, "error invite self"},
		{client.Invite{Peer: bob}, "error invite already-open"},
		{client.Invite{Peer: carol}, "error invite busy"},
		{client.Chat{Text: strings.Repeat("x", longestText+1)}, "error chat unsupported"},
		{client.Chat{Text: strings.Repeat("ü", longestText/2+1)}, "error chat unsupported"},
		{client.Chat{Peer: carol, Text: "x"}, "error chat no-chat"},
		{client.Leave{Peer: carol}, "error leave no-chat"},
		{client.Accept{Peer: carol}, "error accept no-invitation"},
		{client.Decline{Peer: carol}, "error decline no-invitation"},
		{client.Cancel{Peer: carol}, "error cancel not-inviting"},
	} {
		for _, kind := range []Kind{A, B} {
			s := newStage(t, kind)
			s.peers[bob.Addr()] = accepts
			s.command(client.Connect{User: "alice"})
			s.command(client.Invite{Peer: bob})
			s.run(time.Second)
			s.take()
			s.command(test.c)
			events := s.take()
			if diff := cmp.Diff([]string{test.want}, short(events)); diff != "" {
				t.Errorf("%s: %#v (-want +got):\n%s", kind, test.c, diff)
				continue
			}
			if e := events[0].(client.Error); !strings.HasSuffix(e.Text, ".") {
				t.Errorf("%s: no sentence: %s", kind, e.Text)
			}
		}
	}
	s := newStage(t, A)
	s.peers[bob.Addr()] = accepts
	s.command(client.Connect{User: "alice"})
	s.command(client.Invite{Peer: bob})
	s.run(time.Second)
	s.take()
	for range longestQueue + 2 {
		s.command(client.Chat{Text: "x"})
	}
	if told := short(s.take()); told[len(told)-1] != "error chat queue-full" {
		t.Errorf("the queue has no end: %s", told[len(told)-1])
	}
}
