package fsm

// Answer is what the machine does about a question, and how it came to that: what happened to each rule of the cell.
type Answer struct {
	Question Question
	Rule     *Rule // the one that fires
	Next     Snapshot
	Does     Actions
	Trials   []Trial // all rules of the cell, in the order in which they are tried
}

// Trial is how one rule of a cell fared.
type Trial struct {
	Rule  *Rule
	Holds bool // its condition holds, or it has none
	Fires bool // and no rule in front of it holds

	// Instead is the smallest change of the question that makes the rule fire, such as "of=CHAT tx=1". It is empty for the
	// rule that fires, and where a few words are not enough.
	Instead string
}

// Answer asks the machine that ships.
func (q Question) Answer() Answer {
	a := Answer{Question: q}
	a.Next, a.Rule = Next(q.Snapshot, q.Event, &a.Does)
	cell := Cell(q.Snapshot.State, q.Event.On)
	instead := q.instead(cell)
	for i, r := range cell {
		a.Trials = append(a.Trials, Trial{Rule: r, Holds: r.holds(q), Fires: r == a.Rule, Instead: instead[i]})
	}
	return a
}

func (r *Rule) holds(q Question) bool { return r.If == nil || r.If(q.Snapshot.Vars, q.Event) }

// first is the place in the cell of the rule that fires.
func (q Question) first(cell []*Rule) int {
	for i, r := range cell {
		if r.holds(q) {
			return i
		}
	}
	return -1 // the totality test keeps this from happening
}

// edit is one word of a question said otherwise.
type edit struct {
	word, text string // "tx=", "tx=1"
	apply      func(*Question)
}

// maxEdits is how many words a suggestion may change beside the policy: with more it would be another question.
const maxEdits = 3

// instead finds for each rule of the cell the smallest change that makes it fire. The kind of peer is changed only where nothing
// else helps: people doubt what happened before they doubt whom they talk with.
func (q Question) instead(cell []*Rule) []string {
	s := search{cell: cell, now: q.first(cell), found: make([]string, len(cell)), missing: len(cell) - 1}
	edits := q.edits()
	for n := 1; n <= maxEdits; n++ {
		s.change(q, "", edits, n)
	}
	for n := 0; n <= maxEdits; n++ {
		for _, p := range Policies() {
			if p.Policy != q.Snapshot.Policy {
				other := q
				other.Snapshot.Policy = p.Policy
				s.change(other, " policy="+p.Name, edits, n)
			}
		}
	}
	return s.found
}

// search is the state of a search for questions that other rules of a cell answer.
type search struct {
	cell    []*Rule
	now     int      // the rule that fires as it is
	found   []string // for each rule, what is to be changed
	missing int      // for how many nothing is known yet
}

// change tries every change of n further words.
func (s *search) change(q Question, said string, edits []edit, n int) {
	if n == 0 {
		s.look(q, said)
		return
	}
	for i, e := range edits {
		if s.missing == 0 {
			return
		}
		rest := edits[i+1:]
		for len(rest) > 0 && rest[0].word == e.word {
			rest = rest[1:] // another value of the same word is no second change
		}
		changed := q
		e.apply(&changed)
		s.change(changed, said+" "+e.text, rest, n-1)
	}
}

// look notes which rule answers the changed question, if that is new.
func (s *search) look(q Question, said string) {
	if !q.Snapshot.isPossible() {
		return
	}
	if i := q.first(s.cell); i != s.now && s.found[i] == "" {
		s.found[i] = said[1:]
		s.missing--
	}
}

// edits are all words that could be said otherwise: first what happens, then what is known of the conversation.
func (q Question) edits() []edit {
	all := editsOf(q.Event, q.Event.On.facts(), func(q *Question) *Event { return &q.Event })
	return append(all, editsOf(q.Snapshot, snapshotWords, func(q *Question) *Snapshot { return &q.Snapshot })...)
}

func editsOf[T comparable](now T, words []word[T], part func(*Question) *T) []edit {
	var all []edit
	for _, w := range words {
		for _, value := range w.values {
			to := now
			w.clear(&to) // a second reason replaces the first
			if err := w.read(&to, value); err == nil && to != now {
				all = append(all, edit{w.name, w.name + value, func(q *Question) {
					w.clear(part(q))
					_ = w.read(part(q), value) // it has just been read
				}})
			}
		}
		if value, said := w.said(now); said && !w.isNumber {
			all = append(all, edit{w.name, "without " + w.name + value, func(q *Question) { w.clear(part(q)) }})
		}
	}
	return all
}
