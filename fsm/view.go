package fsm

import "slices"

// View is a part of the rule table, to be shown: every way of showing it is a method.
type View []*Rule

// Whole is all of the table, in the order of declaration.
func Whole() View {
	all := make(View, len(rules))
	for i := range rules {
		all[i] = &rules[i]
	}
	return all
}

// In is the part about one state: what can happen there.
func (v View) In(s State) View { return v.only(func(r *Rule) bool { return r.From == s }) }

// On is the part about one input: what it does in each state.
func (v View) On(on Input) View { return v.only(func(r *Rule) bool { return r.On == on }) }

func (v View) only(wanted func(*Rule) bool) View {
	var part View
	for _, r := range v {
		if wanted(r) {
			part = append(part, r)
		}
	}
	return part
}

// states are those that have rules in the view.
func (v View) states() []State {
	var all []State
	for _, s := range States() {
		if len(v.In(s)) > 0 {
			all = append(all, s)
		}
	}
	return all
}

// edge is one arrow of a diagram: all rules that lead from one state to another.
type edge struct {
	from, to State
	inputs   []string
	rules    View
}

// edges groups the rules that change the state, in the order of declaration.
func (v View) edges() []edge {
	var all []edge
	for _, r := range v {
		if r.From == r.To {
			continue
		}
		at := slices.IndexFunc(all, func(e edge) bool { return e.from == r.From && e.to == r.To })
		if at < 0 {
			all = append(all, edge{from: r.From, to: r.To})
			at = len(all) - 1
		}
		e := &all[at]
		e.rules = append(e.rules, r)
		if on := r.On.String(); !slices.Contains(e.inputs, on) {
			e.inputs = append(e.inputs, on)
		}
	}
	return all
}

// examples are the different effects that the rule has in the situations in which it fires, the commonest kind of peer first.
func (r *Rule) examples() []Actions {
	var all []Actions
	for _, s := range Situations(r.From) {
		for _, e := range EventsFor(r.On) {
			var out Actions
			if _, fired := Next(s, e, &out); fired == r && !slices.Contains(all, out) {
				all = append(all, out)
			}
		}
	}
	return all
}

// does shows by the first example what a rule does, "" if that is nothing.
func (r *Rule) does() string {
	all := r.examples()
	switch len(all) {
	case 0:
		return ""
	case 1:
		return all[0].String()
	default:
		return all[0].String() + " (varies)"
	}
}
