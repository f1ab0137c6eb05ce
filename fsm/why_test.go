package fsm

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func ask(t *testing.T, text string) Answer {
	t.Helper()
	q, err := ParseQuestion(text)
	if err != nil {
		t.Fatal(err)
	}
	return q.Answer()
}

// fared is a Trial in short.
type fared struct {
	Name         string
	Holds, Fires bool
	Instead      string
}

func TestAnswer(t *testing.T) {
	for _, test := range []struct {
		question, next, does string
		trials               []fared
	}{
		{ // An ACK that does not say what of is not believed, and this one has the other number too.
			"established RecvACK seq=1 in-flight", "established in-flight", "",
			[]fared{
				{"old-ack", false, false, "old"},
				{"late-handshake-ack", false, false, "policy=any-ack stale=1"},
				{"answered-other-leaving", false, false, "policy=legacy seq=0 tries=4 leaving"},
				{"answered-other", false, false, "policy=legacy seq=0 tries=4"},
				{"delivered-next", false, false, "seq=0 of=CHAT more"},
				{"delivered-leave", false, false, "seq=0 of=CHAT leaving"},
				{"delivered", false, false, "seq=0 of=CHAT"},
				{"duplicate-ack", true, true, ""},
			},
		},
		{ // The condition of a later rule can hold as well.
			"established RecvACK of=CHAT seq=0 more in-flight leaving", "established tries=1 tx=1 in-flight acked leaving", "complete, send CHAT seq=1, start retransmit",
			[]fared{
				{"old-ack", false, false, "old"},
				{"late-handshake-ack", false, false, "policy=legacy stale=1"},
				{"answered-other-leaving", false, false, "policy=legacy tries=4"},
				{"answered-other", false, false, "policy=legacy tries=4 without leaving"},
				{"delivered-next", true, true, ""},
				{"delivered-leave", true, false, "without more"},
				{"delivered", true, false, "without more without leaving"},
				{"duplicate-ack", true, false, "seq=1"},
			},
		},
		{
			"idle RecvFIN", "idle", "",
			[]fared{
				{"old-fin", false, false, "old"},
				{"fin-of-refusal", false, false, "after=refused"},
				{"fin-again", false, false, "after=ended"},
				{"unheard-fin", false, false, "policy=shared"},
				{"stray-fin", true, true, ""},
			},
		},
	} {
		t.Run(test.question, func(t *testing.T) {
			a := ask(t, test.question)
			if got := a.Next.String(); got != test.next {
				t.Errorf("next is %q, want %q", got, test.next)
			}
			if got := a.Does.String(); got != test.does {
				t.Errorf("it does %q, want %q", got, test.does)
			}
			var got []fared
			for _, r := range a.Trials {
				got = append(got, fared{r.Rule.Name, r.Holds, r.Fires, r.Instead})
			}
			if diff := cmp.Diff(test.trials, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever is asked, one rule fires, none in front of it holds, and each suggestion leads where it says.
func TestAnswer_SuggestionsAreTrue(t *testing.T) {
	suggested := map[string]bool{}
	for _, s := range States() {
		for _, situation := range Situations(s)[:3] {
			for _, on := range Inputs() {
				q := Question{Snapshot: situation, Event: EventsFor(on)[0]}
				cell := Cell(s, on)
				a := q.Answer()
				fires := 0
				for i, trial := range a.Trials {
					if trial.Fires {
						fires++
						suggested[trial.Rule.ID()] = true
					}
					if trial.Holds && fires == 0 {
						t.Errorf("%s: %s holds in front of %s", q, trial.Rule.ID(), a.Rule.ID())
					}
					if trial.Instead == "" {
						continue
					}
					if trial.Fires {
						t.Errorf("%s: %s fires, and %q is said to make it fire", q, trial.Rule.ID(), trial.Instead)
					}
					suggested[trial.Rule.ID()] = true
					if changed := follow(t, q, trial.Instead); changed.first(cell) != i {
						t.Errorf("%s: with %q %s does not fire but %s", q, trial.Instead, trial.Rule.ID(), cell[changed.first(cell)].ID())
					}
				}
				if fires != 1 {
					t.Errorf("%s: %d rules fire", q, fires)
				}
			}
		}
	}
	// Suggestions that are always empty would be true as well.
	for _, r := range Rules() {
		if !suggested[r.ID()] {
			t.Errorf("nobody is told how to make %s fire", r.ID())
		}
	}
}

// follow says a question again with the words of a suggestion, by reading both as text.
func follow(t *testing.T, q Question, suggestion string) Question {
	t.Helper()
	words := fieldsByName(q.String())
	for _, change := range splitSuggestion(suggestion) {
		name, _ := splitWord(change.word)
		if change.without {
			delete(words, name)
			continue
		}
		if isReason(name) {
			for other := range words {
				if isReason(other) {
					delete(words, other)
				}
			}
		}
		words[name] = change.word
	}
	text := ""
	for _, word := range words {
		text += " " + word
	}
	changed, err := ParseQuestion(text)
	if err != nil {
		t.Fatalf("%q with %q: %v", q, suggestion, err)
	}
	return changed
}

type change struct {
	word    string
	without bool
}

func splitSuggestion(text string) (changes []change) {
	without := false
	for _, word := range strings.Fields(text) {
		if word == "without" {
			without = true
			continue
		}
		changes = append(changes, change{word, without})
		without = false
	}
	return changes
}

func fieldsByName(text string) map[string]string {
	words := map[string]string{}
	for _, word := range strings.Fields(text) {
		name, _ := splitWord(word)
		words[name] = word
	}
	return words
}

func isReason(word string) bool {
	return word != reasonNames[0] && slices.Contains(reasonNames[:], word)
}
