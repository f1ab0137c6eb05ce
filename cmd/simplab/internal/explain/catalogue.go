package explain

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"simp/engine/rules"
)

// groups says what the rules of a group are about.
var groups = map[string]string{
	"dg": "How a datagram is written",
	"hs": "Opening a chat",
	"sw": "Messages: stop and wait",
	"bz": "Refusing who is in a chat",
	"cl": "Ending a chat",
	"er": "Errors",
	"na": "Between native peers",
}

// Catalogue is a list of rules.
type Catalogue []*rules.Rule

// group is rules that are about the same.
type group struct {
	title string
	rules Catalogue
}

func (c Catalogue) groups() []group {
	var all []group
	last := ""
	for _, r := range c {
		prefix, _, _ := strings.Cut(r.ID, "/")
		if len(all) == 0 || prefix != last {
			all, last = append(all, group{title: cmp.Or(groups[prefix], prefix)}), prefix
		}
		g := &all[len(all)-1]
		g.rules = append(g.rules, r)
	}
	return all
}

// Text lists the rules for people, folded at a width unless that is 0.
func (c Catalogue) Text(width int, colour bool) string {
	t := textWriter{width: width, colour: colour}
	var b strings.Builder
	for i, g := range c.groups() {
		if i > 0 {
			b.WriteByte('\n')
		}
		t.hang(&b, "", g.title, bold)
		for _, r := range g.rules {
			head := "  " + r.ID + strings.Repeat(" ", max(0, 6-len(r.ID)))
			t.hang(&b, head, r.Name+" ("+r.Severity.String()+")", "")
			t.hang(&b, strings.Repeat(" ", len(head)), r.Sentence, "")
		}
	}
	return b.String()
}

// Markdown lists the rules as a table for each group.
func (c Catalogue) Markdown() string {
	var b strings.Builder
	for i, g := range c.groups() {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("## " + g.title + "\n\n| rule | severity | is | sentence |\n|---|---|---|---|\n")
		for _, r := range g.rules {
			b.WriteString("| " + r.ID + " | " + r.Severity.String() + " | " + cell(r.Name) + " | " + cell(sentence(r)) + " |\n")
		}
	}
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

type jsonRule struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Severity string `json:"severity"`
	Sentence string `json:"sentence"`
	Ref      string `json:"ref"`
	Usually  string `json:"usually"`
}

// JSON lists the rules for programs: {"version": 1, "rules": [{"id", "name", "severity", "sentence", "ref", "usually"}]}.
func (c Catalogue) JSON() (string, error) {
	list := make([]jsonRule, 0, len(c))
	for _, r := range c {
		list = append(list, jsonRule{r.ID, r.Name, r.Severity.String(), r.Sentence, r.Ref, r.Usually})
	}
	s, err := marshal(struct {
		Version int        `json:"version"`
		Rules   []jsonRule `json:"rules"`
	}{1, list}, "")
	return s + "\n", err
}

// Rule says everything about one rule, for people.
func Rule(r *rules.Rule, width int, colour bool) string {
	t := textWriter{width: width, colour: colour}
	var b strings.Builder
	t.hang(&b, "", r.ID+": "+r.Name, bold)
	for _, line := range [...]struct{ label, text string }{
		{"severity  ", r.Severity.String() + ": " + severities[r.Severity]}, {"sentence  ", sentence(r)}, {"usually   ", r.Usually},
	} {
		t.hang(&b, "  "+line.label, line.text, "")
	}
	return b.String()
}

// RuleMarkdown says everything about one rule, in Markdown.
func RuleMarkdown(r *rules.Rule) string {
	return "## " + r.ID + ": " + r.Name + "\n\n- Severity: " + r.Severity.String() + ": " + severities[r.Severity] +
		"\n- Sentence: " + sentence(r) + "\n- Usually: " + r.Usually + "\n"
}

var severities = [...]string{
	rules.Violation: "the specification forbids it",
	rules.Deviation: "the specification leaves it open, and others may not expect it",
	rules.Remark:    "worth knowing",
}

// Nearest returns the ids that somebody may have meant: the number in the other groups, or the group with other numbers.
func (c Catalogue) Nearest(id string) []string {
	id = strings.ToLower(id)
	prefix, number, _ := strings.Cut(id, "/")
	if prefix == id { // "sw4", "sw"
		prefix = strings.TrimRight(id, "0123456789")
		number = id[len(prefix):]
	}
	score := func(r *rules.Rule) int {
		p, n, _ := strings.Cut(r.ID, "/")
		s := 0
		for i := 0; i < min(len(p), len(prefix)) && p[i] == prefix[i]; i++ {
			s += 4
		}
		switch own, err := strconv.Atoi(n); {
		case n == number:
			s += 3
		case err == nil:
			if asked, err := strconv.Atoi(number); err == nil && max(own-asked, asked-own) == 1 {
				s++
			}
		}
		return s
	}
	best, all := 0, []string(nil)
	for _, r := range c {
		switch s := score(r); {
		case s > best:
			best, all = s, []string{r.ID}
		case s == best && s > 0:
			all = append(all, r.ID)
		}
	}
	const most = 3
	return slices.Clip(all[:min(len(all), most)])
}
