package check

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"simp/fsm"
)

// Every fault is found: by the search that it names, as the violation that it names, or else by the golden matrix of fsm, of
// which at least one line is another then. The list, with the length of the shortest run that shows each, is a golden file.
func TestFaults_AreFound(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	faults := Faults()
	if len(faults) < 25 {
		t.Fatalf("%d faults", len(faults))
	}
	lines := make([]string, len(faults))
	t.Run("all", func(t *testing.T) {
		for i, f := range faults {
			t.Run(f.ID, func(t *testing.T) {
				t.Parallel()
				lines[i] = find1(t, f)
			})
		}
	})
	golden(t, "../../testdata/fsm/faults.golden", "# What finds each fault of the rule table, and in how many moves.\n"+
		"# Regenerate with: go test ./fsm/check -run Faults -update\n"+strings.Join(lines, ""))
}

func find1(t *testing.T, f Fault) string {
	table := f.Table()
	if f.By == "" {
		if !differs(table) {
			t.Error("the matrix does not show it")
		}
		return fmt.Sprintf("%-70s the matrix\n", f.ID)
	}
	c, known := Named(f.By)
	if !known {
		t.Fatalf("there is no case %q", f.By)
	}
	c.Next = table.Next
	r := Search(c)
	if r.Story == nil {
		t.Fatalf("not found in %d states", r.States)
	}
	if r.Story.Property != f.Property {
		t.Errorf("violates %s, want %s:\n%s", r.Story.Property, f.Property, r.Story)
	}
	return fmt.Sprintf("%-70s %s in %q, %d moves\n", f.ID, r.Story.Property, f.By, len(r.Story.Steps))
}

// differs reports whether a table decides any of the matrix's situations otherwise than what ships.
func differs(table *fsm.Table) (differs bool) {
	defer func() { differs = differs || recover() != nil }() // it lacks a cell
	for _, state := range fsm.States() {
		for _, s := range fsm.Situations(state) {
			for _, on := range fsm.Inputs() {
				for _, e := range fsm.EventsFor(on) {
					var want, got fsm.Actions
					wantNext, wantRule := fsm.Next(s, e, &want)
					gotNext, gotRule := table.Next(s, e, &got)
					if wantNext != gotNext || wantRule.ID() != gotRule.ID() || want != got {
						return true
					}
				}
			}
		}
	}
	return false
}

// A table without a fault is what ships.
func TestFaults_ATableOfItsOwnRulesIsTheProtocol(t *testing.T) {
	if differs(fsm.NewTable(fsm.Rules())) {
		t.Error("the protocol's rules do not make the protocol")
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got; if the change is meant, go test ./fsm/check -update):\n%s", path, diff)
	}
}
