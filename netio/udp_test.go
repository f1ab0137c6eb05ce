package netio

import (
	"errors"
	"net/netip"
	"strings"
	"syscall"
	"testing"
)

func TestListenUDP_RefusalsAreClassified(t *testing.T) {
	taken := listenUDP(t, "127.0.0.1")
	tests := []struct {
		name string
		addr netip.AddrPort
		want error
	}{
		{"second bind", taken.LocalAddr(), ErrPortTaken},
		{"second bind, mapped", netip.AddrPortFrom(addr("::ffff:127.0.0.1"), taken.LocalAddr().Port()), ErrPortTaken},
		{"somebody else's address", addrPort("192.0.2.1:0"), ErrNotLocal}, // TEST-NET-1, RFC 5737
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := ListenUDP(tt.addr)
			if err == nil {
				_ = c.Close()
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("ListenUDP(%v) = %v, want %v", tt.addr, err, tt.want)
			}
		})
	}
}

func TestListenUDP_SaysWhatTheSystemSaid(t *testing.T) {
	taken := listenUDP(t, "127.0.0.1")
	_, err := ListenUDP(taken.LocalAddr())
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("%v does not wrap EADDRINUSE", err)
	}
}

func TestListenUDP_TakesOneHostsAddressOnly(t *testing.T) {
	for _, a := range []netip.AddrPort{
		{},
		addrPort("0.0.0.0:0"),
		addrPort("[::]:0"),
		addrPort("[::ffff:0.0.0.0]:0"),
		addrPort("224.0.0.1:0"),
		addrPort("127.255.255.255:0"),
		addrPort("[fe80::1]:0"),
	} {
		c, err := ListenUDP(a)
		if err == nil {
			_ = c.Close()
			t.Errorf("ListenUDP(%v) succeeded", a)
			continue
		}
		if why := NotUnicast(a.Addr()); !strings.Contains(err.Error(), why) {
			t.Errorf("ListenUDP(%v) = %q, which does not say %q", a, err, why)
		}
	}
}

// A port that was closed can be taken again at once: a daemon that restarts must
// not wait.
func TestListenUDP_PortIsFreeAfterClose(t *testing.T) {
	first := listenUDP(t, "127.0.0.1")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := ListenUDP(first.LocalAddr())
	if err != nil {
		t.Fatal(err)
	}
	closing(t, second)
}

func TestUDP_UnmapsAddresses(t *testing.T) {
	a, b := listenUDP(t, "::ffff:127.0.0.1"), listenUDP(t, "127.0.0.1")
	if !a.LocalAddr().Addr().Is4() {
		t.Errorf("LocalAddr is %v", a.LocalAddr())
	}
	mapped := netip.AddrPortFrom(netip.AddrFrom16(b.LocalAddr().Addr().As16()), b.LocalAddr().Port())
	send(t, a, "to a mapped address", mapped)
	if got := receive(t, b); got.From != a.LocalAddr() {
		t.Errorf("received from %v, want %v", got.From, a.LocalAddr())
	}
}

func TestUDP_WrongFamilyIsAnError(t *testing.T) {
	a := listenUDP(t, "127.0.0.1")
	if err := a.WriteTo([]byte("x"), addrPort("[2001:db8::1]:7777")); err == nil {
		t.Error("an IPv4 socket sent to an IPv6 address")
	}
}

func TestUDP_AllocatesNothing(t *testing.T) {
	for _, ip := range []string{"127.0.0.1", "::1"} {
		t.Run(ip, func(t *testing.T) {
			if ip == "::1" {
				skipWithoutIPv6(t)
			}
			a, b := listenUDP(t, ip), listenUDP(t, ip)
			msg, buf := make([]byte, 50), make([]byte, 2048)
			to := b.LocalAddr()
			allocs := testing.AllocsPerRun(100, func() {
				if err := a.WriteTo(msg, to); err != nil {
					t.Fatal(err)
				}
				if _, _, err := b.ReadFrom(buf); err != nil {
					t.Fatal(err)
				}
			})
			if allocs != 0 {
				t.Errorf("%v allocations for sending and receiving one datagram, want 0", allocs)
			}
		})
	}
}

// One round trip between two sockets: two system calls and a goroutine switch on
// each side.
func BenchmarkUDPPingPong(b *testing.B) {
	listen := func() Conn {
		c, err := ListenUDP(addrPort("127.0.0.1:0"))
		if err != nil {
			b.Fatal(err)
		}
		return c
	}
	ping, pong := listen(), listen()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		buf := make([]byte, 2048)
		for {
			n, from, err := pong.ReadFrom(buf)
			if err != nil {
				return
			}
			if pong.WriteTo(buf[:n], from) != nil {
				return
			}
		}
	}()
	msg, buf := make([]byte, 50), make([]byte, 2048)
	b.ReportAllocs()
	for b.Loop() {
		if err := ping.WriteTo(msg, pong.LocalAddr()); err != nil {
			b.Fatal(err)
		}
		if _, _, err := ping.ReadFrom(buf); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "roundtrips/s")
	_ = ping.Close()
	_ = pong.Close()
	<-stopped
}
