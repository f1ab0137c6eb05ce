package ladder

import (
	"fmt"
	"math"
	"strings"

	"simp/fsm"
)

// The drawing of the machine that stands beside a ladder: the five states and who leads where, without saying why, for which it is too
// small. Package fsm has the large one.

const (
	machineWidth, machineHeight = 430, 250
	boxWidth, boxHeight         = 124, 34
)

type point struct{ x, y float64 }

// places are the middles of the states.
func places() map[fsm.State]point {
	return map[fsm.State]point{
		fsm.Idle: {66, 125}, fsm.SynSent: {215, 22}, fsm.SynReceived: {215, 125}, fsm.Established: {364, 125}, fsm.FinWait: {215, 228},
	}
}

// bends are by how much the middles of arrows are moved to the left of whoever follows them, where it is not the usual amount: so that
// no arrow crosses a state.
func bends() map[[2]fsm.State]float64 {
	return map[[2]fsm.State]float64{
		{fsm.Established, fsm.Idle}: -46, {fsm.SynSent, fsm.FinWait}: 86, {fsm.FinWait, fsm.SynSent}: 86,
	}
}

const usualBend = 7

// leads are the pairs of states of which one leads to the other, in the order of the rule table.
func leads() [][2]fsm.State {
	var all [][2]fsm.State
	known := make(map[[2]fsm.State]bool)
	for _, r := range fsm.Whole() {
		pair := [2]fsm.State{r.From, r.To}
		if r.From != r.To && !known[pair] {
			known[pair] = true
			all = append(all, pair)
		}
	}
	return all
}

// machine draws the machine of a side as SVG, for a page that lights states ([data-state]) and arrows ([data-lead]).
func machine(side int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="machine" viewBox="0 0 %d %d" role="img" aria-labelledby="machine%d"><defs>`, machineWidth, machineHeight, side)
	for _, kind := range [2]string{"", "taken"} {
		fmt.Fprintf(&b, `<marker id="tip%s%d" viewBox="0 0 10 8" refX="9" refY="4" markerWidth="8" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path class="tip %[1]s" d="M0 0 L10 4 L0 8 z"/></marker>`, kind, side)
	}
	b.WriteString("</defs>\n")
	at := places()
	for _, pair := range leads() {
		bend, given := bends()[pair]
		if !given {
			bend = usualBend
		}
		c := arrowBetween(at[pair[0]], at[pair[1]], bend)
		fmt.Fprintf(&b, `<path class="lead" data-lead="%s %s" marker-end="url(#tip%d)" d="M%.1f %.1f Q%.1f %.1f %.1f %.1f"/>`+"\n",
			pair[0], pair[1], side, c[0].x, c[0].y, c[1].x, c[1].y, c[2].x, c[2].y)
	}
	for _, s := range fsm.States() {
		p := at[s]
		fmt.Fprintf(&b, `<g class="state" data-state="%s"><rect x="%.0f" y="%.0f" width="%d" height="%d" rx="8"/><text x="%.0f" y="%.0f">%[1]s</text></g>`+"\n",
			s, p.x-boxWidth/2, p.y-boxHeight/2, boxWidth, boxHeight, p.x, p.y+5)
	}
	b.WriteString("</svg>")
	return b.String()
}

// curve is a quadratic Bézier curve.
type curve [3]point

func (c curve) at(t float64) point {
	u := 1 - t
	return point{u*u*c[0].x + 2*u*t*c[1].x + t*t*c[2].x, u*u*c[0].y + 2*u*t*c[1].y + t*t*c[2].y}
}

// arrowBetween is the curve between two boxes, from edge to edge.
func arrowBetween(from, to point, bend float64) curve {
	length := math.Hypot(to.x-from.x, to.y-from.y)
	left := point{(to.y - from.y) / length, (from.x - to.x) / length}
	c := curve{from, {(from.x+to.x)/2 + 2*bend*left.x, (from.y+to.y)/2 + 2*bend*left.y}, to}
	inside := func(p, middle point) bool {
		return math.Abs(p.x-middle.x) < boxWidth/2+1.5 && math.Abs(p.y-middle.y) < boxHeight/2+1.5
	}
	const step = 1.0 / 256
	start, end := 0.0, 1.0
	for start < 0.5 && inside(c.at(start), from) {
		start += step
	}
	for end > 0.5 && inside(c.at(end), to) {
		end -= step
	}
	// The part of a parabola between two parameters has its control point where the tangents of both ends meet.
	blend := func(a, b, d float64) float64 {
		return (1-start)*(1-end)*a + (start*(1-end)+end*(1-start))*b + start*end*d
	}
	return curve{c.at(start), {blend(c[0].x, c[1].x, c[2].x), blend(c[0].y, c[1].y, c[2].y)}, c.at(end)}
}
