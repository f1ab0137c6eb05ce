package main

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"simp/codec/client/legacy/legacytest"
)

// udpSocket is a double's socket on this host.
type udpSocket struct{ net.Conn }

func dialUDP(t *testing.T, p *process) udpSocket {
	t.Helper()
	conn, err := net.Dial("udp", p.clients)
	if err != nil {
		t.Fatal(err)
	}
	return udpSocket{conn}
}

func (s udpSocket) Send(b []byte) { _, _ = s.Write(b) }
func (s udpSocket) Close()        { _ = s.Conn.Close() }

func (s udpSocket) Receive(size int, limit time.Duration) ([]byte, bool) {
	var deadline time.Time
	if limit > 0 {
		deadline = time.Now().Add(limit)
	}
	_ = s.SetReadDeadline(deadline)
	buf := make([]byte, size)
	for {
		n, err := s.Read(buf)
		if err == nil {
			return buf[:n], true
		}
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
			return nil, false
		}
		time.Sleep(10 * time.Millisecond) // the daemon is not there: the originals, unconnected, do not notice
	}
}

// screen is what one of the doubles prints.
type screen struct {
	*legacytest.Person
	rest string // what was printed and not waited for
}

// await waits until the screen shows something, behind what was waited for before.
func (s *screen) await(t *testing.T, what string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		s.rest += s.Screen() + "\n"
		if _, behind, found := strings.Cut(s.rest, what); found {
			s.rest = behind
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited for %q, fate %q; the screen shows:\n%s", what, s.Fate(), s.rest)
		}
	}
}

// TestLegacyClients lets somebody at A's client and somebody at B's talk through two daemons, each on the address that a
// person gives to these clients: an IP without a port, so the daemons have to be on the usual one.
func TestLegacyClients(t *testing.T) {
	a, b := startAt(t, "127.77.0.1"), startAt(t, "127.77.0.2")

	lisasClient := legacytest.StartB(dialUDP(t, b))
	defer lisasClient.Kill()
	lisa := &screen{Person: lisasClient.Person}
	lisa.Type("lisa")
	lisa.Type("2")
	lisa.await(t, "Waiting for incoming chat requests...")

	alicesClient := legacytest.StartA(dialUDP(t, a))
	defer alicesClient.Kill()
	alice := &screen{Person: alicesClient.Person}
	for _, line := range []string{"alice", "start", "127.77.0.2"} {
		alice.Type(line)
	}
	lisa.await(t, "Do you want to accept the chat request from alice? (y/n)")
	lisa.Type("y")
	alice.await(t, "Connection established!")
	alice.Type("hello lisa")
	alice.Type("are you there?")
	lisa.await(t, "alice: new message from: alice: hello lisa")
	lisa.Type("hello alice")
	alice.await(t, "Other: hello alice")
	lisa.await(t, "are you there?")
	lisa.Type("q")
	lisa.await(t, "Chat ended.")
	alice.await(t, "You or the other client terminated the connection.")
	if got := alice.Fate(); got != "exit: quit" {
		t.Errorf("alice's client ends with %q", got)
	}

	// A second chat on the same daemons, the other way round.
	again := legacytest.StartA(dialUDP(t, a))
	defer again.Kill()
	alice = &screen{Person: again.Person}
	alice.Type("alice")
	alice.Type("wait")
	alice.await(t, "Waiting for connection...")
	lisa.Type("1")
	lisa.Type("127.77.0.1")
	alice.await(t, "Request from user lisa address: 127.77.0.2:7777. Do you want to accept? [y/n]: ")
	alice.Type("y")
	lisa.await(t, "Connected to user: alice")

	// Her client is killed: the daemon notices, lisa hears of it, and the daemon is free.
	again.Kill()
	a.logged(t, "gone without a word")
	lisa.Type("hello?")
	lisa.await(t, "Chat ended.") // whether it arrived or not depends on who was faster
	login(t, a, "carol")
	if got := lisa.Fate(); got != "" {
		t.Errorf("lisa's client ends with %q", got)
	}
}

// startAt launches a daemon on another loopback address, at the usual port.
func startAt(t *testing.T, ip string) *process {
	t.Helper()
	return start(t, "--port=7777", ip)
}

// TestNoLegacyClients: the flag leaves the port to others.
func TestNoLegacyClients(t *testing.T) {
	p := start(t, "--legacy-clients=false")
	conn, err := net.ListenPacket("udp", p.clients)
	if err != nil {
		t.Fatalf("UDP at the client port: %v", err)
	}
	_ = conn.Close()
}

// TestCourseConnect: the course's own test of a daemon.
func TestCourseConnect(t *testing.T) {
	p := start(t)
	for range 2 { // its sockets come and go without a word
		s := dialUDP(t, p)
		s.Send([]byte("connect|username=tester"))
		if got, ok := s.Receive(4096, patience); !ok || string(got) != "ok" {
			t.Errorf("the answer is %q, want ok", got)
		}
		s.Close()
	}
}
