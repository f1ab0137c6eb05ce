package check

import (
	"flag"
	"testing"
)

var deep = flag.Bool("deep", false, "search the deep cases too, for an hour")

var update = flag.Bool("update", false, "rewrite the golden files")

// Within the bounds of each case nothing that may happen violates a property.
func TestCases(t *testing.T) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if c.Deep && !*deep || testing.Short() {
				t.Skip("takes longer; go test ./fsm/check -run Cases -deep -timeout 3h")
			}
			if raceDetector {
				c.Limit = 20_000 // a search is one goroutine: there is nothing to find in a longer one
			}
			r := Search(c)
			t.Logf("%d states, %d deep, %s", r.States, r.Depth, c.Network)
			if r.Story != nil {
				t.Errorf("%s\n%s", r.Story, r.Story.Script())
			}
			if !r.Complete && r.Story == nil && !raceDetector {
				t.Error("the search was cut short")
			}
		})
	}
}
