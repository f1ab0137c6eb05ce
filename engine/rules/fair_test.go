package rules_test

import (
	"flag"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"simp/engine/follow"
	"simp/engine/rules"
	"simp/engine/sim"
)

var seeds = flag.Int("seeds", 150, "runs of each kind in the test of fairness")

// played holds what is sent in a run against the rules.
func played(tb testing.TB, story string) (found []*rules.Finding) {
	tb.Helper()
	s, err := sim.Parse(story)
	if err != nil {
		tb.Fatal(err)
	}
	j := rules.New(rules.Options{}, func(r *rules.Report) {
		for _, f := range r.Findings {
			found = append(append(found, f), f.Consequences...)
		}
	})
	n := 0
	s.Play(sim.Options{Capture: func(at time.Time, from, to netip.AddrPort, b []byte) {
		n++
		j.Packet(follow.Packet{N: n, At: at, From: from, To: to, Bytes: b})
	}})
	j.Finish()
	return found
}

// Whatever the network does and the users do, nobody says that our daemons break a rule: between native ones, nothing that is
// sure; on a good network, nothing at all. Of plain ones that is so as long as the network keeps the order and none is killed and
// started anew: who has forgotten a chat does break rules, as far as others see.
func TestJudge_IsFair(t *testing.T) {
	const good, bad = "", "network drop=20% duplicate=5% reorder=10% delay=20ms..2s\n"
	const lossy = "network drop=20% duplicate=5% delay=20ms..200ms ordered\n"
	accident := " crash partition=10s..30s"
	for _, c := range []struct {
		name, nodes, network, random string
		allowed                      func(*rules.Finding) bool // beside remarks
	}{
		{"native", "node alice\nnode bob\nnode carol\n", good, "", nil},
		{"native, lossy", "node alice\nnode bob\nnode carol\n", bad, accident, func(f *rules.Finding) bool { return f.Unsure }},
		{"native, everybody is accepted", "node alice accept=auto\nnode bob accept=auto\n", bad, "", func(f *rules.Finding) bool { return f.Unsure }},
		{"plain", "node alice plain\nnode bob plain\nnode carol plain\n", good, "", nil},
		{"plain, lossy", "node alice plain\nnode bob plain\nnode carol plain\n", lossy, " partition=10s..30s", func(f *rules.Finding) bool {
			return f.Unsure || f.Severity == rules.Deviation && (f.Rule.ID == "sw/4" || f.Rule.ID == "sw/7") // 4.15, 4.6
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			counts := make(map[string]int)
			for seed := range *seeds {
				story := fmt.Sprintf("%s%sseed %d\nrandom 30%s\n", c.nodes, c.network, seed+1, c.random)
				for _, f := range played(t, story) {
					if f.Severity == rules.Remark || c.allowed != nil && c.allowed(f) {
						counts[f.Rule.ID+" "+f.Severity.String()]++
						continue
					}
					t.Errorf("%s is said to break %s in #%d: %s; expected: %s (%s, unsure: %v)\n%s", f.User, f.Rule.ID, f.Packet, f.Seen, f.Expected,
						f.Severity, f.Unsure, strings.TrimSpace(story))
					if t.Failed() && len(counts) > 40 {
						t.FailNow()
					}
				}
			}
			t.Log(counts)
		})
	}
}
