package fsm

import (
	"fmt"
	"strings"
)

// ParseState reads a state's name, such as "syn-sent".
func ParseState(name string) (State, error) {
	n, known := numberOf(stateNames[:], name)
	if !known {
		return 0, fmt.Errorf("%q is no state: there are %s", name, strings.Join(stateNames[:], ", "))
	}
	return State(n), nil
}

// ParseInput reads an input's name, such as "RecvSYN".
func ParseInput(name string) (Input, error) {
	n, known := numberOf(inputNames[:], name)
	if !known {
		return 0, fmt.Errorf("%q is no input: there are %s", name, strings.Join(inputNames[:], ", "))
	}
	return Input(n), nil
}

// ParsePolicy reads the name of one of Policies.
func ParsePolicy(name string) (Policy, error) {
	var names []string
	for _, p := range Policies() {
		if p.Name == name {
			return p.Policy, nil
		}
		names = append(names, p.Name)
	}
	return Policy{}, fmt.Errorf("%q is no policy: there are %s", name, strings.Join(names, ", "))
}

// ParseSnapshot reads what Snapshot.String writes: a state, then variables in any order. The policy stays zero.
func ParseSnapshot(text string) (Snapshot, error) {
	name, words := headOf(text)
	state, err := ParseState(name)
	if err != nil {
		return Snapshot{}, err
	}
	s := Snapshot{State: state}
	if err := readWords(&s, words, snapshotWords, "a variable"); err != nil {
		return Snapshot{}, err
	}
	return s, nil
}

// ParseEvent reads what Event.String writes: an input, then facts in any order. A fact that the input does not have is refused,
// since no rule would look at it.
func ParseEvent(text string) (Event, error) {
	name, words := headOf(text)
	on, err := ParseInput(name)
	if err != nil {
		return Event{}, err
	}
	e := Event{On: on}
	if err := readWords(&e, words, on.facts(), "a fact of "+on.String()); err != nil {
		return Event{}, err
	}
	return e, nil
}

func headOf(text string) (head string, rest []string) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return "", nil
	}
	return words[0], words[1:]
}

// readWords reads words of a vocabulary into t. what is one of them, for the error.
func readWords[T any](t *T, text []string, words []word[T], what string) error {
	seen := map[string]bool{}
	for _, said := range text {
		name, value := splitWord(said)
		w, known := find(words, name)
		switch {
		case !known && len(words) == 0:
			return fmt.Errorf("%q is not %s, which has none", said, what)
		case !known:
			return fmt.Errorf("%q is not %s: there are %s", said, what, strings.Join(namesOf(words), ", "))
		case seen[name]:
			return fmt.Errorf("%q says %s a second time", said, strings.TrimSuffix(name, "="))
		}
		seen[name] = true
		if err := w.read(t, value); err != nil {
			if value != "" || strings.HasSuffix(name, "=") {
				return fmt.Errorf("%q: %q %w", said, value, err)
			}
			return fmt.Errorf("%q %w", said, err)
		}
	}
	return nil
}

// splitWord parts a word from its value; the "=" stays with the word.
func splitWord(said string) (name, value string) {
	name, value, hasValue := strings.Cut(said, "=")
	if hasValue {
		name += "="
	}
	return name, value
}
