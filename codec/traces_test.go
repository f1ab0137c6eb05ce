package codec

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTracesSummaries shows every datagram of every recording as it is
// understood, with its notes or the error.
func TestTracesSummaries(t *testing.T) {
	var b strings.Builder
	traces := recordings(t)
	for _, name := range slices.Sorted(maps.Keys(traces)) {
		fmt.Fprintf(&b, "%s\n", name)
		var last string
		times := 0
		flush := func() {
			switch {
			case times == 1:
				fmt.Fprintf(&b, "\t%s\n", last)
			case times > 1:
				fmt.Fprintf(&b, "\t%s (%d times)\n", last, times)
			}
			times = 0
		}
		for _, r := range traces[name] {
			line := fmt.Sprintf("%v > %v  ", r.src.Addr(), r.dst.Addr())
			d, notes, err := Decode(r.payload)
			switch {
			case err != nil:
				line += fmt.Sprintf("%s: %x", ErrorName(err), r.payload)
			case notes != 0:
				line += fmt.Sprintf("%v  [%v]", d, notes)
			default:
				line += d.String()
			}
			if line != last {
				flush()
			}
			last = line
			times++
		}
		flush()
	}
	golden(t, "traces.golden", []byte(b.String()))
}

// TestTracesDecode counts what became of the recorded datagrams, by
// implementation. There is none that is not understood.
func TestTracesDecode(t *testing.T) {
	got := make(map[string]map[string]int)
	for name, all := range recordings(t) {
		impl := implementation(name)
		if got[impl] == nil {
			got[impl] = make(map[string]int)
		}
		for _, r := range all {
			_, notes, err := Decode(r.payload)
			got[impl]["datagrams"]++
			if err != nil {
				got[impl][ErrorName(err)]++
			}
			for n := range notes.All() {
				got[impl][n.String()]++
			}
		}
	}
	want := map[string]map[string]int{
		"a":     {"datagrams": 83, "extra-payload": 2},
		"mixed": {"datagrams": 3, "trailer": 2},
		"b":     {"datagrams": 61, "trailer": 61},
		"c":     {"datagrams": 52, "user-padded-with-spaces": 52},
		"d":     {"datagrams": 44, "form-finerr": 3},
		"e":     {"datagrams": 53, "no-length": 36, "leading-nul": 16, "form-finack": 1, "form-stub": 1},
		"f":     {"datagrams": 37, "seq-above-1": 8},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// implementation returns whose datagrams the recording shows: the letter of its
// name, or "mixed" where two implementations meet.
func implementation(name string) string {
	if strings.Contains(name, "-calls-") {
		return "mixed"
	}
	return strings.TrimPrefix(name, "daemon-")[:1]
}

// TestTracesEncode decodes what the recordings hold and writes it again, with the
// wire of those who were recorded, and expects the recorded bytes.
func TestTracesEncode(t *testing.T) {
	encoded := make(map[string]int)
	rows := recordedWires()
	for name, all := range recordings(t) {
		wire, ok := rows[name]
		if !ok {
			t.Errorf("%s: whose wire is it? recordedWires does not say", name)
			continue
		}
		delete(rows, name)
		for _, r := range all {
			d, _, err := Decode(r.payload)
			if err != nil {
				t.Errorf("%s: % x: %v", name, r.payload, err)
				continue
			}
			w := wire(r.src.Addr())
			b, err := w.Append(nil, d)
			if err != nil {
				t.Errorf("%s: %v: %v", name, d, err)
				continue
			}
			if !bytes.Equal(b, r.payload) {
				t.Errorf("%s: %v\n recorded % x\n encoded  % x", name, d, r.payload, b)
			}
			encoded[w.Name]++
		}
	}
	for name := range rows {
		t.Errorf("%s: there is no such recording, or nothing between daemons in it", name)
	}
	want := map[string]int{"canonical": 128, "trailing": 63, "spaced": 52, "short": 53, "counting": 37}
	if diff := cmp.Diff(want, encoded); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// recordedWires is how the daemons in each recording write, by their address.
// The recordings that are not here show nothing between daemons.
func recordedWires() map[string]func(src netip.Addr) Wire {
	by := func(w Wire) func(netip.Addr) Wire {
		return func(netip.Addr) Wire { return w }
	}
	invites := netip.MustParseAddr("127.0.0.1")
	return map[string]func(netip.Addr) Wire{
		"a-busy":         by(Canonical),
		"a-chat":         by(Canonical),
		"a-decline":      by(Canonical),
		"a-pending":      by(Canonical),
		"a-respquit":     by(Canonical),
		"a-retransmit":   by(Canonical),
		"a-synfrozen":    by(Canonical),
		"daemon-a-start": by(Canonical),
		"daemon-a-wait":  by(Canonical),

		"b-busy":           by(Trailing),
		"b-chat":           by(Trailing),
		"b-decline":        by(Trailing),
		"b-idle":           by(Trailing),
		"b-pending":        by(Trailing),
		"b-quitfirst":      by(Trailing),
		"b-retransmit":     by(Trailing),
		"b-synfrozen":      by(Trailing),
		"daemon-b-pending": by(Trailing),
		"daemon-b-start":   by(Trailing),
		"daemon-b-wait":    by(Trailing),

		"b-calls-a": by(Trailing), // a never answers
		"a-calls-b": func(src netip.Addr) Wire {
			if src == invites {
				return Canonical
			}
			return Trailing
		},

		"c-auto":       by(Spaced),
		"c-busy":       by(Spaced),
		"c-chat":       by(Spaced),
		"c-decline":    by(Spaced),
		"c-retransmit": by(Spaced),

		"d-busy":       by(Canonical),
		"d-chat":       by(Canonical),
		"d-decline":    by(Canonical),
		"d-noclient":   by(Canonical),
		"d-retransmit": by(Canonical),

		"e-busy":       by(Short),
		"e-chat":       by(Short),
		"e-decline":    by(Short),
		"e-pending":    by(Short),
		"e-retransmit": by(Short),

		"f-busy":       by(Counting),
		"f-chat":       by(Counting),
		"f-decline":    by(Counting),
		"f-retransmit": by(Counting),
	}
}
