package fsm

import (
	"fmt"
	"strings"
)

// Text returns the rules as plain text, a table for each state. With width 0 each rule is one line, however long, for programs
// that read lines and for people who have lines read to them; otherwise what a rule does is folded within its column.
func (v View) Text(width int) string {
	var b strings.Builder
	for i, s := range v.states() {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s\n\n", s)
		var tried View // together what is tried together
		for _, on := range Inputs() {
			tried = append(tried, v.In(s).On(on)...)
		}
		tried.rows(&b, width)
	}
	return b.String()
}

func (v View) rows(b *strings.Builder, width int) {
	on, name, next := len("on"), len("rule"), len("next")
	for _, r := range v {
		on, name, next = max(on, len(r.On.String())), max(name, len(r.Name)), max(next, len(r.next()))
	}
	// The state is part of a line that is read alone, and said once where a reader sees the whole.
	head := func(r *Rule) string {
		return fmt.Sprintf("  %-*s  %-*s  %-*s  ", on, r.On, name, r.Name, next, r.next())
	}
	if width == 0 {
		for _, r := range v {
			fmt.Fprintf(b, "  %s %s%s\n", r.From, head(r)[2:], r.story())
		}
		return
	}
	fmt.Fprintf(b, "  %-*s  %-*s  %-*s  %s\n", on, "on", name, "rule", next, "next", "when: what it does [sentences]")
	for _, r := range v {
		hang(b, head(r), r.story(), width)
	}
}

// next is where the rule leads: "=" where it stays.
func (r *Rule) next() string {
	if r.To == r.From {
		return "="
	}
	return r.To.String()
}

// story is when the rule fires and what it does, in one line.
func (r *Rule) story() string {
	does := r.does()
	if does == "" {
		does = "nothing (" + r.As.String() + ")"
	}
	return r.condition() + ": " + does + " [" + r.Ref + "]"
}

// condition words when the rule fires. Whoever reads one rule alone sees from it whether others of its cell come first.
func (r *Rule) condition() string {
	switch {
	case r.When != "":
		return "if " + r.When
	case len(Cell(r.From, r.On)) > 1:
		return "otherwise"
	}
	return "always"
}
