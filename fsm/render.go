package fsm

import (
	"fmt"
	"strings"
)

// Mermaid returns the machine as a Mermaid state diagram, without a fence. Identifiers carry no hyphens, which Mermaid
// would not parse; the names shown do.
func (v View) Mermaid() string {
	id := func(s State) string { return strings.ReplaceAll(s.String(), "-", "_") }
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, s := range States() {
		fmt.Fprintf(&b, "    state \"%s\" as %s\n", s, id(s))
	}
	fmt.Fprintf(&b, "    [*] --> %s\n", id(Idle))
	for _, e := range v.edges() {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", id(e.from), id(e.to), strings.Join(e.inputs, "<br/>"))
	}
	return b.String()
}

// Graphviz returns the machine in the DOT language.
func (v View) Graphviz() string {
	var b strings.Builder
	b.WriteString("digraph simp {\n    rankdir=LR;\n    node [shape=box, style=rounded, fontname=\"sans-serif\"];\n    edge [fontname=\"sans-serif\", fontsize=10];\n")
	for _, s := range States() {
		fmt.Fprintf(&b, "    %q;\n", s)
	}
	for _, e := range v.edges() {
		// Not %q: \n is DOT's own line break inside a label.
		fmt.Fprintf(&b, "    %q -> %q [label=\"%s\"];\n", e.from, e.to, strings.Join(e.inputs, `\n`))
	}
	b.WriteString("}\n")
	return b.String()
}

// Markdown returns the rules as tables, a section for each state. The effects are those of the first situation in which the
// rule fires; where they depend on the situation (a legacy peer hears less), it says so.
func (v View) Markdown() string {
	var b strings.Builder
	for _, s := range v.states() {
		fmt.Fprintf(&b, "### %s\n\n| on | when | rule | next | does | sentence |\n|---|---|---|---|---|---|\n", s)
		for _, r := range v.In(s) {
			when, does, next := r.When, r.does(), "·"
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
