package pcap

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// Proto is what carries a payload.
type Proto uint8

// The protocols whose packets are delivered.
const (
	UDP Proto = 17
	TCP Proto = 6
)

func (p Proto) String() string {
	switch p {
	case UDP:
		return "UDP"
	case TCP:
		return "TCP"
	}
	return "no protocol"
}

// Packet is one UDP datagram or one TCP segment of a capture.
type Packet struct {
	N        int       // its number in the file, from 1, with all packets of whatever protocol counted, as Wireshark does
	At       time.Time // when it was captured
	Proto    Proto
	From, To netip.AddrPort // the ports are 0 if they are not in what was captured, as in all fragments but the first
	Payload  []byte         // valid until the next call of Next
	Cut      bool           // there was more: it was not captured whole, or it is a fragment
	Comment  string         // what somebody noted in the file, pcapng only; several are lines. Untrusted

	Seq uint32 // of TCP: the number of the first byte
}

// network says which network protocol a frame carries, and where it begins. 0 if none that is known.
type network uint8

const (
	noNetwork network = iota
	ipv4
	ipv6
	anyIP // the packet itself says which
)

const (
	etherTypeIPv4 = 0x0800
	etherTypeIPv6 = 0x86dd
)

// knows reports whether frames of a link layer can be read.
func knows(link layers.LinkType) bool {
	_, _, known := unwrap(link, nil)
	return known
}

// unwrap takes away what a link layer puts in front of the network's header.
func unwrap(link layers.LinkType, frame []byte) (n network, packet []byte, known bool) {
	switch link {
	case layers.LinkTypeEthernet:
		n, packet = tagged(frame, 12, 14)
	case layers.LinkTypeLinuxSLL:
		n, packet = tagged(frame, 14, 16)
	case layers.LinkTypeLinuxSLL2:
		n, packet = tagged(frame, 0, 20)
	case layers.LinkTypeNull, layers.LinkTypeLoop:
		n, packet = loopback(frame)
	case layers.LinkTypeRaw, 12, 14: // the latter two are numbers that BSDs have for it
		n, packet = anyIP, frame
	case layers.LinkTypeIPv4:
		n, packet = ipv4, frame
	case layers.LinkTypeIPv6:
		n, packet = ipv6, frame
	default:
		return noNetwork, nil, false
	}
	return n, packet, true
}

// loopback is four bytes in front that say which family it is, in the byte order of whoever captured. Families of IPv6 have
// other numbers on other systems; the packet says by itself what it is.
func loopback(frame []byte) (network, []byte) {
	if len(frame) < 4 {
		return noNetwork, nil
	}
	family := binary.BigEndian.Uint32(frame)
	if family > 0xffff {
		family = binary.LittleEndian.Uint32(frame)
	}
	switch family {
	case 2:
		return ipv4, frame[4:]
	case 10, 24, 28, 30:
		return ipv6, frame[4:]
	}
	return noNetwork, nil
}

// tagged reads the type of what is carried, which is at one offset of the frame, behind any number of VLAN tags, which begin at
// another.
func tagged(frame []byte, typeAt, headEnd int) (network, []byte) {
	if len(frame) < headEnd {
		return noNetwork, nil
	}
	etherType, rest := binary.BigEndian.Uint16(frame[typeAt:]), frame[headEnd:]
	for {
		switch etherType {
		case etherTypeIPv4:
			return ipv4, rest
		case etherTypeIPv6:
			return ipv6, rest
		case 0x8100, 0x88a8, 0x9100: // 802.1Q, 802.1ad, and what came before that
			if len(rest) < 4 {
				return noNetwork, nil
			}
			etherType, rest = binary.BigEndian.Uint16(rest[2:]), rest[4:]
		default:
			return noNetwork, nil
		}
	}
}

// read takes what is asked for out of a network packet and reports whether it is there.
func (p *Packet) read(n network, b []byte) bool {
	if n == anyIP && len(b) > 0 {
		switch b[0] >> 4 {
		case 4:
			n = ipv4
		case 6:
			n = ipv6
		}
	}
	switch n {
	case ipv4:
		return p.readIPv4(b)
	case ipv6:
		return p.readIPv6(b)
	case noNetwork, anyIP:
	}
	return false
}

func (p *Packet) readIPv4(b []byte) bool {
	if len(b) < 20 || b[0]>>4 != 4 {
		return false
	}
	proto, head := Proto(b[9]), int(b[0]&0x0f)*4
	if proto != UDP && proto != TCP || head < 20 {
		return false
	}
	from, to := netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
	total, flags := int(binary.BigEndian.Uint16(b[2:])), binary.BigEndian.Uint16(b[6:])
	switch {
	case total == 0 || total < head: // the network card was to fill it in
	case total <= len(b):
		b = b[:total] // frames have a least length
	default:
		p.Cut = true
	}
	const more, offset = 0x2000, 0x1fff
	p.Cut = p.Cut || flags&(more|offset) != 0
	return p.readTransport(proto, from, to, b[min(head, len(b)):], flags&offset == 0)
}

// The headers that may stand between that of IPv6 and what is carried.
const (
	hopByHop       = 0
	routing        = 43
	fragment       = 44
	authentication = 51
	destination    = 60
	mobility       = 135
	hostIdentity   = 139
	shim6          = 140
)

func (p *Packet) readIPv6(b []byte) bool {
	const head = 40
	if len(b) < head || b[0]>>4 != 6 {
		return false
	}
	from, to := netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
	next, rest, first := b[6], b[head:], true
	switch total := int(binary.BigEndian.Uint16(b[4:])); {
	case total == 0: // the network card was to fill it in, or it is longer than can be said here
	case total <= len(rest):
		rest = rest[:total]
	default:
		p.Cut = true
	}
	for {
		var length int
		switch next {
		case byte(UDP), byte(TCP):
			return p.readTransport(Proto(next), from, to, rest, first)
		case hopByHop, routing, destination, mobility, hostIdentity, shim6:
			if len(rest) < 8 {
				return false
			}
			length = (int(rest[1]) + 1) * 8
		case authentication:
			if len(rest) < 8 {
				return false
			}
			length = (int(rest[1]) + 2) * 4
		case fragment:
			if length = 8; len(rest) < length {
				return false
			}
			at := binary.BigEndian.Uint16(rest[2:])
			const more, offset = 1, 0xfff8
			p.Cut = p.Cut || at&(more|offset) != 0
			first = first && at&offset == 0
		default:
			return false
		}
		if length > len(rest) {
			return false
		}
		next, rest = rest[0], rest[length:]
		if !first && next != byte(UDP) && next != byte(TCP) {
			return false // what follows is the middle of something
		}
	}
}

// readTransport reads what is behind the network's headers; first is false where that is a later fragment, which has no header
// of its own.
func (p *Packet) readTransport(proto Proto, from, to netip.Addr, b []byte, first bool) bool {
	p.Proto, p.Payload = proto, b
	var source, target uint16
	if first && len(b) >= 4 {
		source, target = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	}
	p.From, p.To = netip.AddrPortFrom(from, source), netip.AddrPortFrom(to, target)
	switch {
	case !first:
	case proto == UDP:
		p.readUDP(b)
	default:
		p.readTCP(b)
	}
	return true
}

func (p *Packet) readUDP(b []byte) {
	const head = 8
	if len(b) < head {
		p.Cut, p.Payload = true, nil
		return
	}
	p.Payload = b[head:]
	switch length := int(binary.BigEndian.Uint16(b[4:])) - head; {
	case length == -head: // longer than can be said there
	case length < 0 || length > len(p.Payload):
		p.Cut = true
	default:
		p.Payload = p.Payload[:length]
	}
}

func (p *Packet) readTCP(b []byte) {
	if len(b) < 20 {
		p.Cut, p.Payload = true, nil
		return
	}
	p.Seq = binary.BigEndian.Uint32(b[4:])
	head := int(b[12]>>4) * 4
	if head < 20 || head > len(b) {
		p.Cut, p.Payload = true, nil
		return
	}
	p.Payload = b[head:]
}
