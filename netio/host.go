package netio

import (
	"fmt"
	"net"
	"net/netip"
)

// IsLocal tells whether an address is one of this host's own: all of
// 127.0.0.0/8, ::1, and whatever the interfaces have at this moment. Zones are
// ignored.
//
// It asks the system each time (tens of microseconds), because addresses come
// and go; that suits a connection being accepted, not every datagram. If the
// system does not answer, only loopback addresses count: the mistake to avoid
// is taking a stranger for this host.
func IsLocal(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if a.IsLoopback() {
		return true
	}
	for _, network := range hostNetworks() {
		if network.Addr() == a {
			return true
		}
	}
	return false
}

// NotUnicast returns "" if a datagram can be addressed to one host by a, and
// otherwise the reason why not, as the second half of a sentence ("it is a
// multicast address, ..."). That nobody answers at an address is another
// matter, which only trying tells.
//
// It knows the unspecified address, multicast, 255.255.255.255, the broadcast
// addresses of the networks this host is in at this moment, and IPv6 link-local
// addresses without a zone. Somebody else's broadcast address looks like any
// address. The cost is that of [IsLocal].
func NotUnicast(a netip.Addr) string {
	return notUnicast(a.Unmap(), hostNetworks())
}

// notUnicast is NotUnicast for a host with the given networks.
func notUnicast(a netip.Addr, networks []netip.Prefix) string {
	switch {
	case !a.IsValid():
		return "it is not an IP address"
	case a.IsUnspecified():
		return "it stands for every address of a host, not for one"
	case a.IsMulticast():
		return "it is a multicast address, which stands for a group of hosts"
	case a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return "it is the broadcast address, which stands for all hosts of a network"
	case a.IsLinkLocalUnicast() && a.Is6() && a.Zone() == "":
		return fmt.Sprintf("it is a link-local address, which needs the name of its interface, as in %v%%eth0", a)
	}
	// The loopback network is not always among the interfaces, in a container
	// for example, but its broadcast address is one everywhere.
	if loopback := netip.PrefixFrom(netip.AddrFrom4([4]byte{127}), 8); a == broadcast(loopback) {
		return broadcastOf(loopback)
	}
	for _, network := range networks {
		if a == broadcast(network) {
			return broadcastOf(network.Masked())
		}
	}
	return ""
}

func broadcastOf(network netip.Prefix) string {
	return fmt.Sprintf("it is the broadcast address of the network %v, which stands for all of its hosts", network)
}

// broadcast returns the broadcast address of an IPv4 network, which is its last
// one, and the zero Addr if it has none: IPv6 knows no broadcast, and with 31
// or 32 bits every address is a host's (RFC 3021).
func broadcast(network netip.Prefix) netip.Addr {
	if !network.Addr().Is4() || network.Bits() > 30 {
		return netip.Addr{}
	}
	last := network.Masked().Addr().As4()
	for bit := network.Bits(); bit < 32; bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(last)
}

// hostNetworks returns this host's addresses with the sizes of their networks,
// unmapped and without zones, and nothing if the system does not tell.
func hostNetworks() []netip.Prefix {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	networks := make([]netip.Prefix, 0, len(addrs))
	for _, addr := range addrs {
		ipnet, ok := addr.(*net.IPNet)
		if !ok {
			continue
		}
		ip, ok := netip.AddrFromSlice(ipnet.IP)
		if !ok {
			continue
		}
		ones, _ := ipnet.Mask.Size()
		networks = append(networks, netip.PrefixFrom(ip.Unmap(), ones))
	}
	return networks
}
