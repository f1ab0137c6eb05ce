package fsm

import (
	"strings"
	"testing"
)

// Answers as people read them: an ordinary step, one of several rules that hold, one that is all there is.
func TestAnswer_Text_Golden(t *testing.T) {
	var b strings.Builder
	for _, question := range []string{
		"established RecvCHAT seq=1 num=2 room rx=1 rx-num=2",
		"established RetransmitDue in-flight tries=3 leaving more policy=legacy",
		"established RecvACK seq=1 in-flight",
		"syn-received LingerDue",
	} {
		b.WriteString(ask(t, question).Text(100, func(number string) string { return "(sentence " + number + ")" }) + "\n")
	}
	golden(t, "answers.txt.golden", b.String())
}

// Every rule of the cell is accounted for, and not folded it is one line.
func TestAnswer_Text_HasEveryRule(t *testing.T) {
	for _, s := range States() {
		for _, on := range Inputs() {
			a := Question{Snapshot: Situations(s)[0], Event: EventsFor(on)[0]}.Answer()
			text := a.Text(0, func(string) string { return "" })
			if !strings.Contains(text, "\nfires     "+a.Rule.ID()+", ") {
				t.Errorf("%s is answered without %s:\n%s", a.Question, a.Rule.ID(), text)
			}
			for _, r := range Cell(s, on) {
				want := 1
				if r == a.Rule {
					want = 0
				}
				if got := strings.Count(text, "\n  "+r.Name+" "); got != want {
					t.Errorf("%s: %d lines about %s, want %d:\n%s", a.Question, got, r.Name, want, text)
				}
			}
		}
	}
}
