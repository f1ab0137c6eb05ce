package fsm

import (
	"fmt"
	"math"
	"strings"
)

// The drawing: five states on fixed places, and arrows whose bends are chosen by hand so that each can be followed. Nothing is
// left to a program that draws graphs, which would move the whole picture for one more arrow.

const (
	drawingWidth, drawingHeight = 1220, 860
	boxWidth, boxHeight         = 140, 48
	labelWidth                  = 24  // characters in a line of a label
	labelHeight                 = 15  // from one line of a label to the next
	labelChar                   = 6.7 // the width of a character, on an average of the names
)

// point is a place in the drawing; y grows downwards.
type point struct{ x, y float64 }

func (p point) plus(q point, times float64) point { return point{p.x + q.x*times, p.y + q.y*times} }

// places are the middles of the states: a conversation's life goes from the left to the right, and back below.
var places = [numStates]point{
	Idle:        {110, 440},
	SynSent:     {560, 150},
	SynReceived: {560, 440},
	Established: {1110, 440},
	FinWait:     {560, 810},
}

// bend is how an arrow differs from a straight line: by how much its middle is moved, to the left of whoever follows it, and
// where along it (0 to 1) its label stands.
type bend struct{ by, label float64 }

// bends are those of the arrows that would cross a state or a label otherwise. The rest have usualBend.
var bends = map[[2]State]bend{
	{Idle, SynSent}:            {40, 0.62},
	{SynSent, Idle}:            {14, 0.5},
	{Idle, SynReceived}:        {30, 0.5},
	{SynReceived, Idle}:        {34, 0.5},
	{SynSent, SynReceived}:     {0, 0.5},
	{SynSent, Established}:     {45, 0.5},
	{SynReceived, Established}: {22, 0.66},
	{Established, SynReceived}: {22, 0.3},
	{Established, Idle}:        {-390, 0.5},
	{SynSent, FinWait}:         {285, 0.63},
	{FinWait, SynSent}:         {-165, 0.78},
	{SynReceived, FinWait}:     {-75, 0.5},
	{FinWait, SynReceived}:     {-40, 0.62},
	{Established, FinWait}:     {95, 0.42},
	{FinWait, Idle}:            {75, 0.5},
}

// usualBend keeps the two arrows between two states apart.
var usualBend = bend{18, 0.5}

// curve is a quadratic Bézier curve.
type curve struct{ from, control, to point }

// arrow is the curve from one state's middle to the other's.
func (e edge) arrow() (c curve, label float64) {
	b, given := bends[[2]State{e.from, e.to}]
	if !given {
		b = usualBend
	}
	from, to := places[e.from], places[e.to]
	length := math.Hypot(to.x-from.x, to.y-from.y)
	left := point{(to.y - from.y) / length, (from.x - to.x) / length}
	middle := point{(from.x + to.x) / 2, (from.y + to.y) / 2}
	return curve{from, middle.plus(left, 2*b.by), to}, b.label
}

func (c curve) at(t float64) point {
	return point{
		(1-t)*(1-t)*c.from.x + 2*t*(1-t)*c.control.x + t*t*c.to.x,
		(1-t)*(1-t)*c.from.y + 2*t*(1-t)*c.control.y + t*t*c.to.y,
	}
}

// between is the part of the curve from one parameter to another.
func (c curve) between(from, to float64) curve {
	start, end := c.at(from), c.at(to)
	// The control point is where the tangents of both ends meet; for a part of a parabola that is this blend.
	control := point{
		(1-from)*(1-to)*c.from.x + (from*(1-to)+to*(1-from))*c.control.x + from*to*c.to.x,
		(1-from)*(1-to)*c.from.y + (from*(1-to)+to*(1-from))*c.control.y + from*to*c.to.y,
	}
	return curve{start, control, end}
}

// outside is the part of the curve that neither box covers, with room for the head of the arrow.
func (c curve) outside() curve {
	const step = 1.0 / 512
	covered := func(p, middle point, margin float64) bool {
		return math.Abs(p.x-middle.x) < boxWidth/2+margin && math.Abs(p.y-middle.y) < boxHeight/2+margin
	}
	from, to := 0.0, 1.0
	for from < 0.5 && covered(c.at(from), c.from, 1) {
		from += step
	}
	for to > 0.5 && covered(c.at(to), c.to, 3) {
		to -= step
	}
	return c.between(from, to)
}

// SVG returns the machine as a drawing in Scalable Vector Graphics. Whoever points at an arrow is told its rules.
func (v View) SVG() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="title desc" font-family="DejaVu Sans, Verdana, sans-serif">
<title id="title">The state machine of SIMP</title>
<desc id="desc">`, drawingWidth, drawingHeight)
	edges := v.edges()
	for i, e := range edges {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s to %s on %s", e.from, e.to, strings.Join(e.inputs, ", "))
	}
	b.WriteString(`</desc>
<style>
  .paper { fill: #ffffff; }
  .state { fill: #eef3fb; stroke: #1f3a68; stroke-width: 2; }
  .name { font-size: 16px; font-weight: bold; fill: #1f3a68; text-anchor: middle; }
  .arrow { fill: none; stroke: #44546a; stroke-width: 1.6; }
  .head, .start { fill: #44546a; }
  .under { fill: #ffffff; fill-opacity: 0.88; }
  .label { font-size: 12px; fill: #1c1c1c; text-anchor: middle; }
  .edge:hover .arrow { stroke: #b3261e; stroke-width: 3; }
</style>
<defs><marker id="head" viewBox="0 0 10 8" refX="9" refY="4" markerWidth="10" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="M0 0 L10 4 L0 8 z"/></marker></defs>
<rect class="paper" width="100%" height="100%"/>
`)
	start := places[Idle].plus(point{0, 1}, boxHeight/2)
	fmt.Fprintf(&b, `<circle class="start" cx="%.0f" cy="%.0f" r="7"/><path class="arrow" marker-end="url(#head)" d="M%.0f %.0f L%.0f %.0f"/>`+"\n", start.x, start.y+52, start.x, start.y+52, start.x, start.y+3)
	// All labels above all arrows: where they meet the label is what has to be read.
	for _, e := range edges {
		c, _ := e.arrow()
		c = c.outside()
		fmt.Fprintf(&b, `<g class="edge"><title>%s to %s: %s</title><path class="arrow" marker-end="url(#head)" d="M%.1f %.1f Q%.1f %.1f %.1f %.1f"/></g>`+"\n",
			e.from, e.to, strings.Join(ids(e.rules), ", "), c.from.x, c.from.y, c.control.x, c.control.y, c.to.x, c.to.y)
	}
	for _, e := range edges {
		c, at := e.arrow()
		labelOf(c.at(at), e.inputs).draw(&b)
	}
	for _, s := range States() {
		p := places[s]
		fmt.Fprintf(&b, `<g><rect class="state" x="%.0f" y="%.0f" width="%d" height="%d" rx="12"/><text class="name" x="%.0f" y="%.0f">%s</text></g>`+"\n",
			p.x-boxWidth/2, p.y-boxHeight/2, boxWidth, boxHeight, p.x, p.y+6, s)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// label is a block of lines with the place that it takes.
type label struct {
	lines                    []string
	left, top, width, height float64
}

// labelOf makes the label of an arrow, around a point.
func labelOf(middle point, inputs []string) label {
	l := label{lines: fold(strings.Join(inputs, ", "), labelWidth)}
	for _, line := range l.lines {
		l.width = max(l.width, float64(len(line))*labelChar+8)
	}
	l.height = float64(len(l.lines)*labelHeight + 4)
	l.left, l.top = middle.x-l.width/2, middle.y-l.height/2
	return l
}

// draw writes the label on a ground that lets an arrow behind it shine through faintly.
func (l label) draw(b *strings.Builder) {
	fmt.Fprintf(b, `<rect class="under" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="4"/><text class="label">`, l.left, l.top, l.width, l.height)
	for i, line := range l.lines {
		fmt.Fprintf(b, `<tspan x="%.1f" y="%.1f">%s</tspan>`, l.left+l.width/2, l.top+float64(i*labelHeight)+14, line)
	}
	b.WriteString("</text>\n")
}

func ids(rules []*Rule) []string {
	all := make([]string, len(rules))
	for i, r := range rules {
		all[i] = r.ID()
	}
	return all
}
