package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// Question asks what happens to a conversation on an event.
type Question struct {
	Snapshot Snapshot
	Event    Event
}

// String writes the question as ParseQuestion reads it.
func (q Question) String() string {
	return q.Snapshot.String() + " " + q.Event.String() + " policy=" + policyName(q.Snapshot.Policy)
}

// ParseQuestion reads what Question.String writes: a state, an input, and what is known of both, in any order, with policy= and
// one of Policies, which is native unless it is said.
func ParseQuestion(text string) (Question, error) {
	q := Question{Snapshot: Snapshot{Vars: Vars{Policy: Native()}}}
	var state, input, policy string
	var variables, facts []string
	for _, said := range strings.Fields(text) {
		name, value := splitWord(said)
		_, isVariable := find(snapshotWords, name)
		_, isFact := find(eventWords, name)
		switch {
		case slices.Contains(stateNames[:], said):
			if state != "" {
				return q, fmt.Errorf("it is asked for two states, %q and %q", state, said)
			}
			state = said
		case slices.Contains(inputNames[:], said):
			if input != "" {
				return q, fmt.Errorf("it is asked for two inputs, %q and %q", input, said)
			}
			input = said
		case name == "policy=":
			if policy != "" {
				return q, fmt.Errorf("%q says policy a second time", said)
			}
			policy = value
			p, err := ParsePolicy(value)
			if err != nil {
				return q, err
			}
			q.Snapshot.Policy = p
		case isVariable:
			variables = append(variables, said)
		case isFact:
			facts = append(facts, said)
		default:
			return q, unknown(said)
		}
	}
	switch {
	case state == "":
		return q, fmt.Errorf("no state is named: one of %s", strings.Join(stateNames[:], ", "))
	case input == "":
		return q, fmt.Errorf("no input is named: one of %s", strings.Join(inputNames[:], ", "))
	}
	s, err := ParseSnapshot(state + " " + strings.Join(variables, " "))
	if err != nil {
		return q, err
	}
	s.Policy = q.Snapshot.Policy
	e, err := ParseEvent(input + " " + strings.Join(facts, " "))
	if err != nil {
		return q, err
	}
	return Question{Snapshot: s, Event: e}, nil
}

// unknown says that a word of a question is none, and which there are.
func unknown(said string) error {
	return fmt.Errorf("%q is unknown: there are %s", said, vocabulary())
}

// Vocabulary says which words a question can have.
func Vocabulary() string { return "There are " + vocabulary() + "." }

func vocabulary() string {
	var policies []string
	for _, p := range Policies() {
		policies = append(policies, p.Name)
	}
	list := func(names []string) string { return strings.Join(names, ", ") }
	return "the states " + list(stateNames[:]) + "; the inputs " + list(inputNames[:]) + "; the variables " + list(namesOf(snapshotWords)) +
		"; the facts " + list(namesOf(eventWords)) + "; and for the kind of peer policy=, which is one of " + list(policies)
}
