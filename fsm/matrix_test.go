package fsm

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"text/tabwriter"
)

// The whole behaviour on paper: whoever changes a rule reads in the diff of this file what else changed with it.
func TestMatrix_Golden(t *testing.T) { golden(t, "matrix.golden", matrix()) }

func matrix() string {
	var b strings.Builder
	b.WriteString("# Every situation and event: the rule that fires, the next snapshot (= is the same) and the effects.\n" +
		"# For policies other than native and legacy: what differs from legacy.\n" +
		"# Regenerate with: go test ./fsm -run Matrix -update\n")
	for _, state := range States() {
		fmt.Fprintf(&b, "\n== %s\n", state)
		var rows strings.Builder
		for _, s := range Situations(state) {
			name, like := policyName(s.Policy), s
			if s.Policy != Native() {
				like.Policy = Legacy()
			}
			fmt.Fprintf(&rows, "\n%s, %s\n", name, s)
			for _, on := range Inputs() {
				for _, e := range EventsFor(on) {
					row := step(s, e)
					if s.Policy == like.Policy || row != step(like, e) {
						fmt.Fprintf(&rows, "  %s\t%s\n", e, row)
					}
				}
			}
		}
		align(&b, rows.String())
	}
	return b.String()
}

// align lines up the columns of a state, whose names are as long as they are.
func align(b *strings.Builder, rows string) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = io.WriteString(w, rows) // a strings.Builder takes everything
	_ = w.Flush()
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
