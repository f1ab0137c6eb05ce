package netio

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for something on a real socket that should
// happen at once, before it fails instead of hanging.
const patience = 10 * time.Second

func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// harmless are faults that WithFaults has to act on, though they never strike.
func harmless() Faults { return Faults{Drop: 1e-300} }

// received is one datagram, comparable.
type received struct {
	Text string
	From netip.AddrPort
}

// receive reads one datagram. It closes c if none comes.
func receive(t *testing.T, c Conn) received {
	t.Helper()
	guard := time.AfterFunc(patience, func() { _ = c.Close() })
	defer guard.Stop()
	b := make([]byte, 2048)
	n, from, err := c.ReadFrom(b)
	if err != nil {
		t.Fatalf("ReadFrom: %v", err)
	}
	return received{string(b[:n]), from}
}

func send(t *testing.T, c Conn, text string, to netip.AddrPort) {
	t.Helper()
	if err := c.WriteTo([]byte(text), to); err != nil {
		t.Fatalf("WriteTo(%q, %v): %v", text, to, err)
	}
}

// closing closes c at the end of the test, unless the test did.
func closing(t *testing.T, c Conn) Conn {
	t.Helper()
	t.Cleanup(func() {
		if err := c.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Errorf("Close: %v", err)
		}
	})
	return c
}

func listenUDP(t *testing.T, ip string) Conn {
	t.Helper()
	c, err := ListenUDP(netip.AddrPortFrom(addr(ip), 0))
	if err != nil {
		t.Fatal(err)
	}
	return closing(t, c)
}

func listenMemory(t *testing.T, m *Memory, at string) Conn {
	t.Helper()
	c, err := m.Listen(addrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	return closing(t, c)
}

// skipWithoutIPv6 skips a test on a host that has no ::1.
func skipWithoutIPv6(t *testing.T) {
	t.Helper()
	for _, network := range hostNetworks() {
		if network.Addr() == netip.IPv6Loopback() {
			return
		}
	}
	t.Skip("this host has no ::1")
}
