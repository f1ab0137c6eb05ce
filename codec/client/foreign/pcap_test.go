package foreign

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"simp/netio/pcap"
)

// clientPort is where daemons are that clients talk to.
const clientPort = 7778

// recorded is one datagram between a client and its daemon.
type recorded struct {
	fromDaemon bool
	payload    string
}

// record is what one client of a recording exchanged with its daemon.
type record struct {
	client    netip.AddrPort
	daemon    netip.Addr
	datagrams []recorded
}

// records reads the dialogues of a recording, one for each client. What the
// daemon says to itself (b's does) is no client's.
func records(t *testing.T, name string) []*record {
	t.Helper()
	capture, err := pcap.ReadFile(filepath.Join("..", "..", "..", "testdata", "traces", name+".pcap"))
	if err != nil {
		t.Fatal(err)
	}
	var all []*record
	for _, d := range capture.Datagrams {
		src, dst, payload := d.From, d.To, string(d.Payload)
		switch {
		case src.Port() == clientPort && dst.Port() == clientPort:
		case dst.Port() == clientPort:
			all = add(all, src, dst.Addr(), recorded{false, payload})
		case src.Port() == clientPort:
			all = add(all, dst, src.Addr(), recorded{true, payload})
		}
	}
	return all
}

func add(all []*record, who netip.AddrPort, daemon netip.Addr, d recorded) []*record {
	for _, r := range all {
		if r.client == who {
			r.datagrams = append(r.datagrams, d)
			return all
		}
	}
	return append(all, &record{who, daemon, []recorded{d}})
}

// recordingsOfClients returns the names of all recordings with clients in them.
func recordingsOfClients(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"client-*.pcap", "daemon-*.pcap"} {
		paths, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "traces", pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no recordings: %v", err)
		}
		for _, p := range paths {
			names = append(names, strings.TrimSuffix(filepath.Base(p), ".pcap"))
		}
	}
	return names
}
