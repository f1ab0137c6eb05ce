package fsm

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
)

// The whole behaviour on paper: whoever changes a rule reads in the diff of this file what else changed with it.
func TestMatrix_Golden(t *testing.T) { golden(t, "matrix.golden", matrix()) }

func matrix() string {
	var b strings.Builder
	b.WriteString("# Every situation and event: the rule that fires, the next snapshot (= is the same) and the effects.\n" +
		"# Regenerate with: go test ./fsm -run Matrix -update\n")
	for _, state := range States() {
		fmt.Fprintf(&b, "\n== %s\n", state)
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, s := range Situations(state) {
			fmt.Fprintf(w, "\n%s, %s\n", policyName(s.Policy), s)
			for _, on := range Inputs() {
				for _, e := range EventsFor(on) {
					fmt.Fprintf(w, "  %s\t%s\n", e, step(s, e))
				}
			}
		}
		_ = w.Flush() // a strings.Builder takes everything
	}
	return b.String()
}

func step(s Snapshot, e Event) string {
	var out Actions
	next, r := Next(s, e, &out)
	to, does := next.String(), out.String()
	if next == s {
		to = "="
	}
	if does == "" {
		does = "-"
	}
	return r.ID() + "\t" + to + "\t" + does
}

func policyName(p Policy) string {
	for name, known := range policies() {
		if p == known {
			return name
		}
	}
	return "other"
}
