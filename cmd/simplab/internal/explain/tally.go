package explain

import (
	"fmt"
	"strings"

	"simp/engine/rules"
)

// Tally counts what was judged, and what was found. A finding that follows from another one is not counted; but what is certainly
// a violation is, even if that from which it follows is not certain.
type Tally struct {
	Datagrams     int `json:"datagrams"`
	Conversations int `json:"conversations"`
	Others        int `json:"others"` // packets that are no traffic between daemons
	Cut           int `json:"cut"`    // datagrams of which the capture does not hold all

	Violations int `json:"violations"`
	Possible   int `json:"possible"` // violations, or else the network's doing
	Deviations int `json:"deviations"`
	Remarks    int `json:"remarks"`
}

// Add counts what was found in a conversation.
func (t *Tally) Add(r *rules.Report) {
	for _, f := range r.Findings {
		switch {
		case f.Severity == rules.Remark:
			t.Remarks++
		case f.Severity == rules.Deviation:
			t.Deviations++
		case f.Unsure:
			t.Possible++
		default:
			t.Violations++
			continue
		}
		t.Violations += certain(f.Consequences)
	}
}

// certain counts the violations that are certain, whatever they follow from.
func certain(all []*rules.Finding) (n int) {
	for _, f := range all {
		if f.Severity == rules.Violation && !f.Unsure {
			n++
			continue
		}
		n += certain(f.Consequences)
	}
	return n
}

// Plus returns the sum of both.
func (t Tally) Plus(u Tally) Tally {
	return Tally{
		Datagrams: t.Datagrams + u.Datagrams, Conversations: t.Conversations + u.Conversations, Others: t.Others + u.Others, Cut: t.Cut + u.Cut,
		Violations: t.Violations + u.Violations, Possible: t.Possible + u.Possible, Deviations: t.Deviations + u.Deviations, Remarks: t.Remarks + u.Remarks,
	}
}

// Verdict is what all findings come to.
type Verdict string

// The verdicts.
const (
	Kept     Verdict = "kept"     // nothing is violated
	Violated Verdict = "violated" // something certainly is
	Unclear  Verdict = "unclear"  // something is, or the network lost it: nobody can tell from these packets, or there are none
)

// Verdict returns what all findings come to.
func (t Tally) Verdict() Verdict {
	switch {
	case t.Violations > 0:
		return Violated
	case t.Possible > 0, t.Datagrams == 0:
		return Unclear
	}
	return Kept
}

// String says what was found in what, in a sentence, such as "2 violations, 1 remark in 14 datagrams, 1 conversation."
func (t Tally) String() string {
	var found []string
	for _, f := range [...]struct {
		n   int
		one string
	}{{t.Violations, "violation"}, {t.Possible, "possible violation"}, {t.Deviations, "deviation"}, {t.Remarks, "remark"}} {
		if f.n > 0 {
			found = append(found, count(f.n, f.one))
		}
	}
	in := count(t.Datagrams, "datagram")
	if t.Conversations > 0 {
		in += ", " + count(t.Conversations, "conversation")
	}
	s := "No deviation: " + in + "."
	if len(found) > 0 {
		s = strings.Join(found, ", ") + " in " + in + "."
	}
	if t.Cut > 0 {
		s += " Not captured whole, and judged as far as they are there: " + count(t.Cut, "datagram") + "."
	}
	if t.Others > 0 {
		s += " Not judged, since it is no traffic between daemons: " + count(t.Others, "packet") + "."
	}
	return s
}

func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
