package daemon

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"simp/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func localConfig() Config {
	return Config{IP: netip.MustParseAddr("127.0.0.1"), Engine: engine.Defaults()}
}

// run runs a daemon until stop is called, which waits for its end, and connects a client to it.
func run(t *testing.T, cfg Config) (conn net.Conn, stop func()) {
	t.Helper()
	d, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	conn, err = net.DialTimeout("tcp", d.ClientAddr().String(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn, func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

// TestNotAllowed: who may not be a client is told so, and by which rule.
func TestNotAllowed(t *testing.T) {
	cfg := localConfig()
	cfg.Allow = func(netip.Addr) bool { return false }
	conn, stop := run(t, cfg)
	defer stop()
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Error(err)
	}
	const want = `"reason":"not-allowed","text":"This daemon takes clients from its own host only (and from the addresses that it was told to allow, to which yours does not belong).`
	if !strings.Contains(string(got), want) {
		t.Errorf("the answer is %s, want it to have %s", got, want)
	}
}

// TestStop: a client sees the end of a daemon as the end of its connection, behind everything that it was told.
func TestStop(t *testing.T) {
	for range 20 {
		conn, stop := run(t, localConfig())
		if _, err := io.WriteString(conn, `{"op":"ping"}`+"\n"); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(conn)
		if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, `"ev":"pong"`) {
			t.Fatalf("the answer to a ping is %q, %v", line, err)
		}
		stop()
		if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
			t.Errorf("behind the answer comes %q, %v; want the end", rest, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	port := taken.LocalAddr().(*net.UDPAddr).AddrPort().Port()

	for _, test := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"a port that is taken", func(c *Config) { c.Port = port }, "is taken by another program, perhaps another daemon: stop that one, or choose another port with --port"},
		{"somebody else's address", func(c *Config) { c.IP = netip.MustParseAddr("203.0.113.1") }, "203.0.113.1 is not an address of this host: give one that is"},
		{"values that make no sense", func(c *Config) { c.Engine.MaxChats = 0 }, "at least one chat must be allowed"},
		{"faults that make no sense", func(c *Config) { c.Faults.Drop = 2 }, "drop is a probability from 0 to 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := localConfig()
			test.change(&cfg)
			d, err := Open(cfg)
			if err == nil {
				_ = d.Close()
				t.Fatal("it opens")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %q, want it to say %q", err, test.want)
			}
		})
	}
}

// TestOnePortForAllClients: legacy clients find the daemon by the number that native ones use, also one that the system
// chose.
func TestOnePortForAllClients(t *testing.T) {
	cfg := localConfig()
	cfg.LegacyClients = true
	tcp, stop := run(t, cfg)
	defer stop()
	udp, err := net.DialTimeout("udp", tcp.RemoteAddr().String(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	if err := udp.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(udp, "PING|"); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 100)
	for _, want := range []string{"ACK", "PONG|Daemon is running."} {
		if n, err := udp.Read(answer); err != nil || string(answer[:n]) != want {
			t.Errorf("the answer is %q, %v; want %q", answer[:n], err, want)
		}
	}
}

// TestLegacyPortIsTaken: by whom is not known, what to do about it is.
func TestLegacyPortIsTaken(t *testing.T) {
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	cfg := localConfig()
	cfg.ClientPort = taken.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	cfg.LegacyClients = true
	d, err := Open(cfg)
	if err == nil {
		_ = d.Close()
		t.Fatal("it opens")
	}
	const want = "is taken by another program, perhaps another daemon: stop that one, or choose another port with --client-port, or serve no clients of other implementations with --legacy-clients=false"
	if !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %q, want it to say %q", err, want)
	}
	// Nothing is left open: without legacy clients the same port serves.
	cfg.LegacyClients = false
	if d, err = Open(cfg); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// TestOpenAndClose: a daemon that never runs leaves nothing behind.
func TestOpenAndClose(t *testing.T) {
	cfg := localConfig()
	cfg.LegacyClients = true
	d, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	at := d.ClientAddr()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	cfg.ClientPort = at.Port()
	if d, err = Open(cfg); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
