package protocol

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"simp/fsm"
)

var update = flag.Bool("update", false, "take the sentences out of PROTOCOL.md anew")

// The sentences are those of PROTOCOL.md.
func TestSentences_AreUpToDate(t *testing.T) {
	b, err := os.ReadFile("../../../../PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	want := extract(string(b))
	if *update {
		if err := os.WriteFile("sentences.txt", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(sentences, "\n")); diff != "" {
		t.Errorf("PROTOCOL.md has changed (go test ./cmd/simplab/internal/protocol -update):\n%s", diff)
	}
}

// extract takes the sentences out of the document: list items that begin with a bold number, whose further lines are indented.
func extract(document string) string {
	var b strings.Builder
	within := false
	for line := range strings.Lines(document) {
		item, begins := strings.CutPrefix(line, "- **")
		number, text, numbered := strings.Cut(item, "** ")
		switch {
		case begins && numbered:
			if within {
				b.WriteString("\n")
			}
			b.WriteString(number + " " + strings.TrimSpace(text))
			within = true
		case within && strings.HasPrefix(line, "  "):
			b.WriteString(" " + strings.TrimSpace(line))
		case within:
			b.WriteString("\n")
			within = false
		}
	}
	return b.String()
}

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
