package sim

import (
	"time"

	"simp/netio"
)

// Chat is a conversation to simulate: one user invites the other, both write at once, and the inviting user leaves when
// everything has arrived.
type Chat struct {
	Faults   netio.Faults
	Messages int           // each way
	Limit    time.Duration // of virtual time
	Plain    bool          // nobody announces itself
	Trace    func(line string)
}

// Result is what came of a Chat.
type Result struct {
	Elapsed    time.Duration // virtual
	Complete   bool          // everything arrived, and both sides are quiet
	Violations []string      // of what must hold in every run
}

// Run simulates the chat with a seed. Every run must keep the promises of [Invariants], and nothing may be left
// undelivered or be refused.
func (c Chat) Run(seed uint64) Result {
	alice, bob := NewNode("alice"), NewNode("bob")
	alice.Plain, bob.Plain = c.Plain, c.Plain
	s := &Script{Parties: []Party{alice, bob}, Network: c.Faults, Seed: seed, Calm: defaultCalm}
	p := newPlayer(s, Options{Trace: c.Trace})
	t := &talk{stage: p.stage, a: p.users[0], b: p.users[1], count: c.Messages, strict: true}
	t.begin()
	quiet := p.Run(c.Limit)
	if quiet && t.forsaken() {
		quiet = p.Run(c.Limit)
	}
	r := Result{Elapsed: p.Elapsed(), Complete: quiet && t.done() && t.a.node.Quiet() && t.b.node.Quiet()}
	for _, v := range p.broken {
		r.Violations = append(r.Violations, v.String())
	}
	r.Violations = append(r.Violations, t.complaints...)
	return r
}
