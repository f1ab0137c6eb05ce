package netio

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

// TestBound looks for the sockets that a program binds itself, and for those that sending binds to all addresses.
func TestBound(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
		socket, err := net.ListenPacket("udp4", at)
		if err != nil {
			t.Fatal(err)
		}
		there := netip.AddrPortFrom(addr("127.0.0.1"), socket.LocalAddr().(*net.UDPAddr).AddrPort().Port())
		for range 2 { // looking changes nothing
			if bound, err := Bound(there); err != nil || !bound {
				t.Errorf("with a socket bound to %s: Bound(%v) = %t, %v; want true", at, there, bound, err)
			}
		}
		if err := socket.Close(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if bound, err := Bound(there); err != nil || bound {
				t.Errorf("when it is closed: Bound(%v) = %t, %v; want false", there, bound, err)
			}
		}
	}
}

// TestBoundCannotTell: a wrong "no" would end a client that is there.
func TestBoundCannotTell(t *testing.T) {
	if bound, err := Bound(addrPort("203.0.113.1:40000")); !errors.Is(err, ErrNotLocal) || bound {
		t.Errorf("for another host's address: %t, %v; want ErrNotLocal", bound, err)
	}
	for _, nowhere := range []netip.AddrPort{{}, addrPort("127.0.0.1:0")} {
		if bound, err := Bound(nowhere); err == nil || bound {
			t.Errorf("Bound(%v) = %t, %v; want an error", nowhere, bound, err)
		}
	}
}
