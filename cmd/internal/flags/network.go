package flags

import (
	"net/netip"
	"strconv"
	"strings"

	"simp/netio"
)

// Address is the IP address of a daemon: that of one host, without a port. An IPv4 address in IPv6 form becomes plain
// IPv4.
type Address struct{ netip.Addr }

// UnmarshalText reads an address.
func (a *Address) UnmarshalText(text []byte) error {
	s := string(text)
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		if at, err := netip.ParseAddrPort(s); err == nil {
			return wrong("the port does not belong to the address: give %s, and the port with --port %d", at.Addr(), at.Port())
		}
		return wrong("%q is not an IP address, and names are not looked up: give one such as 127.0.0.1 or ::1", s)
	}
	addr = addr.Unmap()
	if why := netio.NotUnicast(addr); why != "" {
		return wrong("no daemon can run at %s, since %s: give one address of this host, such as 127.0.0.1", addr, why)
	}
	a.Addr = addr
	return nil
}

// Port is a UDP or TCP port; 0 stands for any free one.
type Port uint16

// UnmarshalText reads a port.
func (p *Port) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 16)
	if err != nil {
		return wrong("a port is a number from 1 to 65535, or 0 for any free one, not %q", text)
	}
	*p = Port(n)
	return nil
}

// Hosts is one host or a network of them, as in 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32.
type Hosts struct{ netip.Prefix }

// UnmarshalText reads a host or a network. Everybody (0.0.0.0/0) is refused: it is more likely to be an attempt to get
// rid of an obstacle than something that is wanted.
func (h *Hosts) UnmarshalText(text []byte) error {
	s := string(text)
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return wrong("%q is neither an IP address nor a network such as 192.0.2.0/24", s)
		}
		addr = addr.Unmap()
		prefix = netip.PrefixFrom(addr.WithZone(""), addr.BitLen())
	}
	switch {
	case prefix.Addr().Is4In6():
		return wrong("%s is IPv4 in the form of IPv6: give the network in the form of IPv4", s)
	case prefix.Addr().IsUnspecified():
		return wrong("%s stands for everybody, and whoever may be a client is the user: name the hosts or their network", s)
	case prefix != prefix.Masked():
		return wrong("%s is an address within the network %s: give one of the two", s, prefix.Masked())
	}
	h.Prefix = prefix
	return nil
}

// Admit returns the test for who may be a client: this host always, and the hosts in the list.
func Admit(list []Hosts) func(netip.Addr) bool {
	return func(a netip.Addr) bool {
		a = a.Unmap().WithZone("")
		for _, h := range list {
			if h.Contains(a) {
				return true
			}
		}
		return netio.IsLocal(a)
	}
}
