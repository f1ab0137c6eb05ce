package check

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var (
	deep   = flag.Bool("deep", false, "search the deep cases too, for half an hour and in 20 GB")
	update = flag.Bool("update", false, "rewrite the golden files")
)

// Within the bounds of each case nothing that may happen violates a property. How far each goes is a golden file, those that take
// minutes included: a change that makes one of them smaller leaves something out.
func TestCases(t *testing.T) {
	sizes := readSizes(t)
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if c.Deep && !*deep || testing.Short() {
				t.Skip("takes longer; go test ./fsm/check -run Cases -deep -timeout 3h")
			}
			if raceDetector {
				c.Limit = 20_000 // a search is one goroutine: there is nothing to find in a longer one
			}
			r := Search(c)
			if r.Story != nil {
				t.Fatalf("%s\n%s", r.Story, r.Story.Script())
			}
			if raceDetector {
				return
			}
			size := fmt.Sprintf("%9d states, %2d moves deep, %s network", r.States, r.Depth, c.Network)
			if !r.Complete || sizes[c.Name] != size && !*update {
				t.Errorf("%s, complete: %v, want %s", size, r.Complete, sizes[c.Name])
			}
			sizes[c.Name] = size
		})
	}
	if *update {
		writeSizes(t, sizes)
	}
}

const sizesFile = "../../testdata/fsm/cases.golden"

func readSizes(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(sizesFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	sizes := make(map[string]string)
	for line := range strings.Lines(string(b)) {
		if name, size, found := strings.Cut(line, ":"); found && !strings.HasPrefix(line, "#") {
			sizes[name] = strings.TrimRight(size, "\n")[1:]
		}
	}
	return sizes
}

func writeSizes(t *testing.T, sizes map[string]string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("# How far each search goes.\n# Regenerate with: go test ./fsm/check -run Cases -deep -timeout 3h -update\n")
	for _, c := range Cases() {
		fmt.Fprintf(&b, "%s: %s\n", c.Name, sizes[c.Name])
	}
	if err := os.WriteFile(sizesFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
