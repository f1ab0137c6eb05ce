package fsm

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/looplab/fsm"
)

func TestGate_AgreesToEveryRule(t *testing.T) {
	g := NewGate()
	for _, r := range Rules() {
		if err := g.Pass(r.From, &r, r.To); err != nil {
			t.Errorf("rule %s: %v", r.ID(), err)
		}
	}
}

func TestGate_AgreesToEveryStep(t *testing.T) {
	g := NewGate()
	everySituation(func(s Snapshot, e Event) {
		var out Actions
		next, r := Next(s, e, &out)
		if err := g.Pass(s.State, r, next.State); err != nil {
			t.Errorf("%s on %s: %v", s, e, err)
		}
	})
}

// looplab overwrites a second edge of the same event and source without a word, so there must be one for each rule.
func TestGate_HasOneEdgeForEachRuleThatChangesTheState(t *testing.T) {
	edges := map[string]bool{}
	for _, e := range gateEdges(rules) {
		if edges[e.Name] || len(e.Src) != 1 {
			t.Errorf("edge %s from %v: one event has to have one source and one destination", e.Name, e.Src)
		}
		edges[e.Name] = true
	}
	for _, r := range Rules() {
		if edges[r.ID()] != (r.From != r.To) {
			t.Errorf("rule %s from %s to %s: edge %v", r.ID(), r.From, r.To, edges[r.ID()])
		}
	}
}

func TestGate_RefusesARuleFromAnotherState(t *testing.T) {
	g := NewGate()
	for _, r := range Rules() {
		for _, from := range States() {
			if from == r.From || from == r.To || r.From == r.To {
				continue
			}
			var wrong fsm.InvalidEventError
			if err := g.Pass(from, &r, r.To); !errors.As(err, &wrong) {
				t.Errorf("rule %s passes from %s: %v", r.ID(), from, err)
			}
		}
	}
}

func TestGate_RefusesAnotherDestination(t *testing.T) {
	g := NewGate()
	for _, r := range Rules() {
		for _, to := range States() {
			if to == r.From || to == r.To || r.From == r.To {
				continue
			}
			err := g.Pass(r.From, &r, to)
			if err == nil || !strings.Contains(err.Error(), r.ID()) || !strings.Contains(err.Error(), to.String()) {
				t.Errorf("rule %s may lead to %s instead of %s: %v", r.ID(), to, r.To, err)
			}
		}
	}
}

func TestGate_RefusesAChangeByARuleThatKeepsTheState(t *testing.T) {
	g := NewGate()
	var unknown fsm.UnknownEventError
	for _, r := range Rules() {
		if r.From != r.To {
			continue
		}
		for _, to := range States() {
			if err := g.Pass(r.From, &r, to); to != r.From && !errors.As(err, &unknown) {
				t.Errorf("rule %s may lead to %s: %v", r.ID(), to, err)
			}
		}
	}
	if err := g.Pass(Idle, &Rule{From: Idle, To: SynSent, id: "idle/invented"}, SynSent); !errors.As(err, &unknown) {
		t.Errorf("a rule that nobody declared passes: %v", err)
	}
}

// A refusal must not spoil the machine that goes back to the pool.
func TestGate_WorksOnAfterARefusal(t *testing.T) {
	g := NewGate()
	invite := Cell(Idle, Invite)[1]
	for range 100 {
		if err := g.Pass(Established, invite, SynSent); err == nil {
			t.Fatal("inviting passes from an open chat")
		}
		if err := g.Pass(Idle, invite, SynSent); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGate_ServesManyGoroutines(t *testing.T) {
	g := NewGate()
	var wg sync.WaitGroup
	for n := range uint64(8) {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(n, 0))
			for range 500 {
				r := &rules[random.IntN(NumRules())]
				if err := g.Pass(r.From, r, r.To); err != nil {
					t.Errorf("rule %s: %v", r.ID(), err)
				}
				if wrong := States()[random.IntN(numStates)]; r.From != r.To && wrong != r.From && wrong != r.To {
					if g.Pass(wrong, r, r.To) == nil {
						t.Errorf("rule %s passes from %s", r.ID(), wrong)
					}
				}
			}
		})
	}
	wg.Wait()
}

// Why the gate uses the library as it does. If a newer version fails here, the gate may become simpler.
func TestLooplab_Traps(t *testing.T) {
	machine := func(events ...fsm.EventDesc) *fsm.FSM { return fsm.NewFSM("idle", events, nil) }
	ctx := context.Background()

	t.Run("a loop is an error", func(t *testing.T) {
		var none fsm.NoTransitionError
		if err := machine(fsm.EventDesc{Name: "stay", Src: []string{"idle"}, Dst: "idle"}).Event(ctx, "stay"); !errors.As(err, &none) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a second edge replaces the first", func(t *testing.T) {
		m := machine(fsm.EventDesc{Name: "go", Src: []string{"idle"}, Dst: "here"}, fsm.EventDesc{Name: "go", Src: []string{"idle"}, Dst: "there"})
		if err := m.Event(ctx, "go"); err != nil || m.Current() != "there" {
			t.Errorf("in %s, %v", m.Current(), err)
		}
	})
	t.Run("any state can be set", func(t *testing.T) {
		m := machine()
		m.SetState("nowhere")
		if m.Current() != "nowhere" {
			t.Errorf("in %s", m.Current())
		}
	})
	t.Run("a cancelled context spoils the machine", func(t *testing.T) {
		m := machine(fsm.EventDesc{Name: "go", Src: []string{"idle"}, Dst: "there"})
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		if err := m.Event(cancelled, "go"); !errors.Is(err, context.Canceled) {
			t.Errorf("the cancelled event: %v", err)
		}
		var stuck fsm.InTransitionError
		if err := m.Event(ctx, "go"); !errors.As(err, &stuck) {
			t.Errorf("the next event: %v", err)
		}
	})
}

// The gate of another table agrees to what that says, and to nothing that only the protocol says.
func TestGateOf_GoesByItsTable(t *testing.T) {
	all := Rules()
	var edited *Rule
	for i := range all {
		if all[i].ID() == "established/leave" {
			edited = &all[i]
			edited.To = Idle
		}
	}
	g := NewGateOf(NewTable(all))
	if err := g.Pass(Established, edited, Idle); err != nil {
		t.Errorf("what the table says is refused: %v", err)
	}
	if g.Pass(Established, edited, FinWait) == nil {
		t.Error("what the protocol says passes, though the table says something else")
	}
	if NewGate().Pass(Established, edited, Idle) == nil {
		t.Error("the protocol's own gate agrees to another table")
	}
}
