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

// player plays something, and calls each with what is sent.
type player func(each func(at time.Time, from, to netip.AddrPort, datagram []byte)) error

// judge plays a trace and returns what is found in it, each conversation's findings in order.
func judge(tb testing.TB, play player) (found []*rules.Finding) {
	tb.Helper()
	return judgeWith(tb, rules.Options{}, play)
}

func judgeWith(tb testing.TB, o rules.Options, play player) (found []*rules.Finding) {
	tb.Helper()
	j := rules.New(o, func(r *rules.Report) { found = append(found, r.Findings...) })
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

// What has to be right: so many, and so many of a hundred.
const (
	tracesWanted = 45
	hitsWanted   = 38
	hundredsOf   = 95
)

// The rule that is named first is the one that the daemon breaks, and it is that daemon of which it is said.
func TestTraces_AreExplained(t *testing.T) {
	var list strings.Builder
	traces := broken.All()
	hits := 0
	for i := range traces {
		tr := &traces[i]
		faulty, err := tr.Faulty()
		if err != nil {
			t.Fatal(err)
		}
		word, named, seen := "MISS", "nothing", ""
		if f := first(judge(t, tr.Capture)); f != nil {
			named, seen = f.Rule.ID, fmt.Sprintf("#%d %s: %s", f.Packet, f.By.Addr(), f.Seen)
			if f.Unsure {
				seen += " (perhaps)"
			}
			if f.Rule.ID == tr.Rule && f.By == faulty {
				word = "hit "
				hits++
			}
		}
		fmt.Fprintf(&list, "%s %-24s %-5s %-7s %s %s\n", word, tr.Name, tr.Rule, named, tr.Who, tr.What)
		fmt.Fprintf(&list, "%*s\n", 43+len(seen), seen)
	}
	fmt.Fprintf(&list, "%d of %d: the third column is the rule that is broken, the fourth the one that is named first, and below is of whom, and why\n", hits, len(traces))
	golden(t, "traces.golden", list.String())
	if len(traces) < tracesWanted || hits < hitsWanted || hits*100 < len(traces)*hundredsOf {
		t.Errorf("the right rule is named first in %d of %d; wanted are %d of at least %d, and %d of 100", hits, len(traces), hitsWanted, tracesWanted, hundredsOf)
	}
}

// Of the daemons without a fault nothing is said for sure. Only a number that is none they send back as they got it.
func TestTraces_BlameNobodyElse(t *testing.T) {
	traces := broken.All()
	for i := range traces {
		tr := &traces[i]
		faulty, err := tr.Faulty()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range judge(t, tr.Capture) {
			echoed := f.Rule.ID == "dg/4" && tr.Rule == "dg/4" // an answer repeats the number
			if f.By != faulty && !f.Unsure && f.Severity != rules.Remark && !echoed {
				t.Errorf("%s: the fault is %s's, and %s is said to break %s in #%d: %s", tr.Name, faulty, f.By, f.Rule.ID, f.Packet, f.Seen)
			}
		}
	}
}

// Each trace has a name of its own, and a faulty daemon.
func TestTraces_AreWellFormed(t *testing.T) {
	known := make(map[string]bool)
	traces := broken.All()
	for i := range traces {
		tr := &traces[i]
		if known[tr.Name] {
			t.Errorf("two are called %s", tr.Name)
		}
		known[tr.Name] = true
		if addr, err := tr.Faulty(); err != nil || !addr.IsValid() {
			t.Errorf("%s: the faulty daemon of %s is at %s (%v)", tr.Name, tr.Who, addr, err)
		}
	}
}

// The same fault gives the same bytes each time, and others than the story without it.
func TestTraces_AreRepeatable(t *testing.T) {
	told := func(play player) string {
		var s strings.Builder
		err := play(func(at time.Time, from, to netip.AddrPort, b []byte) {
			fmt.Fprintf(&s, "%s %s %s %x\n", at.Format(time.StampNano), from, to, b)
		})
		if err != nil {
			t.Fatal(err)
		}
		return s.String()
	}
	traces := broken.All()
	for i := range traces {
		tr := &traces[i]
		once, again := told(tr.Capture), told(tr.Capture)
		if once != again {
			t.Errorf("%s: two runs differ:\n%s", tr.Name, cmp.Diff(once, again))
		}
		if once == told(tr.Sound) {
			t.Errorf("%s: the fault changes nothing", tr.Name)
		}
	}
}

// Without their faults nothing deviates in the same stories.
func TestTraces_AreSoundWithoutTheirFaults(t *testing.T) {
	traces := broken.All()
	for i := range traces {
		for _, f := range all(judge(t, traces[i].Sound)) {
			if f.Severity != rules.Remark {
				t.Errorf("%s: %s is said to break %s in #%d: %s", traces[i].Name, f.By, f.Rule.ID, f.Packet, f.Seen)
			}
		}
	}
}

// golden holds a text against a file of testdata/broken.
func golden(tb testing.TB, name, is string) {
	tb.Helper()
	path := filepath.Join(folder, name)
	if *update {
		if err := os.WriteFile(path, []byte(is), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatalf("%v (write it with: go test ./engine/sim/broken -update)", err)
	}
	if diff := cmp.Diff(string(want), is); diff != "" {
		tb.Errorf("%s has changed (-want +got); if it should have, go test ./engine/sim/broken -update:\n%s", name, diff)
	}
}

var folder = filepath.Join("..", "..", "..", "testdata", "broken")
