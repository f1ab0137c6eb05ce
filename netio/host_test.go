package netio

import (
	"net/netip"
	"strings"
	"testing"
)

func TestIsLocal(t *testing.T) {
	tests := []struct {
		addr netip.Addr
		want bool
	}{
		{addr("127.0.0.1"), true},
		{addr("127.1.2.3"), true},
		{addr("::ffff:127.0.0.1"), true},
		{addr("::1"), true},
		{addr("::1%lo"), true},
		{addr("192.0.2.1"), false}, // TEST-NET-1, RFC 5737
		{addr("2001:db8::1"), false},
		{addr("128.0.0.1"), false},
		{addr("0.0.0.0"), false},
		{netip.Addr{}, false},
	}
	for _, tt := range tests {
		if got := IsLocal(tt.addr); got != tt.want {
			t.Errorf("IsLocal(%v) = %v, want %v", tt.addr, got, tt.want)
		}
	}
}

func TestIsLocal_InterfaceAddresses(t *testing.T) {
	networks := hostNetworks()
	if len(networks) == 0 {
		t.Skip("this host has no addresses")
	}
	for _, network := range networks {
		if !IsLocal(network.Addr()) {
			t.Errorf("IsLocal(%v) is false, but an interface has it", network.Addr())
		}
		if network.Addr().IsLinkLocalUnicast() && !IsLocal(network.Addr().WithZone("eth0")) {
			t.Errorf("IsLocal(%v) is false with a zone", network.Addr())
		}
		if b := broadcast(network); b.IsValid() && IsLocal(b) && !b.IsLoopback() {
			t.Errorf("IsLocal(%v) is true for a broadcast address", b)
		}
	}
}

func TestNotUnicast(t *testing.T) {
	networks := []netip.Prefix{
		netip.MustParsePrefix("192.168.1.7/24"),
		netip.MustParsePrefix("10.1.2.3/20"),
		netip.MustParsePrefix("172.16.0.0/31"),
		netip.MustParsePrefix("172.17.0.1/32"),
		netip.MustParsePrefix("2001:db8::1/64"),
	}
	tests := []struct {
		addr string // "" for the zero Addr
		want string // part of the reason, "" for none
	}{
		{"", "not an IP address"},
		{"0.0.0.0", "every address"},
		{"::", "every address"},
		{"224.0.0.1", "multicast"},
		{"239.255.255.255", "multicast"},
		{"ff02::1", "multicast"},
		{"255.255.255.255", "all hosts of a network"},
		{"192.168.1.255", "broadcast address of the network 192.168.1.0/24"},
		{"10.1.15.255", "broadcast address of the network 10.1.0.0/20"},
		{"127.255.255.255", "broadcast address of the network 127.0.0.0/8"},
		{"fe80::1", "fe80::1%eth0"},

		{"192.168.1.7", ""},
		{"192.168.1.254", ""},
		{"192.168.2.255", ""}, // of a network that this host is not in
		{"10.1.2.255", ""},    // in the middle of a /20
		{"172.16.0.1", ""},    // a /31 has two hosts and no broadcast
		{"172.17.0.1", ""},
		{"127.0.0.1", ""},
		{"::1", ""},
		{"fe80::1%eth0", ""},
		{"2001:db8::ffff:ffff:ffff:ffff", ""},
		{"192.0.2.1", ""},
	}
	for _, tt := range tests {
		var a netip.Addr
		if tt.addr != "" {
			a = addr(tt.addr)
		}
		got := notUnicast(a, networks)
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("notUnicast(%s) = %q, want %q in it", tt.addr, got, tt.want)
		}
		if got != "" && !strings.HasPrefix(got, "it ") {
			t.Errorf("notUnicast(%s) = %q, which is not the second half of a sentence", tt.addr, got)
		}
	}
}

func TestNotUnicast_OwnNetworks(t *testing.T) {
	for _, network := range hostNetworks() {
		if a := network.Addr(); a.Is4() {
			if why := NotUnicast(a); why != "" {
				t.Errorf("NotUnicast(%v), an address of this host: %s", a, why)
			}
		}
		if b := broadcast(network); b.IsValid() && NotUnicast(b) == "" {
			t.Errorf("NotUnicast(%v) has nothing against the broadcast address of %v", b, network)
		}
	}
	if NotUnicast(addr("::ffff:255.255.255.255")) == "" {
		t.Error("NotUnicast takes the mapped broadcast address for a host's")
	}
}
