package codec

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// daemonPort is where all daemons in the recordings are.
const daemonPort = 7777

// recorded is one UDP datagram of a recording.
type recorded struct {
	src, dst netip.AddrPort
	payload  []byte
}

// recordings returns what daemons sent to each other in the recordings, by the
// name of the file without ".pcap".
func recordings(t testing.TB) map[string][]recorded {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "testdata", "traces", "*.pcap"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	byName := make(map[string][]recorded)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all, err := readPcap(b)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".pcap")
		for _, r := range all {
			if r.src.Port() == daemonPort || r.dst.Port() == daemonPort {
				byName[name] = append(byName[name], r)
			}
		}
	}
	return byName
}

// readPcap returns the UDP datagrams over IPv4 of a classic little-endian pcap
// file with Ethernet frames. Other packets (TCP, ARP) are skipped; whatever the
// recordings are known not to have (cut packets, fragments, another link type)
// is an error, so that nothing is left out unnoticed.
func readPcap(b []byte) ([]recorded, error) {
	const fileHeader, packetHeader, ethernet = 24, 16, 1
	if len(b) < fileHeader || binary.LittleEndian.Uint32(b) != 0xa1b2c3d4 {
		return nil, fmt.Errorf("not a little-endian pcap file with microseconds")
	}
	if link := binary.LittleEndian.Uint32(b[20:]); link != ethernet {
		return nil, fmt.Errorf("link type %d, want Ethernet", link)
	}
	var all []recorded
	for b = b[fileHeader:]; len(b) > 0; {
		if len(b) < packetHeader {
			return nil, fmt.Errorf("packet header cut off")
		}
		captured, length := binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
		b = b[packetHeader:]
		if captured != length || int(captured) > len(b) {
			return nil, fmt.Errorf("packet of %d bytes cut to %d", length, captured)
		}
		r, isUDP, err := readFrame(b[:captured])
		if err != nil {
			return nil, err
		}
		if isUDP {
			all = append(all, r)
		}
		b = b[captured:]
	}
	return all, nil
}

func readFrame(b []byte) (r recorded, isUDP bool, err error) {
	const ethernetLen, etherTypeIPv4, protocolUDP, udpLen = 14, 0x0800, 17, 8
	if len(b) < ethernetLen+20 || binary.BigEndian.Uint16(b[12:]) != etherTypeIPv4 {
		return r, false, nil
	}
	ip := b[ethernetLen:]
	if ip[9] != protocolUDP {
		return r, false, nil
	}
	const moreFragmentsAndOffset = 0x3fff
	if binary.BigEndian.Uint16(ip[6:])&moreFragmentsAndOffset != 0 {
		return r, false, fmt.Errorf("fragment")
	}
	headerLen := int(ip[0]&0x0f) * 4
	if len(ip) < headerLen+udpLen {
		return r, false, fmt.Errorf("UDP header cut off")
	}
	udp := ip[headerLen:]
	length := int(binary.BigEndian.Uint16(udp[4:]))
	if length < udpLen || length > len(udp) {
		return r, false, fmt.Errorf("UDP length %d of %d bytes", length, len(udp))
	}
	return recorded{
		src:     netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[12:16])), binary.BigEndian.Uint16(udp)),
		dst:     netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[16:20])), binary.BigEndian.Uint16(udp[2:])),
		payload: udp[udpLen:length],
	}, true, nil
}
