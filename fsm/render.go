package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// edge is one arrow of a diagram: all rules that lead from one state to another.
type edge struct {
	from, to State
	inputs   []string
}

// edges groups the rules that change the state, in the order of declaration.
func edges() []edge {
	var all []edge
	for i := range rules {
		r := &rules[i]
		if r.From == r.To {
			continue
		}
		at := slices.IndexFunc(all, func(e edge) bool { return e.from == r.From && e.to == r.To })
		if at < 0 {
			all = append(all, edge{from: r.From, to: r.To})
			at = len(all) - 1
		}
		if on := r.On.String(); !slices.Contains(all[at].inputs, on) {
			all[at].inputs = append(all[at].inputs, on)
		}
	}
	return all
}

// Mermaid returns the machine as a Mermaid state diagram, without a fence. Identifiers carry no hyphens, which Mermaid
// would not parse; the names shown do.
func Mermaid() string {
	id := func(s State) string { return strings.ReplaceAll(s.String(), "-", "_") }
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, s := range States() {
		fmt.Fprintf(&b, "    state \"%s\" as %s\n", s, id(s))
	}
	fmt.Fprintf(&b, "    [*] --> %s\n", id(Idle))
	for _, e := range edges() {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", id(e.from), id(e.to), strings.Join(e.inputs, "<br/>"))
	}
	return b.String()
}

// Graphviz returns the machine in the DOT language.
func Graphviz() string {
	var b strings.Builder
	b.WriteString("digraph simp {\n    rankdir=LR;\n    node [shape=box, style=rounded, fontname=\"sans-serif\"];\n    edge [fontname=\"sans-serif\", fontsize=10];\n")
	for _, s := range States() {
		fmt.Fprintf(&b, "    %q;\n", s)
	}
	for _, e := range edges() {
		// Not %q: \n is DOT's own line break inside a label.
		fmt.Fprintf(&b, "    %q -> %q [label=\"%s\"];\n", e.from, e.to, strings.Join(e.inputs, `\n`))
	}
	b.WriteString("}\n")
	return b.String()
}

// Markdown returns the whole table, a section for each state. The effects are those of the first situation in which the
// rule fires; where they depend on the situation (a legacy peer hears less), it says so.
func Markdown() string {
	var b strings.Builder
	for _, s := range States() {
		fmt.Fprintf(&b, "### %s\n\n| on | when | rule | next | does | sentence |\n|---|---|---|---|---|---|\n", s)
		for i := range rules {
			r := &rules[i]
			if r.From != s {
				continue
			}
			when, does, next := r.When, effectsOf(r), "·"
			if when == "" {
				when = "·"
			}
			if r.To != r.From {
				next = "**" + r.To.String() + "**"
			}
			if does == "" {
				does = "nothing (" + r.As.String() + ")"
			}
			fmt.Fprintf(&b, "| %s | %s | `%s` | %s | %s | %s |\n", r.On, when, r.Name, next, does, r.Ref)
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// effectsOf shows by example what a rule does.
func effectsOf(r *Rule) string {
	var shown []string
	for _, s := range Situations(r.From) {
		for _, e := range EventsFor(r.On) {
			var out Actions
			if _, fired := Next(s, e, &out); fired != r {
				continue
			}
			if does := out.String(); !slices.Contains(shown, does) {
				shown = append(shown, does)
			}
		}
	}
	switch len(shown) {
	case 0:
		return ""
	case 1:
		return shown[0]
	default:
		return shown[0] + " (varies)"
	}
}
