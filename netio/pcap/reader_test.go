package pcap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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
