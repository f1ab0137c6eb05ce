package broken_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"simp/engine/sim/broken"
	"simp/netio/pcap"
)

// stored lists the traces that are kept as captures, for people to try.
func stored() []string {
	return []string{"length-little-endian", "early-called", "repeat-toggles", "ack-other", "no-ack-of-copies", "busy-err-only", "after-left"}
}

// The captures for people are what the faulty daemons send, and the README says of each what is wrong with it.
func TestStored_AreTheTraces(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	traces := broken.All()
	for _, name := range stored() {
		at := slices.IndexFunc(traces, func(tr broken.Trace) bool { return tr.Name == name })
		if at < 0 {
			t.Fatalf("no trace is called %s", name)
		}
		tr := &traces[at]
		line := fmt.Sprintf("| `%s.pcap` | %s %s | %s |\n", name, tr.Who, tr.What, tr.Rule)
		if !strings.Contains(string(readme), line) {
			t.Errorf("the README lacks the line\n%s", line)
		}
		golden(t, name+".pcap", captured(t, tr.Capture))
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.pcap"))
	if err != nil || len(files) != len(stored()) {
		t.Errorf("%d captures are there, and %d are wanted (%v): remove what is too much", len(files), len(stored()), err)
	}
}

// captured is a capture file with what is sent.
func captured(tb testing.TB, play player) string {
	tb.Helper()
	var file bytes.Buffer
	w, err := pcap.NewWriter(&file)
	if err != nil {
		tb.Fatal(err)
	}
	var failed error
	err = play(func(at time.Time, from, to netip.AddrPort, b []byte) {
		if err := w.Write(pcap.Datagram{At: at, From: from, To: to, Payload: b}); err != nil {
			failed = err
		}
	})
	if err != nil || failed != nil {
		tb.Fatal(err, failed)
	}
	return file.String()
}
