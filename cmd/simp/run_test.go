package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// A whole session within this process, so that what it leaves behind can be seen: nothing.
func TestRunLeavesNothingBehind(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	h := newHosts()
	for _, test := range []struct {
		name   string
		args   []string
		stdin  string
		status int
	}{
		{"talk", []string{"--user", "alice"}, "/status\nq\n", 0},
		{"end of input", []string{"--user", "alice"}, "", 0},
		{"asked for a name", nil, "alice\nq\n", 0},
		{"no name", nil, "", 0},
		{"protocol", []string{"--json", "--user", "alice"}, `{"op":"status"}` + "\n", 0},
		{"a line that is too long", []string{"--user", "alice"}, strings.Repeat("x", 1<<17), 1},
		{"a command that is too long", []string{"--json", "--user", "alice"}, strings.Repeat("x", 1<<17) + "\n", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out, complaints bytes.Buffer
			args := append(test.args, "--port", "0", "--client-port", "0", h.ip(0))
			if got := run(t.Context(), args, strings.NewReader(test.stdin), &out, &complaints); got != test.status {
				t.Errorf("status %d, want %d\n%s%s", got, test.status, &out, &complaints)
			}
		})
	}
}

// The caller can end a session that nobody else ends.
func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	silent, typing := io.Pipe()
	defer func() { _ = typing.Close() }()
	out := &cancelling{want: "You are alice", cancel: cancel}
	if got := run(ctx, []string{"--user", "alice", "--port", "0", "--client-port", "0", newHosts().ip(0)}, silent, out, io.Discard); got != 0 {
		t.Errorf("status %d, want 0", got)
	}
}

// cancelling is an output that calls for the end when it has seen a text.
type cancelling struct {
	want   string
	cancel func()
}

func (c *cancelling) Write(b []byte) (int, error) {
	if strings.Contains(string(b), c.want) {
		c.cancel()
	}
	return len(b), nil
}

// Output that cannot be written is no success.
func TestRunTellsOfLostOutput(t *testing.T) {
	var complaints bytes.Buffer
	silent, typing := io.Pipe()
	defer func() { _ = typing.Close() }()
	args := []string{"--json", "--user", "alice", "--port", "0", "--client-port", "0", newHosts().ip(0)}
	if got := run(t.Context(), args, silent, full{}, &complaints); got != 1 {
		t.Errorf("status %d, want 1", got)
	}
	if want := "simp: the output cannot be written: no space left"; !strings.Contains(complaints.String(), want) {
		t.Errorf("it says %q, not %q", &complaints, want)
	}
}

// full is a disk without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// Not everything that answers at a port is a daemon.
func TestDialKnowsADaemon(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for _, test := range []struct{ name, says, want string }{
		{"a web server", "HTTP/1.1 400 Bad Request\r\n\r\n", "does not serve as a daemon: it speaks another protocol"},
		{"nothing", "", "does not serve as a daemon: it said nothing that a daemon says"},
		{"another version", `{"v":2,"ev":"pong"}` + "\n", "use a client and a daemon of the same release"},
		{"a refusal", `{"v":1,"ev":"error","op":"","reason":"not-allowed","text":"This host \u001b only."}` + "\n", "This host ␛ only."},
	} {
		t.Run(test.name, func(t *testing.T) {
			ln, err := net.Listen("tcp", newHosts().ip(0)+":0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = ln.Close() }()
			go func() {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Read(make([]byte, 100))
				_, _ = io.WriteString(conn, test.says)
				_ = conn.Close()
			}()
			l, err := dial(t.Context(), netip.MustParseAddrPort(ln.Addr().String()))
			if err == nil {
				l.close()
				t.Fatal("it was taken for a daemon")
			}
			if !strings.Contains(err.Error(), test.want) || errors.Is(err, errNobody) {
				t.Errorf("it says %q, not %q", err, test.want)
			}
		})
	}
}

func TestCleanName(t *testing.T) {
	for _, test := range []struct{ login, want string }{
		{"alice", "alice"}, {"", "simp"}, {"äö", "simp"}, {"jörg müller", "jrgmller"}, {"a\x1b[b", "a[b"}, {strings.Repeat("x", 40), strings.Repeat("x", 32)},
	} {
		if got := cleanName(test.login); got != test.want {
			t.Errorf("cleanName(%q) = %q, want %q", test.login, got, test.want)
		}
	}
}
