package simp

import (
	"strings"
	"testing"

	"simp/fsm"
)

func TestSentence(t *testing.T) {
	for number, want := range map[string]string{
		"4.2":  "The ACK with the number in flight ends that flight; the next message carries the other number.",
		"3.16": "(ours) A FIN that declines or withdraws is repeated until its ACK, 3 copies in all, to a native peer; it is sent once to a legacy one.",
		"4.3":  "Without an ACK within the retransmission time (5 s) the same bytes go out again, with the same number. Only the timer repeats; a duplicate that arrives never does.",
		"4":    "",
		"99.1": "",
		"":     "",
	} {
		if got := Sentence(number); got != want {
			t.Errorf("Sentence(%q) = %q, want %q", number, got, want)
		}
	}
}

// A rule that names a sentence which is not there would explain itself by nothing.
func TestSentence_OfEveryRule(t *testing.T) {
	for _, r := range fsm.Rules() {
		for _, number := range strings.Fields(r.Ref) {
			if Sentence(number) == "" {
				t.Errorf("%s names sentence %s, which PROTOCOL.md does not have", r.ID(), number)
			}
		}
	}
}
