package fsm

import (
	"fmt"
	"strings"
	"unicode/utf8"
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

// narrowest is the least width in which a column of prose can be read.
const narrowest = 24

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
	left := 2 + on + 2 + name + 2 + next + 2
	fmt.Fprintf(b, "  %-*s  %-*s  %-*s  %s\n", on, "on", name, "rule", next, "next", "when: what it does [sentences]")
	for _, r := range v {
		lines := fold(r.story(), max(width-left, narrowest))
		for i, line := range lines {
			if i == 0 {
				b.WriteString(head(r) + line + "\n")
				continue
			}
			b.WriteString(strings.Repeat(" ", left) + line + "\n")
		}
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

// fold breaks text between words into lines of at most width columns; a longer word has a line to itself.
func fold(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
