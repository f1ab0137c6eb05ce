package codec

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
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
// implementation. The known errors are the two forms that only a dialect can
// explain: D's operation 0x09, E's operation 0x0c and its short ERR.
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
		"d":     {"datagrams": 44, "operation": 3},
		"e":     {"datagrams": 53, "no-length": 35, "payload-control": 16, "operation": 1, "short": 1},
		"f":     {"datagrams": 34, "seq-above-1": 8},
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

// TestTracesEncode encodes what the recordings hold, and expects the recorded
// bytes. What strict encoding has no way to write is left out by name and
// counted, so that the test cannot pass by leaving out everything.
func TestTracesEncode(t *testing.T) {
	got := make(map[string]map[string]int)
	for name, all := range recordings(t) {
		for _, r := range all {
			d, notes, err := Decode(r.payload)
			if err != nil {
				continue // counted by TestTracesDecode
			}
			wire := wireOf(notes)
			if got[wire.Name] == nil {
				got[wire.Name] = make(map[string]int)
			}
			if notes.Has(NoLength) {
				got[wire.Name]["left out: no-length"]++
				continue
			}
			b, err := wire.Append(nil, d)
			if errors.Is(err, ErrSeq) || errors.Is(err, ErrPayload) {
				got[wire.Name]["left out: "+ErrorName(err)]++
				continue
			}
			if err != nil {
				t.Errorf("%s: %v: %v", name, d, err)
				continue
			}
			if !bytes.Equal(b, r.payload) {
				t.Errorf("%s: %v\n recorded % x\n encoded  % x", name, d, r.payload, b)
			}
			got[wire.Name]["encoded"]++
		}
	}
	want := map[string]map[string]int{
		"canonical": {
			"encoded":             155,
			"left out: no-length": 35, // E's control datagrams
			"left out: payload":   16, // E's messages, which begin with a NUL
			"left out: seq":       4,  // F's counter
		},
		"trailing": {"encoded": 63},
		"spaced":   {"encoded": 52},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
