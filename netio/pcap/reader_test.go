package pcap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

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

func want(s stack, n int) Packet {
	p := Packet{N: n, At: sampleTime.Add(time.Duration(n-1) * time.Second), Proto: s.proto, From: s.from, To: s.to, Payload: []byte(hello)}
	if s.proto == TCP {
		p.Seq = 99
	}
	return p
}

func all(tb testing.TB, file []byte) ([]Packet, *Reader, error) {
	tb.Helper()
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		tb.Fatal(err)
	}
	var packets []Packet
	for {
		p, err := r.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return packets, r, err
		}
		p.Payload = bytes.Clone(p.Payload)
		packets = append(packets, p)
	}
}

var comparable = cmp.Options{cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.EquateEmpty()}

// Every format, every link layer, every way to write IP: what was sent is read.
func TestReader_FormatsLinksVersions(t *testing.T) {
	for _, f := range formats() {
		for _, w := range wrappings(t) {
			var frames [][]byte
			var wanted []Packet
			for i, s := range stacks(t) {
				frames = append(frames, w.wrap(s.is6, s.bytes(t)))
				wanted = append(wanted, want(s, i+1))
			}
			got, r, err := all(t, f.write(t, w.link, frames...))
			if err != nil || r.Skipped != 0 || r.Cut != 0 {
				t.Errorf("%s, %s: %v, %d skipped, %d cut", f.name, w.name, err, r.Skipped, r.Cut)
			}
			if diff := cmp.Diff(wanted, got, comparable); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", f.name, w.name, diff)
			}
		}
	}
}

// A pcapng file may have several sections, in either byte order, with interfaces of other links and other clocks, and notes.
func TestReader_Next_SectionsAndInterfaces(t *testing.T) {
	s := stacks(t)[0]
	ip := s.bytes(t)
	ether := wrappings(t)[0].wrap(false, ip)
	seconds := uint64(sampleTime.Unix())
	little, big := binary.LittleEndian, binary.BigEndian
	b := section(nil, little)
	b = iface(b, little, layers.LinkTypeEthernet, 0)
	b = iface(b, little, layers.LinkTypeRaw, 9)
	b = iface(b, little, 250, 0)                                          // of a kind that nobody knows
	b = enhanced(b, little, 1, seconds*1e9+1000, ip, "first\nnote")       // 1
	b = block(b, little, 0xbad, []byte("a block that nobody knows"))      // no packet
	b = enhanced(b, little, 2, seconds*1e6, []byte("whatever"), "")       // 2: skipped
	b = enhanced(b, little, 0, seconds*1e6+2, ether, "")                  // 3
	b = section(b, big)                                                   //
	b = iface(b, big, layers.LinkTypeRaw, 0x80|10)                        // 1,024 ticks a second
	b = enhanced(b, big, 0, seconds*1024+512, ip, "of the other section") // 4
	b = block(b, big, 3, append(big.AppendUint32(nil, uint32(len(ip))), ip...))
	got, r, err := all(t, b)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range got {
		lines = append(lines, fmt.Sprintf("%d %s %q %v", p.N, p.At.Sub(time.Unix(int64(seconds), 0)).Round(time.Microsecond), p.Comment, string(p.Payload) == hello))
	}
	lines[len(lines)-1] = strings.Replace(lines[len(lines)-1], got[len(got)-1].At.Sub(time.Unix(int64(seconds), 0)).Round(time.Microsecond).String(), "no time", 1)
	wanted := []string{
		`1 1µs "first\nnote" true`, `3 2µs "" true`, `4 500ms "of the other section" true`, `5 no time "" true`,
	}
	if diff := cmp.Diff(wanted, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r.Skipped != 1 || r.Read() != 5 {
		t.Errorf("%d skipped of %d", r.Skipped, r.Read())
	}
}

// What is not whole is delivered, and says so.
func TestReader_Cut(t *testing.T) {
	s := stacks(t)
	v4, v6 := s[0].bytes(t), s[2].bytes(t)
	flagged := func(b []byte, flags uint16) []byte {
		b = bytes.Clone(b)
		binary.BigEndian.PutUint16(b[6:], flags)
		return b
	}
	// fragmented puts a fragment header behind that of IPv6.
	fragmented := func(at uint16) []byte {
		b := bytes.Clone(v6[:40])
		b[6] = fragment
		binary.BigEndian.PutUint16(b[4:], uint16(len(v6)-40+8))
		b = append(b, byte(UDP), 0, byte(at>>8), byte(at), 0, 0, 0, 1)
		return append(b, v6[40:]...)
	}
	a, b := netip.MustParseAddrPort("10.0.0.1:7777"), netip.MustParseAddrPort("10.0.0.1:0")
	a6, b6 := netip.MustParseAddrPort("[2001:db8::1]:7777"), netip.MustParseAddrPort("[2001:db8::1]:0")
	for _, c := range []struct {
		name    string
		frame   []byte
		from    netip.AddrPort
		payload int
		cut     bool
	}{
		{"whole", v4, a, len(hello), false},
		{"its end is missing", v4[:len(v4)-5], a, len(hello) - 5, true},
		{"only half of the UDP header is there", v4[:20+4], a, 0, true},
		{"nothing of the UDP header is there", v4[:20], b, 0, true},
		{"the first fragment", flagged(v4, 0x2000), a, len(hello), true},
		{"a later fragment", flagged(v4, 0x2000|10), b, len(hello) + 8, true},
		{"the last fragment", flagged(v4, 10), b, len(hello) + 8, true},
		{"not to be fragmented", flagged(v4, 0x4000), a, len(hello), false},
		{"IPv6, its end is missing", v6[:len(v6)-5], a6, len(hello) - 5, true},
		{"IPv6, the first fragment", fragmented(1), a6, len(hello), true},
		{"IPv6, a later fragment", fragmented(8 | 1), b6, len(hello) + 8, true},
		{"IPv6, a fragment header for nothing", fragmented(0), a6, len(hello), false},
	} {
		got, r, err := all(t, classicFormat(binary.LittleEndian, false)(t, layers.LinkTypeRaw, c.frame))
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %d packets, %v", c.name, len(got), err)
			continue
		}
		if p := got[0]; p.Cut != c.cut || p.From != c.from || len(p.Payload) != c.payload || (r.Cut == 1) != c.cut {
			t.Errorf("%s: cut %v, from %s, %d bytes; want %v, %s, %d", c.name, p.Cut, p.From, len(p.Payload), c.cut, c.from, c.payload)
		}
	}
	// One of which the file says that there was more.
	var file bytes.Buffer
	w := pcapgo.NewWriter(&file)
	if err := w.WriteFileHeader(1<<16, layers.LinkTypeRaw); err != nil {
		t.Fatal(err)
	}
	if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: sampleTime, CaptureLength: len(v4), Length: len(v4) + 1}, v4); err != nil {
		t.Fatal(err)
	}
	if got, _, err := all(t, file.Bytes()); err != nil || len(got) != 1 || !got[0].Cut {
		t.Errorf("%v, %v", got, err)
	}
}

// Other traffic is counted, and its packets have their numbers.
func TestReader_Skipped(t *testing.T) {
	s := stacks(t)[0].bytes(t)
	icmp := bytes.Clone(s)
	icmp[9] = 1
	arp := append(make([]byte, 12), 0x08, 0x06, 1, 2, 3)
	ether := wrappings(t)[0].wrap
	file := classicFormat(binary.LittleEndian, false)(t, layers.LinkTypeEthernet, arp, ether(false, icmp), nil, ether(false, s), []byte{1, 2, 3})
	got, r, err := all(t, file)
	if err != nil || len(got) != 1 || got[0].N != 4 || r.Skipped != 4 || r.Read() != 5 {
		t.Errorf("%v, %v, skipped %d of %d", got, err, r.Skipped, r.Read())
	}
}

// A file that breaks off has been read until there, and says where.
func TestReader_Broken(t *testing.T) {
	s := stacks(t)[0].bytes(t)
	for _, f := range formats() {
		whole := f.write(t, layers.LinkTypeRaw, s, s, s)
		two := len(f.write(t, layers.LinkTypeRaw, s, s))
		for length := two; length < len(whole); length++ {
			got, _, err := all(t, whole[:length])
			var broken *Broken
			if length == two {
				if err != nil || len(got) != 2 {
					t.Errorf("%s: %d packets, %v", f.name, len(got), err)
				}
				continue
			}
			// Of pcapng the last bytes only repeat the length.
			if len(got) < 2 || !errors.As(err, &broken) || broken.N != 3 {
				t.Errorf("%s, %d of %d bytes: %d packets, %v", f.name, length, len(whole), len(got), err)
				continue
			}
			if want := "it breaks off in packet 3: the 2 packets before it were read"; err.Error() != want {
				t.Errorf("%s, %d of %d bytes: %q, want %q", f.name, length, len(whole), err, want)
			}
		}
	}
	damaged := classicFormat(binary.LittleEndian, false)(t, layers.LinkTypeRaw, s, s)
	damaged[24+16+len(s)+8+3] = 0xff // a length of four thousand million bytes
	if _, _, err := all(t, damaged); err == nil || !strings.HasPrefix(err.Error(), "it is damaged at packet 2 (") {
		t.Errorf("%v", err)
	}
}

// Whatever cannot be read is told in a sentence.
func TestOpen_WhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, content, want string }{
		{"empty", "", "it is empty: nothing was captured"},
		{"short", "\xd4\xc3", "it is not a capture: it begins neither as pcap nor as pcapng"},
		{"text", "this is no capture, whatever its name says", "it is not a capture: it begins neither as pcap nor as pcapng"},
		{"json", `{"a": 1}`, "it is not a capture: it begins neither as pcap nor as pcapng"},
		{"gzip", "\x1f\x8b\x08\x00", "it is not a capture: it begins neither as pcap nor as pcapng; it is compressed: unpack it with gunzip"},
		{"head", "\xd4\xc3\xb2\xa1\x02\x00", "it breaks off in its head: no packet could be read (unexpected EOF)"},
		{"wifi", string(classicFormat(binary.LittleEndian, false)(t, 105)),
			"it was captured from a link of type 105 (802.11): only Ethernet, IP, loopback and Linux cooked captures can be read"},
	} {
		path := filepath.Join(dir, c.name)
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || err.Error() != path+": "+c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	if _, err := Open(dir); err == nil || err.Error() != dir+": it is a directory, not a capture" {
		t.Errorf("a directory: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) || !strings.HasSuffix(err.Error(), "none: there is no such file") {
		t.Errorf("no file: %v", err)
	}
	if os.Geteuid() == 0 {
		return // may read everything
	}
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, nil, 0o000); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(secret); !errors.Is(err, os.ErrPermission) || !strings.HasSuffix(err.Error(), "it may not be read: permission denied") {
		t.Errorf("no permission: %v", err)
	}
}
