package fsm

import (
	"fmt"
	"strings"
)

// Text explains the answer: what was asked, which rule fires and why, what it does, what the protocol says about it, and what
// became of each other rule of the cell. sentence returns the text of a sentence of PROTOCOL.md. With width 0 each point is one
// line, however long.
func (a Answer) Text(width int, sentence func(number string) string) string {
	var b strings.Builder
	say := func(head, text string) { hang(&b, fmt.Sprintf("%-8s  ", head), text, width) }
	say("question", a.Question.String())
	say("fires", a.Rule.ID()+", "+a.because())
	say("does", a.does())
	say("next", a.next())
	for _, number := range strings.Fields(a.Rule.Ref) {
		say(number, sentence(number))
	}
	if len(a.Trials) == 1 {
		return b.String()
	}
	fmt.Fprintf(&b, "\nThe other rules for %s in %s, in the order in which they are tried:\n\n", a.Question.Event.On, a.Question.Snapshot.State)
	longest := 0
	for _, t := range a.Trials {
		longest = max(longest, len(t.Rule.Name))
	}
	for _, t := range a.Trials {
		if !t.Fires {
			hang(&b, fmt.Sprintf("  %-*s  ", longest, t.Rule.Name), a.whyNot(t), width)
		}
	}
	return b.String()
}

// because says why the rule fires.
func (a Answer) because() string {
	switch {
	case a.Rule.When != "":
		return "because " + a.Rule.When
	case len(a.Trials) == 1:
		return "as always"
	}
	return "because no other rule holds"
}

func (a Answer) does() string {
	if does := a.Does.String(); does != "" {
		return does
	}
	return "nothing (" + a.Rule.As.String() + ")"
}

func (a Answer) next() string {
	if a.Next == a.Question.Snapshot {
		return "no change"
	}
	return a.Next.String()
}

// whyNot says why another rule of the cell does not fire, and what would have to be otherwise.
func (a Answer) whyNot(t Trial) string {
	var why string
	switch {
	case t.Rule.If == nil:
		why = "is for everything else"
	case t.Holds:
		why = "holds too, but " + a.Rule.Name + " comes first: " + t.Rule.When
	default:
		why = "does not hold: " + t.Rule.When
	}
	if t.Instead != "" {
		why += " (it would fire " + with(t.Instead) + ")"
	}
	return why
}

// with words a suggestion: "old" is to be added, "without more" is not.
func with(suggestion string) string {
	if strings.HasPrefix(suggestion, "without ") {
		return suggestion
	}
	return "with " + suggestion
}
