package codec

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"simp/netio/pcap"
)

// isDaemon tells the ports of daemons from those of their clients. One implementation has several daemons on one host, and
// tells them apart by the port.
func isDaemon(port uint16) bool { return port == 7777 || port == 8888 || port == 6666 }

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
		capture, err := pcap.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".pcap")
		for _, d := range capture.Datagrams {
			if isDaemon(d.From.Port()) && isDaemon(d.To.Port()) {
				byName[name] = append(byName[name], recorded{d.From, d.To, d.Payload})
			}
		}
	}
	return byName
}
