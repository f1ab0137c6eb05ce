package main

import (
	"errors"
	"fmt"
	"strings"

	"simp/cmd/simplab/internal/explain"
	"simp/engine/rules"
)

type rulesCommand struct {
	ID string `arg:"" optional:"" help:"A rule, such as sw/4, to be told everything about it."`

	JSON     bool     `name:"json" help:"Write JSON, for programs: an object with version and rules, which have id, name, severity, sentence, ref and usually."`
	Markdown bool     `help:"Write Markdown."`
	Width    *columns `placeholder:"N" help:"Fold text at this column; 0: never. Without it text is folded on a terminal only."`
}

// Help is shown below the command's usage.
func (rulesCommand) Help() string {
	return "These are the rules by which simplab explain judges. A violation is what the specification forbids, a deviation what it leaves open and others may " +
		"not expect, a remark what is worth knowing. Numbers behind a sentence are those of PROTOCOL.md."
}

// errTwoForms is about what cannot be had together.
var errTwoForms = errors.New("--json and --markdown are two forms: choose one")

// Run lists the rules, or tells one.
func (c rulesCommand) Run(l lab) error {
	if c.JSON && c.Markdown {
		return misuse{errTwoForms}
	}
	list := explain.Catalogue(rules.All())
	if c.ID != "" {
		one := rules.Find(strings.ToLower(c.ID))
		if one == nil {
			return misuse{noSuchRule(list, c.ID)}
		}
		list = explain.Catalogue{one}
	}
	width, colour := foldAt(l.stdout), coloured(l.stdout)
	if c.Width != nil {
		width = int(*c.Width)
	}
	switch {
	case c.JSON:
		s, err := list.JSON()
		if err != nil {
			return err
		}
		return l.print(s)
	case c.Markdown && c.ID != "":
		return l.print(explain.RuleMarkdown(list[0]))
	case c.Markdown:
		return l.print(list.Markdown())
	case c.ID != "":
		return l.print(explain.Rule(list[0], width, colour))
	}
	return l.print(list.Text(width, colour))
}

func noSuchRule(list explain.Catalogue, id string) error {
	if near := list.Nearest(id); len(near) > 0 {
		return fmt.Errorf("there is no rule %q: did you mean %s? (simplab rules lists all)", id, strings.Join(near, " or "))
	}
	return fmt.Errorf("there is no rule %q: simplab rules lists all", id)
}
