package netio

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func startOfTime() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }

func TestFaults_Validate(t *testing.T) {
	tests := []struct {
		name   string
		faults Faults
		want   string // part of the error, "" for none
	}{
		{"none", Faults{}, ""},
		{"the worst", Faults{1, 1, 1, time.Hour, time.Hour}, ""},
		{"usual", Faults{Drop: 0.2, Duplicate: 0.1, Reorder: 0.1, MinDelay: time.Millisecond, MaxDelay: time.Second}, ""},
		{"drop above 1", Faults{Drop: 20}, "drop is a probability from 0 to 1, not 20"},
		{"duplicate below 0", Faults{Duplicate: -0.1}, "duplicate is a probability"},
		{"reorder not a number", Faults{Reorder: math.NaN()}, "reorder is a probability"},
		{"negative delay", Faults{MinDelay: -1}, "cannot be negative"},
		{"delays exchanged", Faults{MinDelay: 2, MaxDelay: 1}, "shorter than the shortest"},
		{"too long", Faults{MaxDelay: time.Hour + 1}, "at most 1h"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.faults.Validate()
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("Validate() = %v, want nil", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("Validate() = %v, want %q in it", err, tt.want)
			}
		})
	}
}

func drawFaults(t *rapid.T) Faults {
	p := rapid.OneOf(rapid.Just(0.0), rapid.Just(1.0), rapid.Float64Range(0, 1))
	d := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, int64(time.Second)))
	f := Faults{
		Drop: p.Draw(t, "drop"), Duplicate: p.Draw(t, "duplicate"), Reorder: p.Draw(t, "reorder"),
		MinDelay: time.Duration(d.Draw(t, "min")),
	}
	f.MaxDelay = f.MinDelay + time.Duration(d.Draw(t, "span"))
	return f
}

// fates sends datagrams at the given distances and returns when their copies
// arrive, in nanoseconds from the start.
func fates(l *Link, gaps []int64) [][]int64 {
	now := startOfTime()
	all := make([][]int64, len(gaps))
	var copies []time.Time
	for i, gap := range gaps {
		now = now.Add(time.Duration(gap))
		copies = l.Fate(now, copies[:0])
		for _, at := range copies {
			all[i] = append(all[i], int64(at.Sub(startOfTime())))
		}
	}
	return all
}

func drawGaps(t *rapid.T) []int64 {
	return rapid.SliceOfN(rapid.Int64Range(0, int64(100*time.Millisecond)), 1, 100).Draw(t, "gaps")
}

func TestLink_SameSeedSameFates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, gaps := drawFaults(t), drawGaps(t)
		seed1, seed2 := rapid.Uint64().Draw(t, "seed1"), rapid.Uint64().Draw(t, "seed2")
		first, second := fates(NewLink(f, seed1, seed2), gaps), fates(NewLink(f, seed1, seed2), gaps)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatalf("the same seed decided differently:\n%s", diff)
		}
	})
}

// These numbers must never change: recorded seeds would stop meaning anything.
func TestLink_FatesAreFixed(t *testing.T) {
	f := Faults{Drop: 0.2, Duplicate: 0.3, Reorder: 0.2, MinDelay: time.Millisecond, MaxDelay: 10 * time.Millisecond}
	l := NewLink(f, 1, PairSeed(addrPort("127.0.0.1:7777"), addrPort("127.0.0.2:7777")))
	got := fates(l, []int64{0, 1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 1e6})
	want := [][]int64{
		nil,
		nil,
		{35441933}, // held back, and passed by the next
		{7348291, 8650672},
		nil,
		{43986401, 21292757},
		{12742239, 12742239}, // the second waits for the first
		{30210690},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fates (-want +got):\n%s", diff)
	}
}

// Each copy arrives within its bounds. Those that are not held back keep the
// order of sending; those that are come later and delay no other. Reorder is
// switched from datagram to datagram, so that the test knows which is which.
func TestLink_OrderAndBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, gaps := drawFaults(t), drawGaps(t)
		hold := rapid.SliceOfN(rapid.Bool(), len(gaps), len(gaps)).Draw(t, "hold")
		link := NewLink(f, rapid.Uint64().Draw(t, "seed"), 0)
		now := startOfTime()
		last := now // when the latest copy that keeps the order arrives
		for i, gap := range gaps {
			now = now.Add(time.Duration(gap))
			f.Reorder = 0
			if hold[i] {
				f.Reorder = 1
			}
			link.SetFaults(f)
			copies := link.Fate(now, nil)
			if len(copies) > 2 {
				t.Fatalf("datagram %d has %d copies", i, len(copies))
			}
			for _, at := range copies {
				earliest, latest := now.Add(f.MinDelay), now.Add(f.MaxDelay)
				if earliest.Before(last) {
					earliest = last
				}
				if latest.Before(last) {
					latest = last
				}
				if hold[i] {
					earliest, latest = earliest.Add(1), latest.Add(f.MaxHold())
				} else {
					last = at
				}
				if at.Before(earliest) || at.After(latest) {
					t.Fatalf("datagram %d, sent at %v, held back: %v, arrives at %v, want from %v to %v",
						i, now, hold[i], at, earliest, latest)
				}
			}
		}
	})
}

func TestLink_MoreLossLeavesDelaysAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// With gaps longer than the delays nothing waits for another.
		f := drawFaults(t)
		f.Reorder = 0
		lossy, gaps := f, make([]int64, 50)
		for i := range gaps {
			gaps[i] = int64(f.MaxDelay) + 1
		}
		f.Drop = 0
		seed := rapid.Uint64().Draw(t, "seed")
		all, some := fates(NewLink(f, seed, 0), gaps), fates(NewLink(lossy, seed, 0), gaps)
		for i := range all {
			if some[i] == nil {
				continue
			}
			if diff := cmp.Diff(all[i], some[i]); diff != "" {
				t.Fatalf("datagram %d (-without loss +with):\n%s", i, diff)
			}
		}
	})
}

// What a link does over many datagrams matches what it was asked for, within
// five standard deviations; with these seeds the result is always the same.
func TestLink_Statistics(t *testing.T) {
	const n = 100_000
	within := func(t *testing.T, what string, count int, p float64) {
		t.Helper()
		mean, deviation := n*p, math.Sqrt(n*p*(1-p))
		if math.Abs(float64(count)-mean) > 5*deviation {
			t.Errorf("%s: %d of %d, want %.0f give or take %.0f", what, count, n, mean, 5*deviation)
		}
	}
	for seed := range uint64(5) {
		f := Faults{Drop: 0.2, Duplicate: 0.1, Reorder: 0.3, MinDelay: 10 * time.Millisecond, MaxDelay: 20 * time.Millisecond}
		l := NewLink(f, seed, 7)
		now := startOfTime()
		var lost, doubled, held, early int
		var copies []time.Time
		for range n {
			now = now.Add(time.Second) // so that nothing waits for another
			copies = l.Fate(now, copies[:0])
			switch len(copies) {
			case 0:
				lost++
			case 2:
				doubled++
			}
			if len(copies) == 0 {
				continue
			}
			took := copies[0].Sub(now)
			if took > f.MaxDelay {
				held++
			}
			if took < 15*time.Millisecond {
				early++
			}
		}
		within(t, "lost", lost, 0.2)
		within(t, "doubled", doubled, 0.8*0.1)
		// Held for up to MaxHold, evenly, on top of a delay evenly in
		// [Min, Max]: the share that still arrives by MaxDelay is half of
		// (Max-Min)/MaxHold.
		unnoticed := 0.5 * float64(f.MaxDelay-f.MinDelay) / float64(f.MaxHold())
		within(t, "held", held, 0.8*0.3*(1-unnoticed))
		within(t, "in the first half of the delays", early, 0.8*(0.7*0.5+0.3*unnoticed/4))
	}
}

func TestLink_Extremes(t *testing.T) {
	second := int64(time.Second)
	tests := []struct {
		name   string
		faults Faults
		want   []int64 // of a datagram sent at 0
	}{
		{"perfect", Faults{}, []int64{0}},
		{"all lost", Faults{Drop: 1, Duplicate: 1}, nil},
		{"all doubled", Faults{Duplicate: 1}, []int64{0, 0}},
		{"fixed delay", Faults{MinDelay: time.Second, MaxDelay: time.Second}, []int64{second}},
		{"only a shortest delay", Faults{MinDelay: time.Second}, []int64{second}},
		{"negative delays", Faults{MinDelay: -time.Second, MaxDelay: -time.Hour}, []int64{0}},
		{"absurd delay", Faults{MinDelay: math.MaxInt64, MaxDelay: math.MaxInt64}, []int64{3600 * second}},
		{"absurd probabilities", Faults{Drop: math.NaN(), Duplicate: 17, Reorder: -3}, []int64{0, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for seed := range uint64(20) {
				got := fates(NewLink(tt.faults, seed, 0), []int64{0})[0]
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
				}
			}
		})
	}
}

// Without a delay to go by, a copy that is held back is still held long enough
// to be passed.
func TestLink_ReordersWithoutDelay(t *testing.T) {
	l := NewLink(Faults{Reorder: 0.5}, 1, 1)
	now := startOfTime()
	var last time.Time
	passed := 0
	for range 100 {
		now = now.Add(time.Millisecond)
		for _, at := range l.Fate(now, nil) {
			if at.Before(last) {
				passed++
			}
			last = at
		}
	}
	if passed < 10 {
		t.Errorf("%d of 100 datagrams passed the one before, want many", passed)
	}
}

func TestLink_SetFaultsKeepsTheOrder(t *testing.T) {
	l := NewLink(Faults{MinDelay: time.Second, MaxDelay: time.Second}, 1, 1)
	slow := l.Fate(startOfTime(), nil)[0]
	l.SetFaults(Faults{})
	fast := l.Fate(startOfTime().Add(time.Millisecond), nil)[0]
	if fast.Before(slow) {
		t.Errorf("a datagram sent later arrives %v earlier", slow.Sub(fast))
	}
	if after := l.Fate(slow.Add(time.Hour), nil)[0]; !after.Equal(slow.Add(time.Hour)) {
		t.Errorf("the old delay still counts: %v", after)
	}
}

func TestLink_AppendsWithoutAllocating(t *testing.T) {
	l := NewLink(Faults{Drop: 0.1, Duplicate: 0.5, Reorder: 0.5, MaxDelay: time.Second}, 1, 1)
	before := startOfTime().Add(-time.Hour)
	copies := make([]time.Time, 1, 3)
	copies[0] = before
	allocs := testing.AllocsPerRun(100, func() { copies = l.Fate(startOfTime(), copies[:1]) })
	if allocs != 0 {
		t.Errorf("Fate allocates %v times, want 0", allocs)
	}
	if !copies[0].Equal(before) {
		t.Error("Fate overwrote what was there instead of appending")
	}
}

func TestPairSeed(t *testing.T) {
	pairs := [][2]netip.AddrPort{
		{addrPort("10.0.0.1:7777"), addrPort("10.0.0.2:7777")},
		{addrPort("10.0.0.2:7777"), addrPort("10.0.0.1:7777")}, // the other direction
		{addrPort("10.0.0.1:7778"), addrPort("10.0.0.2:7777")},
		{addrPort("[fe80::1%a]:7777"), addrPort("[fe80::2%b]:7777")},
		{addrPort("[fe80::1%b]:7777"), addrPort("[fe80::2%a]:7777")},
		{addrPort("[fe80::1]:7777"), addrPort("[fe80::2]:7777")},
	}
	seen := make(map[uint64][2]netip.AddrPort)
	for _, pair := range pairs {
		seed := PairSeed(pair[0], pair[1])
		if other, ok := seen[seed]; ok {
			t.Errorf("%v and %v have the same seed", pair, other)
		}
		seen[seed] = pair
	}
	mapped := PairSeed(addrPort("[::ffff:10.0.0.1]:7777"), addrPort("10.0.0.2:7777"))
	if mapped != PairSeed(pairs[0][0], pairs[0][1]) {
		t.Error("a mapped address makes another seed than the address itself")
	}
}

func BenchmarkLinkFate(b *testing.B) {
	l := NewLink(Faults{Drop: 0.1, Duplicate: 0.1, Reorder: 0.1, MaxDelay: time.Second}, 1, 1)
	now := startOfTime()
	copies := make([]time.Time, 0, 2)
	b.ReportAllocs()
	for b.Loop() {
		copies = l.Fate(now, copies[:0])
	}
}
