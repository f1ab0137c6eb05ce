package broken_test

import (
	"flag"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"simp/engine/follow"
	"simp/engine/rules"
	"simp/engine/sim"
)

var seeds = flag.Int("seeds", 40, "runs of each kind in the test of fairness")

// Nobody says of daemons without faults that they break a rule: not on a good network, and on a bad one not for sure. The rules'
// own tests have users who act at random; here they talk, long, and daemons that announce themselves meet others that do not.
func TestJudge_IsFairToTalks(t *testing.T) {
	const (
		natives = "node alice max-chats=2\nnode bob accept=auto\nnode carol accept=auto\n"
		plains  = "node alice plain dialect=standard max-chats=2\nnode bob plain dialect=standard accept=auto\nnode carol plain dialect=standard accept=auto\n"
		mixed   = "node alice max-chats=2\nnode bob plain accept=auto\nnode carol accept=auto\n"
		other   = "node alice\nnode bob plain\nnode carol\n"
		hasty   = "node alice retransmit=2s max-chats=2\nnode bob retransmit=2s accept=auto\nnode carol retransmit=2s accept=auto\n"
		good    = "network delay=1ms..40ms\n"
		lossy   = "network drop=20% delay=20ms..200ms ordered\n"
		doubled = "network drop=20% duplicate=5% delay=20ms..200ms ordered\n"
		bad     = "network drop=20% duplicate=5% reorder=10% delay=20ms..2s\n"
	)
	unsure := func(f *rules.Finding) bool { return f.Unsure }
	knowingly := func(f *rules.Finding) bool { // PROTOCOL.md 4.15 and 4.6
		return f.Unsure || f.Severity == rules.Deviation && (f.Rule.ID == "sw/4" || f.Rule.ID == "sw/7")
	}
	// A copy of the ACK that ends the handshake is taken for that of the first message: where nothing is labelled nobody can tell.
	doubly := func(f *rules.Finding) bool { return knowingly(f) || f.Rule.ID == "sw/3" }
	// Losses make a plain daemon look like one of another make, and what is right for that one is wrong for SIMP.
	mistakenly := func(f *rules.Finding) bool { return f.Unsure || strings.HasPrefix(f.Rule.ID, "sw/") }
	for _, c := range []struct {
		name, story string
		retransmit  time.Duration
		allowed     func(*rules.Finding) bool // beside remarks
	}{
		{"native talk", natives + good + "talk 12\n", 0, nil},
		{"native talk, bad network", natives + bad + "talk 12\n", 0, unsure},
		{"native talk, accidents", natives + bad + "talk 12\nrandom 10 crash partition=10s..30s\n", 0, unsure},
		{"native talk, other timers", hasty + bad + "talk 12\n", 2 * time.Second, unsure},
		{"plain talk", plains + good + "talk 12\n", 0, nil},
		{"plain talk, lossy", plains + lossy + "talk 12\n", 0, knowingly},
		{"plain talk, doubled", plains + doubled + "talk 12\n", 0, doubly},
		{"mixed talk", mixed + good + "talk 12\n", 0, nil},
		{"mixed talk, lossy", mixed + lossy + "talk 12\n", 0, mistakenly},
		{"mixed", other + good + "random 30\n", 0, nil},
		{"mixed, lossy", other + lossy + "random 30 partition=10s..30s\n", 0, mistakenly},
	} {
		t.Run(c.name, func(t *testing.T) {
			said := make(map[string]int)
			for seed := range *seeds {
				story := fmt.Sprintf("%sseed %d\n", c.story, seed+1)
				for _, f := range all(judgeWith(t, rules.Options{Options: follow.Options{Retransmit: c.retransmit}}, playing(story))) {
					if f.Severity == rules.Remark || c.allowed != nil && c.allowed(f) {
						said[f.Rule.ID+" "+f.Severity.String()]++
						continue
					}
					t.Errorf("%q is said to break %s in #%d: %s; expected: %s (%s, unsure: %v) in\n%s", f.User, f.Rule.ID, f.Packet, f.Seen, f.Expected,
						f.Severity, f.Unsure, strings.TrimSpace(story))
				}
			}
			t.Log(said)
		})
	}
}

// playing is a script to be captured.
func playing(story string) player {
	return func(each func(time.Time, netip.AddrPort, netip.AddrPort, []byte)) error {
		s, err := sim.Parse(story)
		if err == nil {
			s.Play(sim.Options{Capture: each})
		}
		return err
	}
}

// all is what is found, with what is said to follow from it.
func all(found []*rules.Finding) (flat []*rules.Finding) {
	for _, f := range found {
		flat = append(append(flat, f), f.Consequences...)
	}
	return flat
}
