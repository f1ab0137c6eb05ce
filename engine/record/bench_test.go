package record

import (
	"strings"
	"testing"

	"simp/engine/sim"
	"simp/netio"
)

// BenchmarkReplay replays a long recording; "lines/s" is what counts.
func BenchmarkReplay(b *testing.B) {
	s := sim.Storm{Faults: netio.Faults{}, Nodes: 3, Acts: 3000, Pace: 1e9}.Script(1)
	var all string
	for _, file := range record(b, s) {
		all = file.String()
		break
	}
	lines := strings.Count(all, "\n")
	b.SetBytes(int64(len(all)))
	for b.Loop() {
		if r := replay(b, all); r.Difference != nil {
			b.Fatal(r.Difference)
		}
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
