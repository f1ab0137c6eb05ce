package sim

import (
	"fmt"
	"time"

	"simp/netio"
)

// Storm is a simulation of users who do anything at any moment: invite, accept, decline, cancel, write, leave, leave at
// once, with daemons that are killed and started again. Chats follow each other so fast that datagrams of one are still
// on their way when the next one opens.
type Storm struct {
	Faults  netio.Faults
	Nodes   int           // at least 2
	Acts    int           // of each user
	Pace    time.Duration // between a user's acts, at most
	Crashes bool
	Trace   func(line string)
}

// Script is the storm with a seed, as a script.
func (st Storm) Script(seed uint64) *Script {
	s := NewScript()
	s.Network, s.Seed, s.Random = st.Faults, seed, Random{Acts: st.Acts, Pace: st.Pace, Crash: st.Crashes}
	for i := range st.Nodes {
		n := NewNode(fmt.Sprintf("user%d", i+1))
		n.Expiry = time.Minute // so that an invitation that nobody answers is over before the calm is
		s.Parties = append(s.Parties, n)
	}
	return s
}

// Run simulates the storm with a seed, then a calm in which users do nothing and the network is good, and returns which of
// the promises of [Invariants] were broken.
func (st Storm) Run(seed uint64) (violations []string) {
	for _, v := range st.Script(seed).Play(Options{Trace: st.Trace}).Violations {
		violations = append(violations, v.String())
	}
	return violations
}
