package chaos

import (
	"fmt"
	"testing"
)

// fate is what a user knows of a message of theirs.
type fate uint8

const (
	unanswered  fate = iota // nothing was reported; only a daemon that was killed may leave it at that
	accepted                // sent, but neither delivered nor anything else
	refused                 // there was no chat
	delivered               // the other side has acknowledged it
	unconfirmed             // nobody can say
	undelivered             // the chat ended before
)

func (f fate) String() string {
	return [...]string{"unanswered", "accepted", "refused", "delivered", "unconfirmed", "undelivered"}[f]
}

// ledger is what a user has said and heard, over all clients and daemons of theirs.
type ledger struct {
	name  string
	said  []fate // by number, from 0
	heard []string
}

// text is message number n.
func (l *ledger) text(n int) string { return fmt.Sprintf("%s %d", l.name, n) }

func (l *ledger) count(f fate) int {
	n := 0
	for _, g := range l.said {
		if g == f {
			n++
		}
	}
	return n
}

// put notes what became of a message. Nothing may be reported on twice.
func (l *ledger) put(n int, f fate) error {
	if n < 0 || n >= len(l.said) {
		return fmt.Errorf("message %d is reported as %s, and was never said", n, f)
	}
	if was := l.said[n]; was > accepted || f == accepted && was == accepted {
		return fmt.Errorf("message %d is reported as %s, after it was reported as %s", n, f, was)
	}
	l.said[n] = f
	return nil
}

// wantHeard holds what the other side heard against what was said: everything delivered is there, nothing is there twice, and
// all of it in the order in which it was said.
func (l *ledger) wantHeard(t *testing.T, heard []string) {
	t.Helper()
	next := 0 // the first message that may come now
	there := make(map[string]bool)
	for i, text := range heard {
		n := next
		for n < len(l.said) && l.text(n) != text {
			n++
		}
		if n == len(l.said) {
			t.Errorf("the %d. message to be heard is %q, which was heard before, out of order, or never said", i+1, text)
			return
		}
		there[text] = true
		next = n + 1
	}
	for n, f := range l.said {
		switch {
		case f == delivered && !there[l.text(n)]:
			t.Errorf("%q was reported as delivered and is missing", l.text(n))
		case f == refused && there[l.text(n)]:
			t.Errorf("%q was refused and has arrived", l.text(n))
		}
	}
}

func (l *ledger) String() string {
	s := fmt.Sprintf("%s said %d", l.name, len(l.said))
	for f := unanswered; f <= undelivered; f++ {
		if n := l.count(f); n > 0 {
			s += fmt.Sprintf(", %d %s", n, f)
		}
	}
	return s + fmt.Sprintf("; heard %d", len(l.heard))
}
