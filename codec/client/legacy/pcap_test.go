package legacy_test

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// clientPort is where the daemons in the recordings take their clients.
const clientPort = 7778

// recorded is one datagram between a client and the stand-in for its daemon.
type recorded struct {
	at       time.Duration // since the first
	client   netip.AddrPort
	fromC    bool
	datagram string
}

// recording reads a capture from testdata/traces: classic little-endian pcap, Ethernet, IPv4, UDP.
func recording(t *testing.T, name string) []recorded {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "traces", name+".pcap"))
	if err != nil {
		t.Fatal(err)
	}
	const fileHeader, packetHeader, ethernet, protocolUDP, udpHeader = 24, 16, 14, 17, 8
	if len(b) < fileHeader || binary.LittleEndian.Uint32(b) != 0xa1b2c3d4 {
		t.Fatalf("%s is no such capture", name)
	}
	var all []recorded
	var first time.Duration
	for b = b[fileHeader:]; len(b) >= packetHeader; {
		at := time.Duration(binary.LittleEndian.Uint32(b))*time.Second + time.Duration(binary.LittleEndian.Uint32(b[4:]))*time.Microsecond
		n := int(binary.LittleEndian.Uint32(b[8:]))
		ip := b[packetHeader:][:n][ethernet:]
		b = b[packetHeader+n:]
		if ip[9] != protocolUDP {
			continue
		}
		udp := ip[int(ip[0]&0x0f)*4:]
		source := netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[12:16])), binary.BigEndian.Uint16(udp))
		target := netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[16:20])), binary.BigEndian.Uint16(udp[2:]))
		if len(all) == 0 {
			first = at
		}
		r := recorded{at: at - first, client: target, datagram: string(udp[udpHeader:binary.BigEndian.Uint16(udp[4:])])}
		if target.Port() == clientPort {
			r.client, r.fromC = source, true
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		t.Fatalf("%s is empty", name)
	}
	return all
}
