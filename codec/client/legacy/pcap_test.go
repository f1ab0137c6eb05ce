package legacy_test

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"simp/netio/pcap"
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

// recordedClients returns the names of the recordings of a client whose daemon was a script.
func recordedClients(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "traces", "client-*.pcap"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	var names []string
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".pcap"))
	}
	return names
}

// recording reads a capture from testdata/traces.
func recording(t *testing.T, name string) []recorded {
	t.Helper()
	capture, err := pcap.ReadFile(filepath.Join("..", "..", "..", "testdata", "traces", name+".pcap"))
	if err != nil {
		t.Fatal(err)
	}
	var all []recorded
	for _, d := range capture.Datagrams {
		r := recorded{at: d.At.Sub(capture.Datagrams[0].At), client: d.To, datagram: string(d.Payload)}
		if d.To.Port() == clientPort {
			r.client, r.fromC = d.From, true
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		t.Fatalf("%s is empty", name)
	}
	return all
}
