package fsm

import "slices"

// Rule is one line of the protocol: in state From, on input On, when If holds (nil: otherwise), go to To and do Do.
// Rules of one cell are tried in order.
type Rule struct {
	From State
	On   Input
	Name string // unique within From; with From it is the gate's event name and the counter's name
	When string // what If asks, in words; empty exactly when If is nil
	If   func(Vars, Event) bool
	To   State
	Do   func(Vars, Event, *Actions) Vars // nil: nothing happens
	As   Class
	Ref  string // sentences of PROTOCOL.md, separated by blanks

	id    string
	index int
}

// ID names the rule in the whole table, such as "established/duplicate".
func (r *Rule) ID() string { return r.id }

// Index is the rule's place in the order of declaration, from 0: what an array of counters is indexed by.
func (r *Rule) Index() int { return r.index }

// Class says how much a rule's firing means to whoever watches.
type Class uint8

// The classes.
const (
	Ordinary   Class = iota // the protocol goes on
	Repeated                // something went out again, or a duplicate came in
	Ignored                 // harmless: late, or not for this state
	Unexpected              // a correct peer would not have sent this; counted and warned of
	Rejected                // the user or the peer got a refusal
)

var classNames = [...]string{"ordinary", "repeated", "ignored", "unexpected", "refused"}

// String returns the class's name as counters use it, such as "ignored".
func (c Class) String() string { return nameOf(classNames[:], uint8(c), "class") }

// rules is the protocol. Nothing else declares any of it.
var rules = slices.Concat(idleRules, synSentRules, synReceivedRules, establishedRules, finWaitRules)

// protocol is the table that ships.
var protocol = func() Table {
	var t Table
	for i := range rules {
		r := &rules[i]
		r.id, r.index = r.From.String()+"/"+r.Name, i
		t.put(r)
	}
	return t
}()

// Table is a rule table by state and input, in the order of declaration. The zero value has no rules.
type Table struct {
	cells [numStates][numInputs][]*Rule
}

// NewTable makes a table of rules, most of them taken from Rules: to see what becomes of the protocol when one is missing or
// another. What ships is Next.
func NewTable(rules []Rule) *Table {
	t := new(Table)
	for i := range rules {
		t.put(&rules[i])
	}
	return t
}

func (t *Table) put(r *Rule) {
	t.cells[r.From][r.On] = append(t.cells[r.From][r.On], r)
}

// Protocol returns the table that ships, by which Next decides.
func Protocol() *Table { return &protocol }

// Rules returns the whole table in the order of declaration, as a copy.
func Rules() []Rule { return slices.Clone(rules) }

// NumRules is the length of the table.
func NumRules() int { return len(rules) }

// Cell returns the rules for one state and input in the order in which they are tried. Callers must not change it.
func Cell(s State, on Input) []*Rule { return protocol.cells[s][on] }

// Next decides one step: it finds the rule, appends its effects to out and returns the next snapshot. It is pure,
// total over states and inputs, allocates nothing, and may be called by any number of goroutines at once.
func Next(s Snapshot, e Event, out *Actions) (Snapshot, *Rule) { return protocol.Next(s, e, out) }

// Next is Next by this table. A table that lacks a cell panics when it comes there.
func (t *Table) Next(s Snapshot, e Event, out *Actions) (Snapshot, *Rule) {
	for _, r := range t.cells[s.State][e.On] {
		if r.If != nil && !r.If(s.Vars, e) {
			continue
		}
		if r.Do != nil {
			s.Vars = r.Do(s.Vars, e, out)
		}
		s.State = r.To
		return s, r
	}
	panic("fsm: no rule for " + s.State.String() + " on " + e.On.String() + "; the totality test should have failed")
}
