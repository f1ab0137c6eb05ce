package sim

import (
	"fmt"
	"testing"
)

// How likely it is that a number of one bit deceives two daemons that do not announce themselves: not without datagrams that
// overtake each other, and with them in a few of a thousand messages. ARCHITECTURE.md has the figures of 400 seeds.
func TestLegacy_HowLikelyAMessageIsLostOrDoubled(t *testing.T) {
	seeds, messages := 100, 100
	for _, test := range []struct {
		network string
		harmed  bool
	}{
		{"drop=30%", false},
		{"drop=10% duplicate=5%", false},
		{"drop=30% duplicate=50%", false},
		{"drop=1% duplicate=1% reorder=1% delay=1ms..5ms", true},
		{"drop=10% duplicate=5% reorder=5% delay=20ms..200ms", true},
	} {
		t.Run(test.network, func(t *testing.T) {
			seen := map[ID]int{}
			for seed := range seeds {
				s, err := Parse(fmt.Sprintf("node alice plain dialect=standard\nnode bob plain dialect=standard\nnetwork %s\ntalk %d\nseed %d\n", test.network, messages, seed))
				if err != nil {
					t.Fatal(err)
				}
				v := s.Play(Options{})
				for _, broken := range v.Violations {
					t.Errorf("seed %d: %s", seed, broken)
				}
				for _, b := range v.Excused {
					seen[b.ID]++
				}
			}
			all := seeds * 2 * messages
			worst := max(seen[S1], seen[S2], seen[S3])
			t.Logf("of %d messages: %v", all, seen)
			if worst > all/100 || test.harmed != (worst > 0) {
				t.Errorf("of %d messages: %v; harm was expected: %v", all, seen, test.harmed)
			}
		})
	}
}
