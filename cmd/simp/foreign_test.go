package main

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"simp/codec/client/foreign"
	"simp/codec/client/foreign/foreigntest"
)

// host runs the double of a foreign daemon at a UDP port of a loopback address, in front of a network in which every
// peer accepts, writes one message and acknowledges all that it should.
type host struct {
	t      *testing.T
	ip     string
	port   string
	conn   net.PacketConn
	double foreigntest.Daemon
	peers  []func() // what peers do next
	harm   []string
	done   chan struct{}
}

func runDouble(t *testing.T, kind foreign.Kind) *host {
	t.Helper()
	h := &host{t: t, ip: newHosts().ip(0), done: make(chan struct{})}
	conn, err := net.ListenPacket("udp", h.ip+":0")
	if err != nil {
		t.Fatal(err)
	}
	h.conn = conn
	h.port = strconv.Itoa(conn.LocalAddr().(*net.UDPAddr).Port)
	w := foreigntest.World{
		Own:    netip.MustParseAddr(h.ip),
		Client: func(to netip.AddrPort, b []byte) { _, _ = conn.WriteTo(b, net.UDPAddrFromAddrPort(to)) },
		Peer:   h.peer,
		Harm:   func(reason string) { h.harm = append(h.harm, reason) },
	}
	h.double = foreigntest.NewA(w)
	if kind == foreign.B {
		h.double = foreigntest.NewB(w)
	}
	go h.run()
	t.Cleanup(h.stop)
	return h
}

// stop ends it and tells what has been done to it.
func (h *host) stop() {
	_ = h.conn.Close()
	<-h.done
	if len(h.harm) > 0 {
		h.t.Errorf("the daemon was harmed: %s", h.harm)
	}
}

func (h *host) peer(to netip.Addr, p foreigntest.Packet) {
	answer := func(op foreigntest.Op, text string) {
		h.peers = append(h.peers, func() { h.double.FromPeer(time.Now(), to, foreigntest.Packet{Op: op, User: "bob", Text: text}) })
	}
	switch p.Op {
	case foreigntest.SYN:
		answer(foreigntest.SYNACK, "")
		answer(foreigntest.Chat, "welcome")
	case foreigntest.Chat:
		answer(foreigntest.ACK, "")
	case foreigntest.FIN:
		if p.Text == "" {
			answer(foreigntest.ACK, "")
		}
	case foreigntest.SYNACK, foreigntest.ACK, foreigntest.ERR:
	}
}

func (h *host) run() {
	defer close(h.done)
	buf := make([]byte, 4096)
	for {
		wait := 5 * time.Millisecond
		_ = h.conn.SetReadDeadline(time.Now().Add(wait))
		n, from, err := h.conn.ReadFrom(buf)
		now := time.Now()
		var timeout net.Error
		switch {
		case err == nil:
			h.double.FromClient(now, from.(*net.UDPAddr).AddrPort(), bytes.Clone(buf[:n]))
		case !errors.As(err, &timeout) || !timeout.Timeout():
			return
		}
		if len(h.peers) > 0 {
			next := h.peers[0]
			h.peers = h.peers[1:]
			next()
		}
		h.double.Expire(now)
	}
}

// One use of the real program with a foreign daemon from beginning to end, and the daemon is free for the next.
func TestForeignDaemons(t *testing.T) {
	const handed = `simp: Handed to the daemon, which does not tell whether it arrives: hello\n`
	for _, test := range []struct {
		name   string
		kind   foreign.Kind
		args   []string
		stdin  string
		status int
		says   string // a pattern for all that is said
	}{
		{"a found, talk", foreign.A, []string{"--user", "alice", "IP"}, "127.0.0.77\nhello\nq\nq\n", 1,
			`protocol a\.(.|\n)*You are alice(.|\n)*In a chat with 127\.0\.0\.77(.|\n)*does not tell whether it arrives: hello(.|\n)*You have left the chat`},
		{"a found, send", foreign.A, []string{"send", "--user", "alice", "--daemon", "IP", "127.0.0.77", "hello"}, "", 3, handed},
		{"a named, send", foreign.A, []string{"send", "--user", "alice", "--daemon-protocol", "a", "--daemon", "IP", "127.0.0.77", "hello"}, "", 3, handed},
		{"a found, programs", foreign.A, []string{"--json", "--user", "alice", "IP"}, `{"op":"invite","peer":"127.0.0.1"}` + "\nx\n", 1,
			`"reason":"bad-json"`},
		{"a found, nothing done", foreign.A, []string{"--user", "alice", "IP"}, "", 0, `You are alice`},
		{"b found, talk", foreign.B, []string{"--user", "alice", "IP"}, "127.0.0.77\nhello\nq\nq\n", 1,
			`protocol b\.(.|\n)*You are alice(.|\n)*you can write, but not read(.|\n)*In a chat with bob at 127\.0\.0\.77(.|\n)*arrives: hello(.|\n)*You have left the chat`},
		{"b found, send", foreign.B, []string{"send", "--user", "alice", "--daemon", "IP", "127.0.0.77", "hello"}, "", 3, handed},
		{"b named, send", foreign.B, []string{"send", "--user", "alice", "--daemon-protocol", "b", "--daemon", "IP", "127.0.0.77", "hello"}, "", 3, handed},
		{"b found, nothing done", foreign.B, []string{"--user", "alice", "IP"}, "", 0, `You are alice`},
		{"b taken for a", foreign.B, []string{"--user", "alice", "--daemon-protocol", "a", "IP"}, "", 1, `speaks protocol b, not a: leave --daemon-protocol out`},
		{"simp's own wanted", foreign.A, []string{"--user", "alice", "--daemon-protocol", "native", "--no-daemon", "IP"}, "", 1, `nobody answers at TCP port`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := runDouble(t, test.kind)
			args := append([]string{"--client-port", h.port}, test.args...)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "IP", h.ip)
			}
			cmd := exec.Command("simp", args...)
			cmd.Stdin = strings.NewReader(test.stdin)
			out, err := cmd.CombinedOutput()
			if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if got := cmd.ProcessState.ExitCode(); got != test.status {
				t.Errorf("status %d, want %d", got, test.status)
			}
			if !regexp.MustCompile(test.says).Match(out) {
				t.Errorf("it does not say %q", test.says)
			}
			h.stop()
			if !h.double.Free() {
				t.Errorf("the daemon takes no other client: %+v", h.double)
			}
			if t.Failed() {
				t.Logf("%s", out)
			}
		})
	}
}

// Where nothing is, that is known at once; where something is silent, after a moment.
func TestFindForeign(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	silent, err := net.ListenPacket("udp", newHosts().ip(0)+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	odd, err := net.ListenPacket("udp", newHosts().ip(0)+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = odd.Close() }()
	go func() {
		buf := make([]byte, 10)
		if _, from, err := odd.ReadFrom(buf); err == nil {
			_, _ = odd.WriteTo([]byte("error|message=what?"), from)
		}
	}()
	for _, test := range []struct {
		name string
		at   string
		says string
	}{
		{"nothing", newHosts().ip(0) + ":9", "nobody answers (read: connection refused)"},
		{"no port", newHosts().ip(0) + ":0", "nobody answers"},
		{"silence", silent.LocalAddr().String(), "nobody answers (no answer within 500ms)"},
		{"something else", odd.LocalAddr().String(), "is no daemon that simp knows"},
	} {
		l, _, err := findForeign(t.Context(), netip.MustParseAddrPort(test.at))
		if err == nil {
			l.close()
			t.Errorf("%s was taken for a daemon", test.name)
			continue
		}
		if !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: it says %q, not %q", test.name, err, test.says)
		}
	}
	if _, err := dialForeign(t.Context(), netip.MustParseAddrPort(newHosts().ip(0)+":9"), foreign.B); err == nil || !strings.Contains(err.Error(), "nobody answers at UDP port 9") {
		t.Errorf("a daemon that is not there: %v", err)
	}
}

// A daemon that ends says so through the network, and simp passes that on and leaves nothing behind.
func TestForeignDaemonEnds(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	h := runDouble(t, foreign.A)
	l, kind, err := findForeign(t.Context(), netip.MustParseAddrPort(h.ip+":"+h.port))
	if err != nil || kind != foreign.A {
		t.Fatalf("%q, %v", kind, err)
	}
	defer l.close()
	l.frames <- []byte(`{"op":"connect","user":"alice"}` + "\n")
	if r := <-l.events; r.event.Name() != "connected" {
		t.Fatalf("it says %q", r.line)
	}
	h.stop()
	l.frames <- []byte(`{"op":"invite","peer":"127.0.0.77"}` + "\n")
	var said []string
	for r := range l.events {
		if r.err != nil {
			break
		}
		said = append(said, r.line)
	}
	if len(said) == 0 || !strings.Contains(said[len(said)-1], "connection refused). Start it again") {
		t.Errorf("it says %q", said)
	}
}
