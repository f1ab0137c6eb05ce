package netio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func listenClients(t *testing.T, allow func(netip.Addr) bool, refuse func(net.Conn)) net.Listener {
	t.Helper()
	l, err := ListenClients(addrPort("127.0.0.1:0"), allow, refuse)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Errorf("Close: %v", err)
		}
	})
	return l
}

// dial connects to l from one of this host's loopback addresses.
func dial(t *testing.T, l net.Listener, from string) net.Conn {
	t.Helper()
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := d.Dial("tcp", l.Addr().String())
	if errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Skipf("this host has no %s: %v", from, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func only(allowed string) func(netip.Addr) bool {
	return func(a netip.Addr) bool { return a == addr(allowed) }
}

func sayNo(conn net.Conn) { _, _ = fmt.Fprintln(conn, "not for you") }

func TestListenClients_RefusalsAreClassified(t *testing.T) {
	taken := listenClients(t, nil, nil)
	tests := []struct {
		name string
		addr netip.AddrPort
		want error
	}{
		{"second bind", addrPort(taken.Addr().String()), ErrPortTaken},
		{"somebody else's address", addrPort("192.0.2.1:0"), ErrNotLocal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := ListenClients(tt.addr, nil, nil)
			if err == nil {
				_ = l.Close()
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("ListenClients(%v) = %v, want %v", tt.addr, err, tt.want)
			}
		})
	}
	if l, err := ListenClients(netip.AddrPort{}, nil, nil); err == nil {
		_ = l.Close()
		t.Error("ListenClients took no address for an address")
	}
}

// The stranger comes first and has sent something that nobody reads, which is
// when closing carelessly would lose the line. Accept yields the client.
func TestListenClients_RefusesStrangersWithALine(t *testing.T) {
	l := listenClients(t, only("127.0.0.1"), sayNo)
	stranger := dial(t, l, "127.0.0.2")
	if _, err := io.WriteString(stranger, "let me in\n"); err != nil {
		t.Fatal(err)
	}
	client := dial(t, l, "127.0.0.1")
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if got, want := conn.RemoteAddr().String(), client.LocalAddr().String(); got != want {
		t.Errorf("accepted %s, want %s", got, want)
	}
	got, err := io.ReadAll(stranger)
	if err != nil || string(got) != "not for you\n" {
		t.Errorf("the stranger read %q, %v", got, err)
	}
	_ = stranger.Close()

	if _, err := io.WriteString(client, "hello\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(conn).ReadString('\n'); line != "hello\n" {
		t.Errorf("the client's line arrived as %q, %v", line, err)
	}
}

func TestListenClients_AllowSeesUnmappedAddress(t *testing.T) {
	seen := make(chan netip.Addr, 1)
	l := listenClients(t, func(a netip.Addr) bool { seen <- a; return true }, nil)
	dial(t, l, "127.0.0.1")
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if got := <-seen; got != addr("127.0.0.1") {
		t.Errorf("allow was asked about %v", got)
	}
}

func TestListenClients_AllowsThisHostByDefault(t *testing.T) {
	l := listenClients(t, nil, nil)
	dial(t, l, "127.0.0.1")
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

func TestListenClients_RefusesSilentlyWithoutRefuse(t *testing.T) {
	l := listenClients(t, only("127.0.0.1"), nil)
	stranger := dial(t, l, "127.0.0.2")
	dial(t, l, "127.0.0.1")
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if got, err := io.ReadAll(stranger); len(got) != 0 || errors.Is(err, net.ErrClosed) {
		t.Errorf("the stranger read %q, %v", got, err)
	}
}

func TestListenClients_CloseUnblocksAccept(t *testing.T) {
	l := listenClients(t, nil, nil)
	result := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		result <- err
	}()
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := <-result; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept returned %v, want net.ErrClosed", err)
	}
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the second Close returned %v, want net.ErrClosed", err)
	}
}

// scriptedListener answers Accept from a list, then waits to be closed.
type scriptedListener struct {
	answers []any // net.Conn or error
	closed  chan struct{}
}

func (l *scriptedListener) Accept() (net.Conn, error) {
	if len(l.answers) == 0 {
		<-l.closed
		return nil, net.ErrClosed
	}
	answer := l.answers[0]
	l.answers = l.answers[1:]
	switch answer := answer.(type) {
	case net.Conn:
		return answer, nil
	case error:
		return nil, answer
	}
	return nil, fmt.Errorf("answer of type %T", answer)
}

func (l *scriptedListener) Close() error   { close(l.closed); return nil }
func (l *scriptedListener) Addr() net.Addr { return nil }

func TestAccept_TriesAgainWhenShortOfResources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer func() { _, _ = here.Close(), there.Close() }()
		short := &net.OpError{Op: "accept", Err: syscall.EMFILE}
		broken := errors.New("broken")
		socket := &scriptedListener{answers: []any{short, short, short, here, broken}, closed: make(chan struct{})}
		l := newClientListener(socket, func(netip.Addr) bool { return true }, nil)

		start := time.Now()
		if conn, err := l.Accept(); err != nil || conn != here {
			t.Errorf("Accept = %v, %v", conn, err)
		}
		if took, want := time.Since(start), 7*firstAcceptPause; took != want { // 1 + 2 + 4
			t.Errorf("took %v, want %v", took, want)
		}
		if _, err := l.Accept(); !errors.Is(err, broken) {
			t.Errorf("Accept returned %v, want what is broken", err)
		}
		_ = l.Close()
	})
}

func TestAccept_CloseEndsThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		short := error(&net.OpError{Op: "accept", Err: syscall.ENFILE})
		socket := &scriptedListener{closed: make(chan struct{})}
		for range 20 {
			socket.answers = append(socket.answers, short)
		}
		l := newClientListener(socket, nil, nil)
		result := make(chan error, 1)
		go func() {
			_, err := l.Accept()
			result <- err
		}()
		time.Sleep(3500 * time.Millisecond) // within a pause of a second
		start := time.Now()
		_ = l.Close()
		if err := <-result; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept returned %v, want net.ErrClosed", err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("Accept went on for %v after Close", took)
		}
	})
}

// connFrom is one end of a pipe that claims to come from a TCP address.
type connFrom struct {
	net.Conn
	addr string
}

func (c connFrom) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(addrPort(c.addr)) }

// silentStrangers is a listener to which n strangers connect, who neither say nor
// read anything, and then a client. refuse waits for each to speak and counts
// them.
func silentStrangers(t *testing.T, n int) (l *clientListener, refused *atomic.Int32, strangers []net.Conn) {
	t.Helper()
	socket := &scriptedListener{closed: make(chan struct{})}
	pipe := func(from string) (there net.Conn) {
		here, there := net.Pipe()
		t.Cleanup(func() { _, _ = here.Close(), there.Close() })
		socket.answers = append(socket.answers, connFrom{here, from})
		return there
	}
	for range n {
		strangers = append(strangers, pipe("192.0.2.1:50000"))
	}
	pipe("127.0.0.1:50000")
	refused = new(atomic.Int32)
	l = newClientListener(socket, nil, func(conn net.Conn) {
		refused.Add(1)
		_, _ = conn.Read(make([]byte, 1))
	})
	return l, refused, strangers
}

func TestAccept_StrangersDelayNoClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, refused, strangers := silentStrangers(t, maxRefusals+4)
		start := time.Now()
		conn, err := l.Accept()
		if err != nil || !remoteAddr(conn).IsLoopback() {
			t.Fatalf("Accept = %v, %v, want the client", conn, err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("the client waited for %v", took)
		}
		// Those who got no word are gone at once, the others in good time.
		for i, stranger := range slices.Backward(strangers) {
			_, err := stranger.Read(make([]byte, 1))
			want := refusalTime
			if i >= maxRefusals {
				want = 0
			}
			if took := time.Since(start); !errors.Is(err, io.EOF) || took != want {
				t.Errorf("stranger %d: %v after %v, want EOF after %v", i, err, took, want)
			}
		}
		if got := refused.Load(); got != maxRefusals {
			t.Errorf("%d strangers were talked to at once, want %d", got, maxRefusals)
		}
		synctest.Wait()
		if n := len(l.refused); n != 0 {
			t.Errorf("%d strangers still count, which leaves fewer places for the next", n)
		}
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

func TestClose_CutsRefusalsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, refused, _ := silentStrangers(t, 3)
		if _, err := l.Accept(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		start := time.Now()
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if took := time.Since(start); took != 0 || refused.Load() != 3 {
			t.Errorf("Close took %v with %d refusals under way, want none with 3", took, refused.Load())
		}
	})
}
