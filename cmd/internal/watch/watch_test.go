package watch

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"simp/cmd/internal/daemon"
	"simp/codec/client"
	"simp/engine"
)

// start runs a daemon on free ports of this host; stop ends it.
func start(t *testing.T) (d *daemon.Daemon, stop func()) {
	t.Helper()
	cfg := daemon.Config{IP: netip.MustParseAddr("127.0.0.1"), Engine: engine.Defaults()}
	cfg.Engine.Accept, cfg.Engine.Version = engine.AcceptAuto, "1.2.3"
	d, err := daemon.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the daemon: %v", err)
		}
		ended <- nil
	}
	t.Cleanup(stop)
	return d, stop
}

// A chat between two daemons is told datagram by datagram and step by step, to the daemon's end.
func TestDial(t *testing.T) {
	bob, stopBob := start(t)
	alice, _ := start(t)
	s, err := Dial(t.Context(), bob.ClientAddr())
	if err != nil {
		t.Fatal(err)
	}
	if s.Start.Addr != bob.Addr() || s.Start.Daemon != "1.2.3" || len(s.Start.Machines) != 0 {
		t.Errorf("it begins with %+v", s.Start)
	}
	user := alice.Engine().NewClient()
	user.Do(client.Connect{User: "alice"})
	user.Do(client.Invite{Peer: bob.Addr()})
	var said []string
	for ev := range s.Events() {
		switch ev := ev.(type) {
		case client.Datagram:
			said = append(said, string(ev.Dir))
		case client.Step:
			said = append(said, ev.From+"->"+ev.To)
		}
		if said[len(said)-1] == "syn-received->established" {
			break
		}
	}
	if want := "in idle->syn-received "; !strings.HasPrefix(strings.Join(said, " "), want) {
		t.Errorf("told %q, want it to begin with %q", said, want)
	}
	late, err := Dial(t.Context(), bob.ClientAddr())
	if err != nil {
		t.Fatal(err)
	}
	if m := late.Start.Machines; len(m) != 1 || m[0] != (client.Machine{Peer: alice.Addr(), User: "alice", State: "established"}) {
		t.Errorf("a later one begins with %+v", m)
	}
	stopBob()
	for range late.Events() {
	}
	if !errors.Is(late.Err(), ErrEnded) {
		t.Errorf("it ends with %v", late.Err())
	}
}

// A stream ends with its context, also while nobody takes what it has.
func TestDial_ContextEnds(t *testing.T) {
	d, _ := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Dial(ctx, d.ClientAddr())
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for range s.Events() {
	}
	if !errors.Is(s.Err(), context.Canceled) {
		t.Errorf("it ends with %v", s.Err())
	}
	if _, err := Dial(ctx, d.ClientAddr()); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

// What cannot be watched is told in a sentence.
func TestDial_Refused(t *testing.T) {
	for answer, want := range map[string]string{
		"":                           "said nothing that a daemon says",
		"SSH-2.0\n":                  "speaks another protocol",
		`{"v":1,"ev":"pong"}` + "\n": `answers with "pong"`,
		`{"v":1,"ev":"error","op":"watch","reason":"unknown-op","text":"x"}` + "\n":         "an earlier release",
		`{"v":1,"ev":"error","op":"watch","reason":"taken","text":"Not\u001b now."}` + "\n": "cannot be watched: Not",
	} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(patience))
			_, _ = client.NewLineReader(conn, 100).Next()
			_, _ = conn.Write([]byte(answer))
			_ = conn.Close()
		}()
		_, err = Dial(t.Context(), netip.MustParseAddrPort(ln.Addr().String()))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %v, want %q", answer, err, want)
		}
		_ = ln.Close()
	}
}

func TestDial_Nobody(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddrPort(ln.Addr().String())
	_ = ln.Close()
	if _, err := Dial(t.Context(), addr); err == nil || !strings.Contains(err.Error(), "start simpd there") {
		t.Errorf("nobody there: %v", err)
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"127.0.0.1": "127.0.0.1:7778", "127.0.0.1:9": "127.0.0.1:9", "::1": "[::1]:7778", "[::1]": "[::1]:7778", "[::1]:9": "[::1]:9",
		"::ffff:10.0.0.1": "10.0.0.1:7778",
		"":                "", "localhost": "", "10.0.0.1:0": "", "0.0.0.0": "", "10.0.0.1:x": "", "7778": "",
	} {
		var a Address
		err := a.UnmarshalText([]byte(in))
		if got := a.String(); want == "" && err == nil || want != "" && (err != nil || got != want) {
			t.Errorf("%q: %s, %v; want %q", in, got, err, want)
		}
	}
}
