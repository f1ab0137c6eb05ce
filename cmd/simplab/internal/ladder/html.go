package ladder

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"math"

	"simp/engine/follow"
)

// The page, its looks and its doings. They are read only.
var (
	//go:embed page/page.html
	pageHTML string
	//go:embed page/page.css
	pageCSS string
	//go:embed page/page.js
	pageJS string
)

// HTML writes a page that holds all it needs: the ladder, the bytes of each packet, and both state machines, through which one steps
// with the arrow keys. It asks nobody for anything, and no script but its own can run in it, whatever peers have sent.
type HTML struct {
	sheet
	to    io.Writer
	title string
}

// NewHTML returns a drawing as a page with a title.
func NewHTML(to io.Writer, title string) *HTML { return &HTML{to: to, title: title} }

// page is what the template is filled with.
type page struct {
	Title    string
	Hash     string // of the script, the only one that may run
	Style    template.CSS
	Script   template.JS
	Ladders  []pageLadder
	Machines []pageMachine
	Data     []pageData
}

type pageLadder struct {
	ID                  int
	Left, Right         string
	LeftName, RightName string
	Rows                []pageRow
}

type pageRow struct {
	ID, Class, Spoken     string
	Time, Number, Summary string
	Arrow                 bool
	Left, Right           []pageLine
}

type pageLine struct{ Class, Text string }

type pageMachine struct {
	Side    int
	Drawing template.HTML
}

// pageData is what the script goes through.
type pageData struct {
	ConversationJSON
	Lines []RowJSON `json:"rows"` // instead of how many there are
}

// Close implements [Drawing].
func (h *HTML) Close() error {
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(pageJS))
	p := page{
		Title: h.title, Hash: "sha256-" + base64.StdEncoding.EncodeToString(sum[:]),
		Style: template.CSS(pageCSS), Script: template.JS(pageJS), // both are our own
	}
	for side := range 2 {
		p.Machines = append(p.Machines, pageMachine{side, template.HTML(machine(side))}) // it consists of our own words
	}
	fields := NewFields()
	for _, w := range h.ladders {
		l := pageLadder{
			ID: w.ID, Left: full(w.Parties[0]), Right: full(w.Parties[1]), LeftName: w.Parties[0].Who(), RightName: w.Parties[1].Who(),
		}
		d := pageData{ConversationJSON: w.JSON("conversation")}
		for i := range w.rows {
			l.Rows = append(l.Rows, pageRowOf(&w.rows[i]))
			d.Lines = append(d.Lines, w.rows[i].JSON(fields))
		}
		p.Ladders, p.Data = append(p.Ladders, l), append(p.Data, d)
	}
	return t.Execute(h.to, p)
}

func pageRowOf(r *Row) pageRow {
	out := pageRow{
		ID: "c" + itoa(r.Conversation.ID) + "-" + itoa(r.Counted), Summary: r.Summary, Spoken: spoken(r),
		Class: string(r.What), Arrow: r.What != Remark,
	}
	if !r.At.IsZero() {
		out.Time = Seconds(r.Since)
	}
	if r.What == Packet {
		out.Number = "#" + itoa(r.N)
	}
	if r.Copy != follow.Fresh {
		out.Class += " again"
	}
	if out.Arrow {
		out.Class += [2]string{" ltr", " rtl"}[r.From]
	}
	both := besides(r, math.MaxInt) // the browser folds
	for _, l := range both[0] {
		out.Left = append(out.Left, pageLine{l.class, l.text})
	}
	for _, l := range both[1] {
		out.Right = append(out.Right, pageLine{l.class, l.text})
	}
	return out
}

// spoken is the row in words, for whoever hears the page.
func spoken(r *Row) string {
	text := ""
	if !r.At.IsZero() {
		text = Seconds(r.Since) + " s, "
	}
	if r.What == Missing {
		text += "missing, "
	}
	if r.What != Remark {
		text += r.Conversation.Parties[r.From].Who() + " to " + r.Conversation.Parties[r.From.Other()].Who() + ": "
	}
	return text + tip(r)
}
