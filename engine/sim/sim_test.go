package sim

import (
	"flag"
	"strings"
	"testing"
	"time"

	"simp/netio"
)

// lossy is the network of the first proof: a third of all datagrams is lost, a tenth doubled, none overtakes another.
var lossy = netio.Faults{Drop: 0.3, Duplicate: 0.1, MinDelay: 5 * time.Millisecond, MaxDelay: 400 * time.Millisecond}

// jumbled loses and doubles as much, and a fifth of all copies is overtaken by what was sent up to two round trips later.
var jumbled = netio.Faults{Drop: 0.3, Duplicate: 0.1, Reorder: 0.2, MinDelay: 5 * time.Millisecond, MaxDelay: 2 * time.Second}

// A hundred messages each way arrive exactly once and in order, whatever the seed (§4.1 to §4.5, §4.10, §4.19).
func TestChatsAreExact(t *testing.T) {
	for name, faults := range map[string]netio.Faults{"lossy": lossy, "jumbled": jumbled} {
		t.Run(name, func(t *testing.T) {
			c := Chat{Faults: faults, Messages: 100, Limit: 24 * time.Hour}
			for seed := range *seeds / 2 {
				r := c.Run(seed)
				for _, v := range r.Violations {
					t.Errorf("seed %d: %s", seed, v)
				}
				if !r.Complete {
					t.Errorf("seed %d: after %s not everything has arrived", seed, r.Elapsed)
				}
				if t.Failed() {
					t.Fatalf("see the whole run with: go test ./engine/sim -run TestOneSeed -network %s -seed %d -v", name, seed)
				}
			}
		})
	}
}

// Whatever users do and whenever, also when daemons crash, no message is shown twice or out of order, none is reported
// delivered that was not shown, and everything comes to rest (§2.8, §4.10, §5.4).
func TestStorms(t *testing.T) {
	storms := map[string]Storm{
		"two users":             {Faults: lossy, Nodes: 2, Acts: 150, Pace: 2 * time.Second},
		"in a hurry":            {Faults: lossy, Nodes: 2, Acts: 300, Pace: 300 * time.Millisecond},
		"three users":           {Faults: lossy, Nodes: 3, Acts: 150, Pace: 2 * time.Second},
		"with crashes":          {Faults: lossy, Nodes: 2, Acts: 200, Pace: time.Second, Crashes: true},
		"jumbled":               {Faults: jumbled, Nodes: 2, Acts: 200, Pace: 2 * time.Second},
		"jumbled, with crashes": {Faults: jumbled, Nodes: 3, Acts: 200, Pace: time.Second, Crashes: true},
		"slow and good":         {Faults: netio.Faults{MinDelay: time.Second, MaxDelay: 3 * time.Second}, Nodes: 2, Acts: 200, Pace: 2 * time.Second},
	}
	for name, st := range storms {
		t.Run(name, func(t *testing.T) {
			for seed := range *seeds / 2 {
				for _, v := range st.Run(seed) {
					t.Errorf("seed %d: %s", seed, v)
				}
				if t.Failed() {
					t.FailNow()
				}
			}
		})
	}
}

// The same seed gives the same run, another seed another one.
func TestRunsRepeat(t *testing.T) {
	run := func(seed uint64) string {
		var b strings.Builder
		c := Chat{Faults: lossy, Messages: 5, Limit: time.Hour, Trace: func(line string) { b.WriteString(line + "\n") }}
		c.Run(seed)
		return b.String()
	}
	if first, again := run(7), run(7); first != again {
		t.Error("the same seed gave two different runs")
	}
	if run(7) == run(8) {
		t.Error("two seeds gave the same run, so the seed does not matter")
	}
}

var seeds = flag.Uint64("seeds", 200, "how many seeds each simulation runs")

var oneSeed = flag.Int64("seed", -1, "the seed that TestOneSeed runs, with every datagram and event shown")

var oneNetwork = flag.String("network", "lossy", "the network in which TestOneSeed runs it: lossy or jumbled")

// TestOneSeed shows one run: go test ./engine/sim -run TestOneSeed -v -seed 39.
func TestOneSeed(t *testing.T) {
	if *oneSeed < 0 {
		t.Skip("no -seed given")
	}
	faults := map[string]netio.Faults{"lossy": lossy, "jumbled": jumbled}[*oneNetwork]
	c := Chat{Faults: faults, Messages: 100, Limit: 24 * time.Hour, Trace: func(line string) { t.Log(line) }}
	r := c.Run(uint64(*oneSeed))
	t.Logf("complete=%v after %s, violations %q", r.Complete, r.Elapsed, r.Violations)
}
