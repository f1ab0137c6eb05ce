package codec

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"simp/netio/pcap"
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
		capture, err := pcap.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".pcap")
		for _, d := range capture.Datagrams {
			if d.From.Port() == daemonPort || d.To.Port() == daemonPort {
				byName[name] = append(byName[name], recorded{d.From, d.To, d.Payload})
			}
		}
	}
	return byName
}
