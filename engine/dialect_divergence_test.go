package engine

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"simp/codec"
)

// row is a datagram that the recorded daemon sent, one that ours sent, or both.
type row struct {
	recording   string
	kind        string // of the recorded daemon
	peer        string // kind of the other one
	known       bool   // we remember the other one
	them, us    *sending
	theirs      codec.Datagram
	ours        codec.Datagram
	theirL, usL shape
	why         []string // explanations of what differs
	missing     []string // what differs and has none
}

// differs names what is not the same in the two datagrams of a row.
func (l *row) differs() []string {
	switch {
	case l.us == nil:
		return []string{"theirs only"}
	case l.them == nil:
		return []string{"ours only"}
	}
	var all []string
	if l.ours.Announced != l.theirs.Announced {
		all = append(all, "announcement")
	} else if string(l.ours.Payload) != string(l.theirs.Payload) {
		all = append(all, "text")
	}
	if l.ours.Form != l.theirs.Form {
		all = append(all, "form")
	}
	if l.ours.Seq != l.theirs.Seq && l.ours.Form != codec.Stub && l.theirs.Form != codec.Stub {
		all = append(all, "number")
	}
	if l.usL != l.theirL {
		all = append(all, "look")
	}
	switch d := l.us.at - l.them.at; {
	case d > atOnce:
		all = append(all, "later")
	case d < -atOnce:
		all = append(all, "earlier")
	}
	return all
}

// atOnce is how long a recorded daemon may take for what ours does in no time.
const atOnce = 400 * time.Millisecond

// align puts what we sent to a peer next to what the recorded daemon sent there. Pairs are of one kind, in order, as many as
// possible, and of those the most alike.
func (p *seat) align(r *recording, peer netip.AddrPort, known bool) []*row {
	p.tb.Helper()
	var theirs []sending
	for _, d := range r.between(p.self, peer) {
		theirs = append(theirs, sending{at: d.at, raw: d.raw})
	}
	ours := p.sent[peer]
	best := make([][]int, len(theirs)+1) // the value of pairing what is left of both
	for i := range best {
		best[i] = make([]int, len(ours)+1)
	}
	for i := len(theirs) - 1; i >= 0; i-- {
		for j := len(ours) - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1], best[i+1][j+1]+likeness(p.tb, theirs[i], ours[j]))
		}
	}
	var rows []*row
	add := func(them, us *sending) {
		l := &row{recording: r.name, kind: r.kind(p.self), peer: r.kind(peer), known: known, them: them, us: us}
		if them != nil {
			d, n := them.decoded(p.tb)
			l.theirs, l.theirL = d, shapeOf(&d, n)
		}
		if us != nil {
			d, n := us.decoded(p.tb)
			l.ours, l.usL = d, shapeOf(&d, n)
		}
		l.explain()
		if len(l.missing) > 0 {
			p.tb.Errorf("%s", l.write(p.tb))
		}
		rows = append(rows, l)
	}
	for i, j := 0, 0; i < len(theirs) || j < len(ours); {
		switch {
		case i == len(theirs):
			add(nil, &ours[j])
			j++
		case j == len(ours):
			add(&theirs[i], nil)
			i++
		case likeness(p.tb, theirs[i], ours[j]) > 0 && best[i][j] == best[i+1][j+1]+likeness(p.tb, theirs[i], ours[j]):
			add(&theirs[i], &ours[j])
			i, j = i+1, j+1
		case best[i][j] == best[i+1][j]:
			add(&theirs[i], nil)
			i++
		default:
			add(nil, &ours[j])
			j++
		}
	}
	return rows
}

// likeness is the value of a pair: 0 if it is none.
func likeness(tb testing.TB, a, b sending) int {
	x, _ := a.decoded(tb)
	y, _ := b.decoded(tb)
	if x.Kind != y.Kind || x.Kind == codec.CHAT && string(x.Payload) != string(y.Payload) {
		return 0
	}
	value := 100_000 - min(int((a.at-b.at).Abs()/time.Millisecond), 30_000)
	if x.Seq == y.Seq {
		value += 1_000
	}
	return value
}

// explain finds an explanation for everything that differs.
func (l *row) explain() {
	for _, what := range l.differs() {
		found := false
		for i := range explanations {
			if x := &explanations[i]; slices.Contains(strings.Split(x.of, ", "), what) && x.holds(l) {
				l.why = append(l.why, x.says)
				found = true
				break
			}
		}
		if !found {
			l.missing = append(l.missing, what)
		}
	}
}

// write is the row in one line.
func (l *row) write(tb testing.TB) string {
	mark, note := "=", strings.Join(slices.Compact(l.why), "; ")
	if note != "" {
		mark = "#"
	}
	if len(l.missing) > 0 {
		mark, note = "?", note+" NOT EXPLAINED: "+strings.Join(l.missing, ", ")
	}
	return strings.TrimRight(fmt.Sprintf("%-48s %-48s %s %s", side(tb, l.them), side(tb, l.us), mark, note), " ")
}

func side(tb testing.TB, s *sending) string {
	if s == nil {
		return "       -"
	}
	d, _ := s.decoded(tb)
	return fmt.Sprintf("%8.3f %s", s.at.Seconds(), strings.Replace(summary(d), fmt.Sprintf(" user=%q", d.User), "", 1))
}
