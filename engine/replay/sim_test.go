package replay_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"simp/engine/replay"
	"simp/engine/sim"
	"simp/netio"
)

type captured struct {
	at       time.Time
	from, to netip.AddrPort
	raw      []byte
}

// play plays a script and returns what was sent.
func play(s *sim.Script) (all []captured) {
	s.Play(sim.Options{Capture: func(at time.Time, from, to netip.AddrPort, b []byte) {
		all = append(all, captured{at, from, to, append([]byte(nil), b...)})
	}})
	return all
}

// replayed replays what was captured and returns what diverges.
func replayed(all []captured) (told []replay.Divergence, r *replay.Replay) {
	survey := replay.NewSurvey()
	for _, c := range all {
		survey.Packet(c.from, c.to, c.raw)
	}
	r = replay.New(replay.Options{Survey: survey, Report: func(d replay.Divergence) { told = append(told, d) }})
	for i, c := range all {
		r.Packet(i+1, c.at, c.from, c.to, c.raw)
	}
	r.End()
	return told, r
}

func random(seed uint64, nodes, acts int, network netio.Faults, plain bool) *sim.Script {
	s := sim.NewScript()
	for i := range nodes {
		p := sim.NewNode(fmt.Sprintf("user%d", i+1))
		p.Plain = plain
		s.Parties = append(s.Parties, p)
	}
	s.Network, s.Seed = network, seed
	s.Random = sim.Random{Acts: acts, Pace: 2 * time.Second}
	return s
}

// Captures of daemons like ours on a good network replay without a divergence: what is inferred of their users is what they did.
// Of 3,200 runs of native daemons none diverges, of 800 of --plain ones six: those have users who act within 50 ms after something
// was sent to them, and datagrams that do not say whether it had arrived.
func TestReplay_GoodNetwork(t *testing.T) {
	good := netio.Faults{MinDelay: time.Millisecond, MaxDelay: time.Millisecond}
	followed := 0
	for seed := range uint64(400) {
		nodes := 2 + int(seed%3)
		all := play(random(seed, nodes, 40, good, seed%5 == 0))
		told, r := replayed(all)
		for _, d := range told {
			t.Errorf("seed %d, %d daemons: %+v", seed, nodes, d)
		}
		followed += r.Followed
		if r.Followed != len(all) {
			t.Errorf("seed %d: %d of %d datagrams were followed", seed, r.Followed, len(all))
		}
	}
	if followed < 30_000 {
		t.Errorf("only %d datagrams: this tests little", followed)
	}
}

// On a bad network a replay ends, is the same each time; what was lost, repeated or
// overtaken behind the place of the capture cannot be seen, so the receiver diverges.
func TestReplay_BadNetwork(t *testing.T) {
	diverging := 0
	for seed := range uint64(100) {
		network := netio.Faults{
			Drop: 0.05, Duplicate: 0.05, Reorder: 0.05, MinDelay: time.Millisecond, MaxDelay: 20 * time.Millisecond,
		}
		all := play(random(seed, 2+int(seed%3), 40, network, seed%5 == 0))
		first, r := replayed(all)
		again, _ := replayed(all)
		if diff := cmp.Diff(first, again, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
			t.Fatalf("seed %d: replayed again (-first +again):\n%s", seed, diff)
		}
		if r.Followed != len(all) {
			t.Errorf("seed %d: %d of %d datagrams were followed", seed, r.Followed, len(all))
		}
		if len(first) > 0 {
			diverging++
		}
	}
	if diverging < 50 {
		t.Errorf("only %d of 100 runs diverge: so little cannot be seen that this tests nothing", diverging)
	}
}

// A network that is only slow, as slow as a replay allows for, changes nothing.
func TestReplay_SlowNetwork(t *testing.T) {
	slow := netio.Faults{MinDelay: 15 * time.Millisecond, MaxDelay: 15 * time.Millisecond}
	for seed := range uint64(150) {
		told, _ := replayed(play(random(seed, 2, 40, slow, false)))
		for _, d := range told {
			t.Errorf("seed %d: %+v", seed, d)
		}
	}
}
