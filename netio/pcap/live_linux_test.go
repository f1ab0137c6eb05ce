package pcap

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"
)

// What goes over the loopback interface is seen, and each datagram once.
func TestOpenInterface_Loopback(t *testing.T) {
	r, err := OpenInterface("lo")
	if errors.Is(err, ErrNotPermitted) || errors.Is(err, ErrNoInterface) {
		t.Skipf("it cannot be tried here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	guard := time.AfterFunc(30*time.Second, func() { _ = r.Close() }) // instead of hanging
	defer guard.Stop()

	to, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = to.Close() }()
	from, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = from.Close() }()
	target, source := addrOf(to), addrOf(from)
	for _, text := range []string{"one", "two", "three"} {
		if _, err := from.WriteToUDPAddrPort([]byte(text), target); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for len(got) < 3 {
		p, err := r.Next()
		if err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		if p.Proto == UDP && p.From == source && p.To == target {
			got = append(got, string(p.Payload))
			if age := time.Since(p.At); age < 0 || age > time.Minute {
				t.Errorf("it was captured %s ago", age)
			}
		}
	}
	if got[0] != "one" || got[1] != "two" || got[2] != "three" {
		t.Errorf("captured %q", got)
	}

	go func() {
		defer close(closed)
		for {
			if _, err := r.Next(); err != nil {
				return
			}
		}
	}()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	<-closed
}

func addrOf(c *net.UDPConn) netip.AddrPort {
	a, _ := netip.ParseAddrPort(c.LocalAddr().String())
	return a
}

func TestOpenInterface_NoSuch(t *testing.T) {
	if _, err := OpenInterface("nowhere0"); !errors.Is(err, ErrNoInterface) {
		t.Errorf("it says %v", err)
	}
}
