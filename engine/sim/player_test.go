package sim

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"simp/engine/double"
	"simp/netio"
)

// stormy is a script in which everything happens at random, also with daemons of other makes.
func stormy(seed uint64, kinds ...double.Kind) *Script {
	s := Storm{Faults: lossy, Nodes: 3, Acts: 60, Pace: 2 * time.Second, Crashes: true}.Script(seed)
	s.Random.Crashes, s.Random.Partition = 1, [2]time.Duration{5 * time.Second, 20 * time.Second}
	for i, k := range kinds {
		s.Parties = append(s.Parties, Party{Name: fmt.Sprintf("peer%d", i+1), Kind: k})
	}
	return s
}

// played plays a script and returns everything that can be seen of it.
func played(t *testing.T, s *Script, o Options) (text string, r Report) {
	t.Helper()
	var b strings.Builder
	line := func(line string) { b.WriteString(line + "\n") }
	o.Log, o.Trace = line, line
	r = s.Play(o)
	b.WriteString(r.String())
	return b.String(), r
}

// The same script gives the same bytes, another seed others.
func TestPlay_Repeats(t *testing.T) {
	kinds := double.Kinds()
	first, _ := played(t, stormy(7, kinds...), Options{})
	if again, _ := played(t, stormy(7, kinds...), Options{}); again != first {
		t.Error("the same script gave two different runs")
	}
	if other, _ := played(t, stormy(8, kinds...), Options{}); other == first {
		t.Error("two seeds gave the same run")
	}
	if strings.Count(first, "in a chat") < 3 {
		t.Errorf("hardly anything happens in this run, so this tests nothing:\n%s", first)
	}
}

// What was written down of a run gives the same run, without any chance: who acts, what the network does, what is seen.
func TestPlay_Explicit(t *testing.T) {
	talking := NewScript()
	talking.Network, talking.Talk, talking.Seed = lossy, 5, 3
	first := NewNode("alice")
	first.MaxChats = 2
	talking.Parties = []Party{first, NewNode("bob"), NewNode("carol")}
	for name, s := range map[string]*Script{
		"three of ours":    stormy(1),
		"of all makes":     stormy(2, double.Kinds()...),
		"talking":          talking,
		"a wild network":   {Parties: stormy(0).Parties, Network: wildNetwork, Seed: 4, Random: Random{Acts: 50, Pace: time.Second}, Calm: defaultCalm},
		"hardly a network": {Parties: stormy(0).Parties, Network: netio.Faults{Drop: 0.5, MaxDelay: 10 * time.Second}, Seed: 6, Random: Random{Acts: 200, Pace: time.Second}, Calm: defaultCalm},
	} {
		t.Run(name, func(t *testing.T) {
			want, r := played(t, s, Options{Record: true})
			if r.Written == 0 {
				t.Fatal("nobody writes anything in this run, so this tests nothing")
			}
			e := r.Explicit
			if e.Random.Acts != 0 || e.Talk != 0 || e.Network != good {
				t.Error("the explicit script leaves something to chance")
			}
			read, err := Parse(e.Format())
			if err != nil {
				t.Fatalf("the explicit script cannot be read: %v", err)
			}
			if got, _ := played(t, read, Options{}); got != want {
				t.Errorf("another run:%s", firstDifference(want, got))
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("\nwant %s\ngot  %s", w[i], g[i])
		}
	}
	return " one is longer"
}

// spoil changes the 7th message of the first user on its way, whenever it is sent: it is as if their daemon mistook a letter.
func spoil(b []byte) []byte {
	return bytes.Replace(b, []byte("user1 7"), []byte("user1 9"), 1)
}

// A run of 300 acts in which a daemon makes one mistake is reduced to a handful of acts and almost no deed of the network:
// what it takes to have that message sent.
func TestShrink(t *testing.T) {
	s := Storm{Faults: lossy, Nodes: 2, Acts: 150, Pace: 2 * time.Second}.Script(0)
	o := Options{Harm: spoil}
	for !s.Play(o).Broken(S2) {
		s.Seed++
	}
	small := s.Shrink(o)
	t.Logf("seed %d:\n%s", s.Seed, small.Format())
	if !small.Play(o).Broken(S2) {
		t.Error("the reduced script does not break the promise")
	}
	if small.Play(Options{}).Broken(S2) {
		t.Error("the reduced script breaks the promise without the mistake, so it has found another one")
	}
	if len(small.Acts) > 5 || len(small.Fates) > 2 {
		t.Errorf("%d acts and %d fates are left", len(small.Acts), len(small.Fates))
	}
	read, err := Parse(small.Format())
	if err != nil {
		t.Fatal(err)
	}
	if !read.Play(o).Broken(S2) {
		t.Error("the reduced script does not break the promise once it has been written and read")
	}
}

// A mistake that shows only when a datagram is lost is reduced to that loss.
func TestShrink_KeepsTheLossThatMatters(t *testing.T) {
	copies := 0
	o := Options{Harm: func(b []byte) []byte { // spoils what is sent again
		if bytes.Contains(b, []byte("user1 7")) {
			if copies++; copies > 1 {
				return spoil(b)
			}
		}
		return b
	}}
	play := func(s *Script) bool { copies = 0; return s.Play(o).Broken(S2) }
	s := Storm{Faults: lossy, Nodes: 2, Acts: 100, Pace: 2 * time.Second}.Script(0)
	for !play(s) {
		s.Seed++
	}
	o.begin = func() { copies = 0 }
	small := s.Shrink(o)
	t.Logf("seed %d:\n%s", s.Seed, small.Format())
	if len(small.Acts) > 5 || len(small.Fates) < 1 || len(small.Fates) > 3 {
		t.Errorf("%d acts and %d fates are left", len(small.Acts), len(small.Fates))
	}
}

func TestReduce(t *testing.T) {
	list := make([]int, 100)
	for i := range list {
		list[i] = i
	}
	asked := 0
	got := reduce(list, func(some []int) ([]int, bool) {
		asked++
		found := 0
		for _, n := range some {
			if n == 17 || n == 60 || n == 61 {
				found++
			}
		}
		return some, found == 3
	})
	if fmt.Sprint(got) != "[17 60 61]" {
		t.Errorf("reduced to %v", got)
	}
	if asked > 200 {
		t.Errorf("asked %d times", asked)
	}
	if got := reduce(list, func(some []int) ([]int, bool) { return some, true }); len(got) > 0 {
		t.Errorf("nothing is needed, and %v is left", got)
	}
}

// FuzzPlay: whatever can be written can be played, and comes to the same twice.
func FuzzPlay(f *testing.F) {
	f.Add("node a\nnode b\nrandom 20 crash\n")
	f.Add("node a plain\npeer b kind=c\nrandom 20\nnetwork drop=30% duplicate=10% reorder=10%\n")
	f.Add("node a\nnode b accept=auto\n0s b detaches\n1s a invites b\n2s a says b x\n3s forge 10.9.0.1 a 0102\n4s b attaches\n5s b fires a linger\nfate a b 1 after 0s 0s 1s\n")
	f.Add("node a\nnode b\ntalk 3\nnetwork delay=0s drop=50%\n1s partition a b for 30s\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil || len(s.Parties) > 6 || s.Random.Acts > 50 || s.Talk > 20 || s.Network.Drop > 0.9 || s.Until+s.Calm > time.Hour {
			return // what takes long to play is no other case
		}
		if slices.ContainsFunc(s.Acts, func(a Act) bool { return a.At+a.For > time.Hour }) {
			return
		}
		for _, p := range s.Parties {
			if p.Kind == 0 && p.Retransmit < time.Second {
				return
			}
		}
		first := s.Play(Options{})
		if again := s.Play(Options{}); again.String() != first.String() || again.Elapsed != first.Elapsed {
			t.Errorf("two plays differ:\n%s\n%s", &first, &again)
		}
	})
}
