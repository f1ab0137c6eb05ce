package ladder

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"simp/engine/follow"
)

// The measures of the picture, in pixels, from left to right: time, packet, lane, lifeline, wire, lifeline, lane.
const (
	svgWidth    = 1110
	svgTime     = 66  // where times end
	svgNumber   = 120 // where numbers of packets end
	svgLeft     = 330 // the lifelines
	svgRight    = 900
	svgGap      = 10 // between a lifeline and what stands beside it
	svgLine     = 15 // from one line of text to the next
	svgBeside   = 27 // characters in a line beside a lifeline
	svgLabel    = 74 // and in the label of an arrow
	svgTop      = 58 // from the title of a conversation to its first row
	svgRowSpace = 12
)

// SVG draws a picture in Scalable Vector Graphics.
type SVG struct {
	sheet
	to io.Writer
}

// NewSVG returns a drawing as a picture.
func NewSVG(to io.Writer) *SVG { return &SVG{to: to} }

const svgStyle = `<style>
  .paper { fill: #ffffff; }
  .title { font-size: 16px; font-weight: bold; fill: #1f3a68; }
  .who { font-size: 13px; font-weight: bold; fill: #1f3a68; }
  .life { stroke: #9aa7b8; stroke-width: 1.5; }
  .time, .number { font-size: 12px; fill: #5a6675; text-anchor: end; }
  .state { font-size: 12px; font-weight: bold; fill: #1f3a68; }
  .said { font-size: 12px; fill: #6a3d9a; }
  .label { font: 12px "DejaVu Sans Mono", Consolas, monospace; fill: #1c1c1c; }
  .arrow { stroke: #44546a; stroke-width: 1.6; }
  .tip { fill: #44546a; }
  .copy .arrow { stroke: #6a3d9a; }
  .copy .tip { fill: #6a3d9a; }
  .missing .arrow { stroke: #b3261e; stroke-dasharray: 7 6; }
  .missing .tip, .missing .label, .missing .said { fill: #b3261e; }
  .remark { font-size: 12px; font-style: italic; fill: #5a6675; text-anchor: middle; }
  .end { text-anchor: end; }
</style>
`

// Close implements [Drawing].
func (s *SVG) Close() error {
	var body strings.Builder
	y := 10
	for _, w := range s.ladders {
		y = w.draw(&body, y)
	}
	var desc []string
	for _, w := range s.ladders {
		desc = append(desc, fmt.Sprintf("Conversation %d: %s and %s, %d packets, %d missing", w.ID, full(w.Parties[0]), full(w.Parties[1]), w.Packets, w.Missed))
	}
	_, err := fmt.Fprintf(s.to, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="title desc" font-family="DejaVu Sans, Verdana, sans-serif">
<title id="title">Conversations in SIMP</title>
<desc id="desc">%[3]s</desc>
%[4]s<rect class="paper" width="100%%" height="100%%"/>
%[5]s</svg>
`, svgWidth, y+10, escape(strings.Join(desc, "; ")), svgStyle, body.String())
	return err
}

// draw draws a conversation from a height on, and returns the height below it.
func (w *whole) draw(b *strings.Builder, y int) int {
	svgText(b, "title", 16, y+20, fmt.Sprintf("Conversation %d: %s and %s", w.ID, full(w.Parties[0]), full(w.Parties[1])))
	svgText(b, "time", svgTime, y+44, "seconds")
	svgText(b, "number", svgNumber, y+44, "packet")
	svgText(b, "who end", svgLeft-svgGap, y+44, w.Parties[0].Who())
	svgText(b, "who", svgRight+svgGap, y+44, w.Parties[1].Who())
	begin := y + svgTop - 6
	var rows strings.Builder
	y += svgTop
	for i := range w.rows {
		y = drawRow(&rows, &w.rows[i], y)
	}
	for _, x := range [2]int{svgLeft, svgRight} {
		fmt.Fprintf(b, `<line class="life" x1="%d" y1="%d" x2="%[1]d" y2="%[3]d"/>`+"\n", x, begin, y)
	}
	b.WriteString(rows.String())
	return y + 20
}

// drawRow draws a row, and returns the height below it.
func drawRow(b *strings.Builder, r *Row, y int) int {
	if r.What == Remark {
		svgText(b, "remark", (svgLeft+svgRight)/2, y+svgLine, r.Summary)
		return y + svgLine + svgRowSpace
	}
	class := "row"
	switch {
	case r.What == Missing:
		class = "missing"
	case r.Copy != follow.Fresh:
		class = "copy"
	}
	label := wrap(r.Summary, svgLabel)
	arrowAt := y + len(label)*svgLine + 6
	fmt.Fprintf(b, `<g class="%s"><title>%s</title>`+"\n", class, escape(tip(r)))
	if !r.At.IsZero() {
		svgText(b, "time", svgTime, arrowAt+4, Seconds(r.Since))
	}
	if r.What == Packet {
		svgText(b, "number", svgNumber, arrowAt+4, "#"+itoa(r.N))
	}
	for i, line := range label {
		svgText(b, "label", svgLeft+14, y+(i+1)*svgLine-2, line)
	}
	from, to, back := svgLeft, svgRight, -9
	if r.From == follow.Called {
		from, to, back = svgRight, svgLeft, 9
	}
	fmt.Fprintf(b, `<line class="arrow" x1="%d" y1="%d" x2="%d" y2="%[2]d"/><path class="tip" d="M%[4]d %[2]d l%[5]d -4.5 v9 z"/>`+"\n", from, arrowAt, to+back/2, to, back)
	bottom := arrowAt + 4
	for side, lines := range besides(r, svgBeside) {
		class, x := "", svgRight+svgGap
		if side == 0 {
			class, x = " end", svgLeft-svgGap
		}
		at := arrowAt + 4 - (len(lines)-1)*svgLine
		at = max(at, y+svgLine-2)
		for _, l := range lines {
			svgText(b, l.class+class, x, at, l.text)
			bottom = max(bottom, at)
			at += svgLine
		}
	}
	b.WriteString("</g>\n")
	return bottom + svgRowSpace
}

// line is a line of text, and what it is.
type line struct{ class, text string }

// besides is what stands beside the two lifelines, in lines of so many columns: the states that changed, and what there is to say.
func besides(r *Row, fold int) (both [2][]line) {
	for side, changed := range r.Changed {
		if changed {
			both[side] = append(both[side], line{"state", r.States[side].String()})
		}
	}
	side := r.From
	if r.What == Missing {
		side = r.From.Other() // it did not get there
	}
	for _, said := range r.beside() {
		for _, l := range wrap(said, fold) {
			both[side] = append(both[side], line{"said", l})
		}
	}
	return both
}

// tip is what whoever points at a row is told.
func tip(r *Row) string {
	text := strings.Join(append([]string{r.Summary}, r.Said()...), "; ")
	return fmt.Sprintf("%s; %s: %s, %s: %s", text, r.Conversation.Parties[0].Who(), r.States[0], r.Conversation.Parties[1].Who(), r.States[1])
}

func svgText(b *strings.Builder, class string, x, y int, text string) {
	fmt.Fprintf(b, `<text class="%s" x="%d" y="%d">%s</text>`+"\n", class, x, y, escape(text))
}

// escape makes text that of XML.
func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}
