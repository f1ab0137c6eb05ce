package pcap

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// How captures are made that are read in tests.

const hello = "hello, and enough of it that there is something to cut"

// network-layer stacks, from the IP header to the payload.
type stack struct {
	name     string
	is6      bool
	from, to netip.AddrPort
	proto    Proto
	layers   []gopacket.SerializableLayer
}

func stacks(tb testing.TB) []stack {
	tb.Helper()
	a4, b4 := netip.MustParseAddrPort("10.0.0.1:7777"), netip.MustParseAddrPort("10.0.0.2:7778")
	a6, b6 := netip.MustParseAddrPort("[2001:db8::1]:7777"), netip.MustParseAddrPort("[2001:db8::2]:7778")
	ip4 := func(p layers.IPProtocol) *layers.IPv4 {
		return &layers.IPv4{Version: 4, TTL: 64, Protocol: p, SrcIP: a4.Addr().AsSlice(), DstIP: b4.Addr().AsSlice()}
	}
	ip6 := func(p layers.IPProtocol) *layers.IPv6 {
		return &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: p, SrcIP: a6.Addr().AsSlice(), DstIP: b6.Addr().AsSlice()}
	}
	udp := func(on gopacket.NetworkLayer) *layers.UDP {
		u := &layers.UDP{SrcPort: 7777, DstPort: 7778}
		if err := u.SetNetworkLayerForChecksum(on); err != nil {
			tb.Fatal(err)
		}
		return u
	}
	tcp := func(on gopacket.NetworkLayer) *layers.TCP {
		t := &layers.TCP{SrcPort: 7777, DstPort: 7778, Seq: 99, ACK: true, Options: []layers.TCPOption{{OptionType: layers.TCPOptionKindNop}}}
		if err := t.SetNetworkLayerForChecksum(on); err != nil {
			tb.Fatal(err)
		}
		return t
	}
	options := ip4(layers.IPProtocolUDP)
	options.Options = []layers.IPv4Option{{OptionType: 148, OptionLength: 4, OptionData: []byte{0, 0}}} // router alert
	extended := ip6(layers.IPProtocolIPv6HopByHop)
	hops := &layers.IPv6HopByHop{}
	hops.NextHeader = layers.IPProtocolIPv6Destination
	hops.Options = []*layers.IPv6HopByHopOption{{OptionType: 30, OptionLength: 4, OptionData: make([]byte, 4)}}
	// A header of destination options as bytes: UDP comes next, eight bytes long, one option that fills it.
	destination := gopacket.Payload{17, 0, 1, 4, 0, 0, 0, 0}
	text := gopacket.Payload(hello)
	v4, v6, v4t, v6t := ip4(layers.IPProtocolUDP), ip6(layers.IPProtocolUDP), ip4(layers.IPProtocolTCP), ip6(layers.IPProtocolTCP)
	return []stack{
		{"IPv4", false, a4, b4, UDP, []gopacket.SerializableLayer{v4, udp(v4), text}},
		{"IPv4 with options", false, a4, b4, UDP, []gopacket.SerializableLayer{options, udp(options), text}},
		{"IPv6", true, a6, b6, UDP, []gopacket.SerializableLayer{v6, udp(v6), text}},
		{"IPv6 with extensions", true, a6, b6, UDP, []gopacket.SerializableLayer{extended, hops, destination, udp(extended), text}},
		{"TCP over IPv4", false, a4, b4, TCP, []gopacket.SerializableLayer{v4t, tcp(v4t), text}},
		{"TCP over IPv6", true, a6, b6, TCP, []gopacket.SerializableLayer{v6t, tcp(v6t), text}},
	}
}

// wrap puts a link layer in front of a packet.
type wrapping struct {
	name string
	link layers.LinkType
	wrap func(is6 bool, packet []byte) []byte
}

func etherType(is6 bool) uint16 {
	if is6 {
		return etherTypeIPv6
	}
	return etherTypeIPv4
}

func wrappings(tb testing.TB) []wrapping {
	tb.Helper()
	serialized := func(of ...gopacket.SerializableLayer) []byte {
		buffer := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{}, of...); err != nil {
			tb.Fatal(err)
		}
		return bytes.Clone(buffer.Bytes()[:14+4*(len(of)-1)]) // without what makes it the least that Ethernet carries
	}
	ethernet := func(t layers.EthernetType) *layers.Ethernet {
		return &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: t}
	}
	type f = func(bool, []byte) []byte
	front := func(head func(is6 bool) []byte) f {
		return func(is6 bool, packet []byte) []byte { return append(head(is6), packet...) }
	}
	family := func(order binary.AppendByteOrder, v6 uint32) f {
		return front(func(is6 bool) []byte {
			if is6 {
				return order.AppendUint32(nil, v6)
			}
			return order.AppendUint32(nil, 2)
		})
	}
	raw := func(_ bool, packet []byte) []byte { return packet }
	return []wrapping{
		{"Ethernet", layers.LinkTypeEthernet, front(func(is6 bool) []byte {
			return serialized(ethernet(layers.EthernetType(etherType(is6))))
		})},
		{"Ethernet with padding", layers.LinkTypeEthernet, func(is6 bool, packet []byte) []byte {
			return append(append(serialized(ethernet(layers.EthernetType(etherType(is6)))), packet...), "padding"...)
		}},
		{"VLAN", layers.LinkTypeEthernet, front(func(is6 bool) []byte {
			return serialized(ethernet(layers.EthernetTypeDot1Q), &layers.Dot1Q{VLANIdentifier: 7, Type: layers.EthernetType(etherType(is6))})
		})},
		{"QinQ", layers.LinkTypeEthernet, front(func(is6 bool) []byte {
			return serialized(ethernet(layers.EthernetTypeQinQ), &layers.Dot1Q{VLANIdentifier: 7, Type: layers.EthernetTypeDot1Q},
				&layers.Dot1Q{VLANIdentifier: 8, Type: layers.EthernetType(etherType(is6))})
		})},
		{"raw", layers.LinkTypeRaw, raw},
		{"null, little endian", layers.LinkTypeNull, family(binary.LittleEndian, 30)},
		{"null, big endian", layers.LinkTypeNull, family(binary.BigEndian, 24)},
		{"loop", layers.LinkTypeLoop, family(binary.BigEndian, 28)},
		{"cooked", layers.LinkTypeLinuxSLL, front(func(is6 bool) []byte {
			return binary.BigEndian.AppendUint16([]byte{0, 0, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0}, etherType(is6))
		})},
		{"cooked 2", layers.LinkTypeLinuxSLL2, front(func(is6 bool) []byte {
			head := binary.BigEndian.AppendUint16(nil, etherType(is6))
			return append(head, 0, 0, 0, 0, 0, 1, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0)
		})},
	}
}

func (s stack) bytes(tb testing.TB) []byte {
	tb.Helper()
	buffer := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, s.layers...); err != nil {
		tb.Fatalf("%s: %v", s.name, err)
	}
	return bytes.Clone(buffer.Bytes())
}

var sampleTime = time.Date(2026, 1, 1, 0, 0, 0, 123456000, time.UTC)

// The formats, each as a writer of one capture.
type format struct {
	name  string
	write func(tb testing.TB, link layers.LinkType, frames ...[]byte) []byte
}

func classicFormat(order binary.ByteOrder, nanos bool) func(testing.TB, layers.LinkType, ...[]byte) []byte {
	return func(_ testing.TB, link layers.LinkType, frames ...[]byte) []byte {
		magic, unit := uint32(magicMicros), 1000
		if nanos {
			magic, unit = magicNanos, 1
		}
		b := make([]byte, 24)
		order.PutUint32(b, magic)
		order.PutUint16(b[4:], 2)
		order.PutUint16(b[6:], 4)
		order.PutUint32(b[16:], 1<<16)
		order.PutUint32(b[20:], uint32(link))
		for i, f := range frames {
			var head [16]byte
			order.PutUint32(head[0:], uint32(sampleTime.Unix())+uint32(i))
			order.PutUint32(head[4:], uint32(sampleTime.Nanosecond()/unit))
			order.PutUint32(head[8:], uint32(len(f)))
			order.PutUint32(head[12:], uint32(len(f)))
			b = append(append(b, head[:]...), f...)
		}
		return b
	}
}

// block appends a block of pcapng.
func block(b []byte, order binary.ByteOrder, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	var word [4]byte
	put := func(v uint32) {
		order.PutUint32(word[:], v)
		b = append(b, word[:]...)
	}
	put(kind)
	put(uint32(len(body) + 12))
	b = append(b, body...)
	put(uint32(len(body) + 12))
	return b
}

func section(b []byte, order binary.ByteOrder) []byte {
	body := make([]byte, 16)
	order.PutUint32(body, 0x1a2b3c4d)
	order.PutUint16(body[4:], 1)
	for i := range 8 {
		body[8+i] = 0xff
	}
	return block(b, order, magicNext, body)
}

// iface describes an interface whose clock has a resolution, as pcapng codes it; 0 leaves that out.
func iface(b []byte, order binary.ByteOrder, link layers.LinkType, resolution byte) []byte {
	body := make([]byte, 8)
	order.PutUint16(body, uint16(link))
	if resolution != 0 {
		option := make([]byte, 12)
		order.PutUint16(option, 9)
		order.PutUint16(option[2:], 1)
		option[4] = resolution
		body = append(body, option...)
	}
	return block(b, order, 1, body)
}

func enhanced(b []byte, order binary.ByteOrder, iface uint32, ticks uint64, frame []byte, comment string) []byte {
	body := make([]byte, 20)
	order.PutUint32(body, iface)
	order.PutUint32(body[4:], uint32(ticks>>32))
	order.PutUint32(body[8:], uint32(ticks))
	order.PutUint32(body[12:], uint32(len(frame)))
	order.PutUint32(body[16:], uint32(len(frame)))
	body = append(body, frame...)
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	if comment != "" {
		option := make([]byte, 4)
		order.PutUint16(option, 1)
		order.PutUint16(option[2:], uint16(len(comment)))
		option = append(option, comment...)
		for len(option)%4 != 0 {
			option = append(option, 0)
		}
		body = append(append(body, option...), 0, 0, 0, 0)
	}
	return block(b, order, 6, body)
}

func nextFormat(order binary.ByteOrder, resolution byte, perSecond uint64) func(testing.TB, layers.LinkType, ...[]byte) []byte {
	return func(_ testing.TB, link layers.LinkType, frames ...[]byte) []byte {
		b := iface(section(nil, order), order, link, resolution)
		for i, f := range frames {
			ticks := (uint64(sampleTime.Unix())+uint64(i))*perSecond + uint64(sampleTime.Nanosecond())*perSecond/1e9
			b = enhanced(b, order, 0, ticks, f, "")
		}
		return b
	}
}

func formats() []format {
	return []format{
		{"pcap, little endian, microseconds", classicFormat(binary.LittleEndian, false)},
		{"pcap, big endian, microseconds", classicFormat(binary.BigEndian, false)},
		{"pcap, little endian, nanoseconds", classicFormat(binary.LittleEndian, true)},
		{"pcap, big endian, nanoseconds", classicFormat(binary.BigEndian, true)},
		{"pcapng, little endian", nextFormat(binary.LittleEndian, 0, 1e6)},
		{"pcapng, big endian, nanoseconds", nextFormat(binary.BigEndian, 9, 1e9)},
	}
}
