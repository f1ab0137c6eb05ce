package fsm

import (
	"context"
	"fmt"
	"sync"

	"github.com/looplab/fsm"
)

// Gate is the witness of each change of state: a looplab/fsm machine that is built from the rule table's edges and has
// to agree before a change is committed. A table that was damaged, or a snapshot that was stepped by anything but Next,
// fails here and not on the wire.
//
// A machine is borrowed for the length of one call, so a peer at rest costs none. Rules that keep the state never come
// here, which is why chat traffic costs nothing. Safe for use by many goroutines at once.
type Gate struct {
	machines sync.Pool
}

// NewGate builds a gate over the rule table.
func NewGate() *Gate { return newGate(gateEdges(rules)) }

// NewGateOf builds a gate over another table.
func NewGateOf(t *Table) *Gate {
	var all []Rule
	for _, inputs := range t.cells {
		for _, cell := range inputs {
			for _, r := range cell {
				all = append(all, *r)
			}
		}
	}
	return newGate(gateEdges(all))
}

func newGate(edges fsm.Events) *Gate {
	return &Gate{machines: sync.Pool{New: func() any {
		return fsm.NewFSM(Idle.String(), edges, nil)
	}}}
}

// gateEdges lists what may change the state. looplab knows one destination for each pair of event and source, so the
// event is the rule, not the input.
func gateEdges(rules []Rule) fsm.Events {
	var edges fsm.Events
	for i := range rules {
		if r := &rules[i]; r.From != r.To {
			edges = append(edges, fsm.EventDesc{Name: r.ID(), Src: []string{r.From.String()}, Dst: r.To.String()})
		}
	}
	return edges
}

// Pass asks whether rule r leads from one state to the other. It returns nil if the state does not change.
func (g *Gate) Pass(from State, r *Rule, to State) error {
	if from == to {
		return nil
	}
	m := g.machines.Get().(*fsm.FSM) //nolint:forcetypeassert // the pool holds nothing else
	defer g.machines.Put(m)
	m.SetState(from.String())
	// Only the background context: a machine whose context is cancelled during an event stays in transition for ever.
	if err := m.Event(context.Background(), r.ID()); err != nil {
		return fmt.Errorf("fsm: gate refuses rule %s from %s: %w", r.ID(), from, err)
	}
	if got := m.Current(); got != to.String() {
		return fmt.Errorf("fsm: gate says that rule %s leads to %s, the step says %s", r.ID(), got, to)
	}
	return nil
}
