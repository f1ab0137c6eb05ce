package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"simp/cmd/internal/daemon"
	"simp/cmd/simplab/internal/ladder"
	"simp/codec"
	"simp/codec/client"
	"simp/engine"
	"simp/engine/follow"
)

var (
	alice = netip.MustParseAddrPort("10.0.0.1:7777")
	bob   = netip.MustParseAddrPort("10.0.0.2:7777")
)

// wire is a source whose packets a test sends.
type wire struct {
	packets chan follow.Packet
	gaps    chan string
	end     chan error
	n       int
}

func newWire() *wire {
	return &wire{packets: make(chan follow.Packet), gaps: make(chan string), end: make(chan error, 1)}
}

func (w *wire) source() liveSource {
	return liveSource{name: "the test", close: func() { w.end <- errors.New("closed") }, next: func() (liveNews, error) {
		select {
		case p := <-w.packets:
			return liveNews{packet: p}, nil
		case gap := <-w.gaps:
			return liveNews{gap: gap}, nil
		case err := <-w.end:
			return liveNews{}, err
		}
	}}
}

func (w *wire) send(t *testing.T, from, to netip.AddrPort, d codec.Datagram) {
	t.Helper()
	b, err := codec.Canonical.Append(nil, d)
	if err != nil {
		t.Fatal(err)
	}
	w.n++
	w.packets <- follow.Packet{N: w.n, At: time.Now(), From: from, To: to, Bytes: b}
	synctest.Wait()
}

// pane shows what a terminal would: lines, and the last one as it is.
type pane struct {
	lock  sync.Mutex
	bytes bytes.Buffer
}

func (s *pane) Write(b []byte) (int, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.bytes.Write(b)
}

func (s *pane) text() string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.bytes.String()
}

// lines are those that stay, and the last one.
func (s *pane) lines() (all string, last string) {
	for line := range strings.SplitSeq(s.text(), "\n") {
		last = strings.TrimSuffix(line[strings.LastIndex(strings.TrimSuffix(line, "\r\x1b[K"), "\r")+1:], "\x1b[K")
		last = strings.TrimPrefix(strings.TrimPrefix(last, "\r"), "\x1b[K")
		all += last + "\n"
	}
	return all, last
}

// While nothing comes the last line counts down, and when the time is up the dashed arrow is drawn. Ctrl-C ends it well.
func TestLive_Countdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		var shown pane
		to := bufio.NewWriter(&shown)
		drawing := ladder.NewText(to, ladder.TextOptions{Width: 80, Hold: -1})
		d := liveLadder{reader: ladder.NewReader(ladder.Options{}, drawing), to: to, source: "the test", countdown: 80}
		w := newWire()
		done := make(chan error, 1)
		go func() { done <- d.run(ctx, w.source()) }()
		expect := func(last string) {
			t.Helper()
			if _, got := shown.lines(); got != last {
				t.Fatalf("the last line is %q, want %q", got, last)
			}
		}
		pass := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		}
		synctest.Wait()
		expect("Watching the test: nothing is awaited. Ctrl-C ends.")

		pass(time.Second)
		w.send(t, alice, bob, codec.Datagram{Kind: codec.SYN, User: []byte("alice")})
		expect("10.0.0.2's user has to answer SYN #1 of alice.")
		pass(time.Minute)
		w.send(t, bob, alice, codec.Datagram{Kind: codec.SYNACK, User: []byte("bob")})
		expect("bob sends SYN+ACK #2 again in 5.0 s unless ACK comes.")
		w.send(t, alice, bob, codec.Datagram{Kind: codec.ACK, User: []byte("alice")})
		expect("Watching the test: nothing is awaited. Ctrl-C ends.")
		pass(time.Second)
		w.send(t, alice, bob, codec.Datagram{Kind: codec.CHAT, User: []byte("alice"), Payload: []byte("hello")})
		expect("alice sends CHAT #4 again in 5.0 s unless ACK comes.")
		pass(1500 * time.Millisecond)
		expect("alice sends CHAT #4 again in 3.5 s unless ACK comes.")
		if all, _ := shown.lines(); strings.Contains(all, "should have  ") {
			t.Errorf("something is missing already:\n%s", all)
		}
		pass(3500*time.Millisecond + slack)
		if all, _ := shown.lines(); strings.Count(all, "should have  ") != 1 || !strings.Contains(all, "│<- - - ACK seq=0 of CHAT #4 - -│") {
			t.Errorf("the ACK is not missing:\n%s", all)
		}
		expect("alice should send CHAT seq=0, copy 2 of #4 within 2.4 s.")
		w.send(t, alice, bob, codec.Datagram{Kind: codec.CHAT, User: []byte("alice"), Payload: []byte("hello")})
		expect("alice sends CHAT #5 again in 5.0 s unless ACK comes.")
		pass(time.Second)
		interrupt()
		if err := <-done; err != nil {
			t.Errorf("it ends with %v", err)
		}
		all, last := shown.lines()
		if last != "" || strings.Count(all, "Conversation 1") != 1 || strings.Contains(all, "Ctrl-C") || strings.Contains(all, " again in ") {
			t.Errorf("what is left on the pane:\n%s", all)
		}
		for _, want := range []string{"retransmission", "the capture ends before this conversation does", "awaited when"} {
			if !strings.Contains(all, want) {
				t.Errorf("it lacks %q:\n%s", want, all)
			}
		}
		w.end <- errors.New("closed") // as the command does
	})
}

// Where nobody looks there are only lines; when the source ends that is said.
func TestLive_Lines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shown pane
		to := bufio.NewWriter(&shown)
		d := liveLadder{reader: ladder.NewReader(ladder.Options{}, ladder.NewPlain(to)), to: to, source: "the test"}
		w := newWire()
		done := make(chan error, 1)
		go func() { done <- d.run(t.Context(), w.source()) }()
		w.send(t, alice, bob, codec.Datagram{Kind: codec.SYN, User: []byte("alice")})
		if got := shown.text(); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "0.000 s, conversation 1, packet 1, 10.0.0.1 to 10.0.0.2: SYN") || strings.Contains(got, "\x1b") {
			t.Errorf("it shows %q", got)
		}
		w.gaps <- "some is missing"
		synctest.Wait()
		if got := shown.text(); !strings.HasSuffix(got, "0.000 s, conversation 1, remark: some is missing\n") {
			t.Errorf("it shows %q", got)
		}
		w.end <- errors.New("it has gone")
		if err := <-done; err == nil || err.Error() != "the test: it has gone" {
			t.Errorf("it ends with %v", err)
		}
	})
}

// The real thing: what goes over the loopback interface is drawn.
func TestLive_Interface(t *testing.T) {
	one, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = one.Close() }()
	port := one.LocalAddr().(*net.UDPAddr).Port
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out, in := io.Pipe()
	var complaint bytes.Buffer
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"ladder", "--live", "--plain", "--port", strconv.Itoa(port), "lo"}, strings.NewReader(""), in, &complaint)
		_ = in.Close()
	}()
	datagram, err := codec.Canonical.Append(nil, codec.Datagram{Kind: codec.SYN, User: []byte("alice")})
	if err != nil {
		t.Fatal(err)
	}
	// It is not known when the capture begins: what it has not seen is sent again.
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	go func() {
		for {
			select {
			case <-again.C:
				_, _ = one.WriteTo(datagram, one.LocalAddr())
			case <-ctx.Done():
				return
			}
		}
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		if strings.Contains(complaint.String(), "not permitted") || strings.Contains(complaint.String(), "no such interface") || strings.Contains(complaint.String(), "on Linux only") {
			t.Skipf("it cannot be tried here: %s", &complaint)
		}
		t.Fatalf("%v, %s", err, &complaint)
	}
	if !strings.Contains(line, `SYN seq=0 user="alice"`) {
		t.Errorf("it draws %q", line)
	}
	interrupt()
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if got := <-status; got != 0 {
		t.Errorf("status %d: %s", got, &complaint)
	}
}

// A daemon on this host tells the real program what it sends and receives; Ctrl-C ends that well.
func TestLive_Daemon(t *testing.T) {
	d, _ := startDaemon(t)
	program := exec.CommandContext(t.Context(), "simplab", "ladder", "--live", "--plain", d.ClientAddr().String())
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	program.Stderr = &complaint
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	peer, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = peer.Close() }()
	datagram, err := codec.Canonical.Append(nil, codec.Datagram{Kind: codec.SYN, User: []byte("bob")})
	if err != nil {
		t.Fatal(err)
	}
	// It is not known when the program begins to watch: what it has not seen is sent again.
	ctx, rest := context.WithCancel(t.Context())
	defer rest()
	go func() {
		for again := time.Tick(20 * time.Millisecond); ctx.Err() == nil; <-again {
			_, _ = peer.WriteToUDPAddrPort(datagram, d.Addr())
		}
	}()
	lines := bufio.NewScanner(out)
	read := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("it ends without %q; errors: %s", want, &complaint)
	}
	read(" to " + d.Addr().String() + ": SYN seq=0 user=\"bob\"")
	read("SYN+ACK")
	if err := program.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest()
	for lines.Scan() { // to the end
	}
	if err := program.Wait(); err != nil || complaint.Len() > 0 {
		t.Errorf("Ctrl-C: %v, %s", err, &complaint)
	}
}

// startDaemon runs a daemon on free ports of this host, which accepts everybody. It may be stopped before the test ends.
func startDaemon(t *testing.T) (d *daemon.Daemon, stop func()) {
	t.Helper()
	cfg := daemon.Config{IP: netip.MustParseAddr("127.0.0.1"), Engine: engine.Defaults()}
	cfg.Engine.Accept = engine.AcceptAuto
	d, err := daemon.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
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

// daemonThatEnds tells the first who watches some events, and ends.
func daemonThatEnds(t *testing.T, events ...client.Event) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		_, _ = bufio.NewReader(conn).ReadString('\n')
		for _, event := range events {
			line, err := client.Native{}.AppendEvent(nil, event)
			if err != nil {
				t.Error(err)
			}
			_, _ = conn.Write(line)
		}
		_ = conn.Close()
	}()
	return ln
}

// A daemon that ends, ends the ladder, which says so; one that is not there is a misuse.
func TestLive_DaemonEnds(t *testing.T) {
	ln := daemonThatEnds(t, client.Watching{Addr: alice},
		client.Datagram{At: time.Now(), Peer: bob, Dir: client.DirectionIn, Bytes: []byte("no datagram")}, client.Missed{N: 7})
	addr := ln.Addr().String()
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"ladder", "--live", "--plain", addr}, strings.NewReader(""), &stdout, &stderr); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	if want := "simplab: the daemon at 10.0.0.1:7777: the daemon has ended the connection"; !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("it says %q, want %q", &stderr, want)
	}
	if !strings.Contains(stdout.String(), "packet 1, 10.0.0.2 to 10.0.0.1: no datagram of SIMP") {
		t.Errorf("it draws %q", &stdout)
	}
	_ = ln.Close()
	stderr.Reset()
	if status := run(t.Context(), []string{"ladder", "--live", addr}, strings.NewReader(""), &stdout, &stderr); status != 2 || !strings.Contains(stderr.String(), "start simpd there") {
		t.Errorf("nobody there: status %d, %q", status, &stderr)
	}
}

// stuck is an output that nobody reads.
type stuck struct{ tried, release chan struct{} }

func (s stuck) Write(b []byte) (int, error) {
	select {
	case s.tried <- struct{}{}:
	default:
	}
	<-s.release
	return len(b), nil
}

// Ctrl-C ends it also when nobody reads what it draws.
func TestLive_Stuck(t *testing.T) {
	ln := daemonThatEnds(t, client.Watching{Addr: alice}, client.Datagram{At: time.Now(), Peer: bob, Dir: client.DirectionIn, Bytes: []byte("no datagram")})
	defer func() { _ = ln.Close() }()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out := stuck{make(chan struct{}, 1), make(chan struct{})}
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"ladder", "--live", "--to", "json", ln.Addr().String()}, strings.NewReader(""), out, io.Discard)
	}()
	<-out.tried
	interrupt()
	if got := <-status; got != 0 {
		t.Errorf("status %d", got)
	}
	close(out.release)
}
