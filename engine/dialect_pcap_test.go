package engine

import (
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"simp/codec"
	"simp/netio/pcap"
)

const tracesDir = "../testdata/traces"

// recorded is a datagram between two daemons in a recording.
type recorded struct {
	at       time.Duration // since the recording began
	from, to netip.AddrPort
	raw      []byte
}

// recording is one file of testdata/traces.
type recording struct {
	name  string // of the file, without ".pcap"
	all   []recorded
	hosts []netip.AddrPort // in the order of their addresses
}

// kind is the letter of the implementation at a host, as the recordings are named.
func (r *recording) kind(host netip.AddrPort) string {
	first := r.letter()
	second := first
	if calls := strings.Contains(r.name, "-calls-"); calls {
		first, second = "a", "b" // also in b-calls-a
	}
	if host == r.hosts[0] {
		return first
	}
	return second
}

// letter is the implementation after which the recording is named.
func (r *recording) letter() string { return strings.TrimPrefix(r.name, "daemon-")[:1] }

// between returns what from sent to to.
func (r *recording) between(from, to netip.AddrPort) []recorded {
	var some []recorded
	for _, d := range r.all {
		if d.from == from && d.to == to {
			some = append(some, d)
		}
	}
	return some
}

// readRecordings returns what daemons sent to each other in all recordings, also where the other daemon is a script.
func readRecordings(tb testing.TB) []*recording {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join(tracesDir, "*.pcap"))
	if err != nil || len(paths) < 50 {
		tb.Fatalf("%d recordings: %v", len(paths), err)
	}
	var all []*recording
	for _, path := range paths {
		r := &recording{name: strings.TrimSuffix(filepath.Base(path), ".pcap")}
		if r.read(tb, path); len(r.all) > 0 {
			all = append(all, r) // else there are only clients in it
		}
	}
	return all
}

// isDaemon tells the ports of daemons from those of their clients. One implementation has several daemons on one host, and
// tells them apart by the port.
func isDaemon(port uint16) bool { return port == 7777 || port == 8888 || port == 6666 }

// read keeps what daemons sent to each other.
func (r *recording) read(tb testing.TB, path string) {
	tb.Helper()
	capture, err := pcap.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	for _, d := range capture.Datagrams {
		if !isDaemon(d.From.Port()) || !isDaemon(d.To.Port()) {
			continue
		}
		r.all = append(r.all, recorded{at: d.At.Sub(capture.Start), from: d.From, to: d.To, raw: d.Payload})
		for _, host := range [...]netip.AddrPort{d.From, d.To} {
			if !slices.Contains(r.hosts, host) {
				r.hosts = append(r.hosts, host)
			}
		}
	}
	slices.SortFunc(r.hosts, func(a, b netip.AddrPort) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return hostOrder(a.Port()) - hostOrder(b.Port())
	})
}

// hostOrder puts the daemons of one host into the order in which the others have their addresses: who invites first.
func hostOrder(port uint16) int {
	return map[uint16]int{7777: 1, 8888: 2, 6666: 3}[port]
}

func (d recorded) decoded(tb testing.TB) (codec.Datagram, codec.Notes) {
	tb.Helper()
	return sending{raw: d.raw}.decoded(tb)
}
