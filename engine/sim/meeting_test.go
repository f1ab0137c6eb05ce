package sim

import (
	"fmt"
	"testing"
	"time"

	"simp/engine/double"
	"simp/netio"
)

var (
	goodNetwork  = netio.Faults{MinDelay: time.Millisecond, MaxDelay: 3 * time.Millisecond}
	lossyNetwork = netio.Faults{Drop: 0.2, MinDelay: time.Millisecond, MaxDelay: 3 * time.Millisecond}
	slowNetwork  = netio.Faults{MinDelay: 100 * time.Millisecond, MaxDelay: 400 * time.Millisecond}
	mixedNetwork = netio.Faults{Reorder: 0.2, MinDelay: time.Millisecond, MaxDelay: 50 * time.Millisecond}
	wildNetwork  = netio.Faults{Drop: 0.1, Duplicate: 0.1, Reorder: 0.1, MinDelay: time.Millisecond, MaxDelay: 50 * time.Millisecond}
)

// trial is a Meeting and what is asked of it. On every one of them, whatever users do: nothing that we send ends the other
// daemon, and in the end everything comes to rest.
type trial struct {
	Meeting
	exact bool // no message is shown twice or out of order, and none is reported delivered that was not shown
}

func trials() map[string]trial {
	all := make(map[string]trial)
	for _, kind := range double.Kinds() {
		m := Meeting{Kind: kind, Acts: 60, Pace: 3 * time.Second}
		for name, faults := range map[string]netio.Faults{"good": goodNetwork, "lossy": lossyNetwork} {
			m.Faults = faults
			set := m
			set.Dialect = kind.String()
			all[fmt.Sprintf("%s, %s, set by our user", kind, name)] = trial{set, true}

			// One that takes a number for that of an earlier chat cannot be told from others before it has counted beyond 1.
			known := m
			known.Known = true
			all[fmt.Sprintf("%s, %s", kind, name)] = trial{known, kind != double.F || name == "good"}

			// One that nobody has recognised can be harmed by the FIN that withdraws an invitation.
			first := m
			first.Patient = true
			all[fmt.Sprintf("%s, %s, for the first time", kind, name)] = trial{first, kind != double.F}
		}
		m.Wordy, m.Known = true, true
		m.Faults = goodNetwork
		all[fmt.Sprintf("%s, good, wordy", kind)] = trial{m, false}
		m.Faults = lossyNetwork
		all[fmt.Sprintf("%s, lossy, wordy", kind)] = trial{m, false}
		m.Wordy = false
		m.Faults = slowNetwork
		all[fmt.Sprintf("%s, slow", kind)] = trial{m, kind == double.A || kind == double.B}
		m.Faults = mixedNetwork
		all[fmt.Sprintf("%s, mixed", kind)] = trial{m, kind == double.A}
		if kind != double.A && kind != double.B { // whom a copy that the network makes of a correct datagram ends
			m.Faults, m.Known = wildNetwork, true
			all[fmt.Sprintf("%s, wild", kind)] = trial{m, false}
		}
	}
	return all
}

func TestMeeting_NothingThatWeSendDoesHarm(t *testing.T) {
	for name, m := range trials() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shown, opened, died := 0, 0, uint64(0)
			for seed := range *seeds {
				o := m.Run(seed)
				if o.Dead != "" && !m.Excused(o) {
					t.Errorf("seed %d: it dies: %s", seed, o.Dead)
				}
				if o.Dead != "" {
					died++
				}
				if o.Restless != "" {
					t.Errorf("seed %d: our conversation never comes to rest: %s", seed, o.Restless)
				}
				for _, v := range o.Violations {
					if m.exact {
						t.Errorf("seed %d: %s", seed, v)
					}
				}
				shown += o.Shown
				opened += o.Opened
			}
			t.Logf("%d chats, %d messages shown, %d daemons died", opened, shown, died)
			if m.Kind == double.A && m.far() && died > 2+*seeds/20 {
				t.Errorf("%d of %d daemons died, which can be kept from most", died, *seeds)
			}
			if uint64(opened) < *seeds/2 || uint64(shown) < *seeds*2 {
				t.Errorf("only %d chats and %d messages in %d runs: this tests nothing", opened, shown, *seeds)
			}
		})
	}
}

// Each kind is recognised from what it sends, in almost every run in which there was a chat, and never taken for another for
// good.
func TestMeeting_EachKindIsRecognised(t *testing.T) {
	for _, kind := range double.Kinds() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			as := make(map[string]int)
			for seed := range *seeds {
				o := Meeting{Kind: kind, Faults: goodNetwork, Acts: 60, Pace: 3 * time.Second, Patient: true}.Run(seed)
				if o.Opened > 0 {
					as[o.Dialect]++
				}
			}
			t.Logf("recognised as %v", as)
			if all := uint64(as[kind.String()]); all < *seeds*3/4 {
				t.Errorf("recognised in %d of %d runs", all, *seeds)
			}
		})
	}
}
