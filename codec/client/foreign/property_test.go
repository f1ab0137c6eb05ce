package foreign

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"simp/codec/client"
)

// Whatever a person does at whatever moment, and whatever others do: the daemon
// is not harmed, no message is lost from sight, and the end comes.
func TestNothingHarmsTheDaemon(t *testing.T) {
	for _, kind := range []Kind{A, B} {
		t.Run(string(kind), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { anything(t, rt, kind) })
		})
	}
}

func anything(t *testing.T, rt *rapid.T, kind Kind) {
	s := newStage(t, kind)
	user := []string{
		"connect alice", "invite 2", "invite 3", "cancel 2", "cancel 3", "accept 2", "accept 3", "decline 2", "decline 3",
		"chat hello", "chat ü|", "leave", "leave now", "status", "ping",
	}
	others := []string{"peer 2 accepts", "peer 3 declines", "peer 2 ", "peer 3 accepts", "peer 2 busy"}
	arrivals := []string{"peer 2 SYN", "peer 3 SYN"}
	if kind == B {
		// What b's daemon calls an invitation is a handshake that is over.
		arrivals = []string{"peer 2 SYN+ACK", "peer 3 SYN"}
	}
	passing := []string{"+1ms", "+12ms", "+30ms", "+300ms", "+1s", "+25s"}
	words := append(append(append([]string{}, user...), others...), arrivals...)
	var said []string
	say := func(line string) {
		said = append(said, line)
		s.say(line)
	}
	sent, accounted := 0, 0
	count := func() {
		for _, e := range s.take() {
			switch e := e.(type) {
			case client.Sent:
				sent++
			case client.Unconfirmed:
				accounted++
			case client.Closed:
				accounted += len(e.Undelivered)
			default:
			}
			if _, err := (client.Native{}).AppendEvent(nil, e); err != nil {
				rt.Fatalf("%#v cannot be written: %v", e, err)
			}
		}
	}
	say("connect alice")
	for range rapid.IntRange(0, 25).Draw(rt, "steps") {
		if s.ended {
			break
		}
		say(rapid.SampledFrom(words).Draw(rt, "word"))
		say(rapid.SampledFrom(passing).Draw(rt, "time"))
		count()
	}
	say("quit")
	say("+2s")
	count()
	if !s.ended {
		rt.Fatalf("it has not ended after %s", strings.Join(said, "; "))
	}
	if sent != accounted {
		rt.Fatalf("%d messages were taken and %d accounted for: %s", sent, accounted, strings.Join(said, "; "))
	}
	if len(s.harm) > 0 {
		rt.Fatalf("%s, after %s", s.harm, strings.Join(said, "; "))
	}
}

// A daemon that says anything, or nothing, does not make the dialogue fall or
// turn in circles.
func FuzzDatagrams(f *testing.F) {
	for _, name := range recordingsOfClients(&testing.T{}) {
		for _, r := range records(&testing.T{}, name) {
			for _, d := range r.datagrams {
				f.Add([]byte(d.payload), byte(len(d.payload)))
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, mood byte) {
		for _, kind := range []Kind{A, B} {
			p := newPlayer(t, kind, Config{Daemon: self, Probed: mood&1 != 0})
			lines := strings.SplitAfter(string(b), "\n")
			for i, line := range lines {
				p.datagram(line)
				p.command([]client.Command{client.Connect{User: "alice"}, client.Invite{Peer: bob}, client.Chat{Text: "x"}, client.Accept{Peer: bob}, client.Leave{}}[(i+int(mood))%5])
				p.pass(time.Duration(mood) * 10 * time.Millisecond)
				if len(p.events) > 50*len(lines)+100 || len(p.sent) > 50*len(lines)+100 {
					t.Fatalf("%d events, %d datagrams", len(p.events), len(p.sent))
				}
			}
			for _, e := range p.take() {
				if _, err := (client.Native{}).AppendEvent(nil, e); err != nil {
					t.Fatalf("%#v cannot be written: %v", e, err)
				}
			}
			p.command(client.Quit{})
			p.pass(2 * time.Second)
			if !p.ended {
				t.Fatal("it has not ended")
			}
		}
	})
}
