package broken_test

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/engine/follow"
	"simp/engine/rules"
	"simp/engine/sim/broken"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// judge plays a trace and returns what is found in it, each conversation's findings in order.
func judge(tb testing.TB, play func(func(time.Time, netip.AddrPort, netip.AddrPort, []byte)) error) (found []*rules.Finding) {
	tb.Helper()
	j := rules.New(rules.Options{}, func(r *rules.Report) { found = append(found, r.Findings...) })
	n := 0
	err := play(func(at time.Time, from, to netip.AddrPort, b []byte) {
		n++
		j.Packet(follow.Packet{N: n, At: at, From: from, To: to, Bytes: b})
	})
	if err != nil {
		tb.Fatal(err)
	}
	j.Finish()
	return found
}

// first is the finding that is named first: of the worst, the one that was seen first.
func first(found []*rules.Finding) *rules.Finding {
	var f *rules.Finding
	for _, x := range found {
		if f == nil || x.Severity < f.Severity || x.Severity == f.Severity && x.Packet < f.Packet {
			f = x
		}
	}
	return f
}

const hitsWanted = 38

// The rule that is named first is the one that the daemon breaks.
func TestTraces_AreExplained(t *testing.T) {
	var list strings.Builder
	all := broken.All()
	hits := 0
	for i := range all {
		tr := &all[i]
		word, named, seen := "MISS", "nothing", ""
		f := first(judge(t, tr.Capture))
		if f != nil {
			named, seen = f.Rule.ID, fmt.Sprintf("#%d %q: %s", f.Packet, f.User, f.Seen)
			if f.Unsure {
				seen += " (perhaps)"
			}
			if f.Rule.ID == tr.Rule && (f.User == tr.Who || f.User == "" || tr.Rule == "dg/5") {
				word = "hit "
				hits++
			}
		}
		fmt.Fprintf(&list, "%s %-24s %-5s %-5s %s %s\n%36s %s\n", word, tr.Name, tr.Rule, named, tr.Who, tr.What, "", seen)
	}
	fmt.Fprintf(&list, "%d of %d: what the second column breaks is the third, and the fourth is named first\n", hits, len(all))
	golden := filepath.Join("..", "..", "..", "testdata", "broken", "traces.golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(list.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v (write it with: go test ./engine/sim/broken -update)", err)
	}
	if diff := cmp.Diff(string(want), list.String()); diff != "" {
		t.Errorf("what is named has changed (-want +got); if it should have, go test ./engine/sim/broken -update:\n%s", diff)
	}
	if len(all) < 40 || hits < hitsWanted || hits*100 < len(all)*95 {
		t.Errorf("the right rule is named first in %d of %d; wanted are %d, and 95 of 100", hits, len(all), hitsWanted)
	}
}

// Without their faults nothing deviates in the same stories.
func TestTraces_AreSoundWithoutTheirFaults(t *testing.T) {
	all := broken.All()
	for i := range all {
		for _, f := range judge(t, all[i].Sound) {
			if f.Severity != rules.Remark {
				t.Errorf("%s: %s is said to break %s in #%d: %s", all[i].Name, f.User, f.Rule.ID, f.Packet, f.Seen)
			}
		}
	}
}
