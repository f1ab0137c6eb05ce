package fsm

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText_Golden(t *testing.T) {
	golden(t, "established.txt.golden", Whole().In(Established).Text(100))
}
func TestLines_Golden(t *testing.T) { golden(t, "recv-ack.txt.golden", Whole().On(RecvACK).Text(0)) }
func TestJSON_Golden(t *testing.T)  { golden(t, "recv-fin.json.golden", Whole().On(RecvFIN).JSON()) }
func TestSVG_Golden(t *testing.T)   { golden(t, "machine.svg.golden", Whole().SVG()) }

func TestView_Narrows(t *testing.T) {
	if got, want := len(Whole()), NumRules(); got != want {
		t.Errorf("the whole has %d rules of %d", got, want)
	}
	for _, s := range States() {
		for _, on := range Inputs() {
			for _, part := range []View{Whole().In(s).On(on), Whole().On(on).In(s)} {
				if !slices.Equal(part, Cell(s, on)) {
					t.Errorf("%s on %s: %v, want the cell %v", s, on, ids(part), ids(Cell(s, on)))
				}
			}
		}
	}
	if got := Whole().On(Accept).Mermaid(); strings.Contains(got, ": Invite") || strings.Contains(got, "Shutdown") {
		t.Errorf("a diagram about Accept shows other inputs:\n%s", got)
	}
}

// A line stands for itself: whoever has one read aloud, or finds it with grep, has the whole rule.
func TestText_HasOneLineForEachRule(t *testing.T) {
	var found []string
	for line := range strings.Lines(Whole().Text(0)) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue // the name of a state, and empty lines
		}
		found = append(found, words[0]+"/"+words[2])
	}
	want := ids(Whole())
	slices.Sort(found)
	slices.Sort(want)
	if diff := diffLines(strings.Join(want, "\n"), strings.Join(found, "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Folded or not, the words are the same, and none stands outside of 100 columns.
func TestText_FoldsWithinItsWidth(t *testing.T) {
	text := Whole().Text(100)
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	folded := strings.Join(strings.Fields(text), " ")
	for _, r := range Whole() {
		if !strings.Contains(folded, r.Name+" "+r.next()+" "+r.story()) {
			t.Errorf("%s is not there, or not whole", r.ID())
		}
	}
}

func TestFold(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 5, ""},
		{"one", 5, "one"},
		{"one two", 7, "one two"},
		{"one two", 6, "one|two"},
		{"üüü üüü", 7, "üüü üüü"},
		{"a conversation is long", 4, "a|conversation|is|long"},
	} {
		if got := strings.Join(fold(test.text, test.width), "|"); got != test.want {
			t.Errorf("fold(%q, %d) = %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

// What a program reads is what the table says.
func TestJSON_HasEveryRule(t *testing.T) {
	var table struct {
		States, Inputs []string
		Rules          []struct {
			ID, From, On, Name, When, To, Class string
			Does                                [][]string
			Ref                                 []string
		}
	}
	if err := json.Unmarshal([]byte(Whole().JSON()), &table); err != nil {
		t.Fatal(err)
	}
	if len(table.States) != len(States()) || len(table.Inputs) != len(Inputs()) || len(table.Rules) != NumRules() {
		t.Fatalf("%d states, %d inputs, %d rules", len(table.States), len(table.Inputs), len(table.Rules))
	}
	for i, want := range Rules() {
		got := table.Rules[i]
		if got.ID != want.ID() || got.From != want.From.String() || got.On != want.On.String() || got.Name != want.Name ||
			got.When != want.When || got.To != want.To.String() || got.Class != want.As.String() || strings.Join(got.Ref, " ") != want.Ref {
			t.Errorf("rule %d is written as %+v, want %s", i, got, want.ID())
		}
		if len(got.Does) == 0 {
			t.Errorf("%s: no example of what it does", want.ID())
		}
	}
}

// element is a part of a drawing.
type element struct {
	XMLName  xml.Name
	Class    string    `xml:"class,attr"`
	X        float64   `xml:"x,attr"`
	Y        float64   `xml:"y,attr"`
	Width    string    `xml:"width,attr"`
	Height   string    `xml:"height,attr"`
	Title    string    `xml:"title"`
	Children []element `xml:",any"`
}

func drawing(t *testing.T, v View) element {
	t.Helper()
	var root element
	decoder := xml.NewDecoder(strings.NewReader(v.SVG()))
	if err := decoder.Decode(&root); err != nil {
		t.Fatal(err)
	}
	behind, err := decoder.Token()
	if space, is := behind.(xml.CharData); is && strings.TrimSpace(string(space)) == "" {
		behind, err = decoder.Token()
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("behind the drawing stands %v, %v", behind, err)
	}
	return root
}

func (e element) all(class string) []element {
	var found []element
	if e.Class == class {
		found = append(found, e)
	}
	for _, child := range e.Children {
		found = append(found, child.all(class)...)
	}
	return found
}

// Each arrow is there once, and says which rules it stands for.
func TestSVG_HasEveryArrow(t *testing.T) {
	for name, v := range map[string]View{"whole": Whole(), "established": Whole().In(Established), "nothing": Whole().On(LingerDue)} {
		root := drawing(t, v)
		if got, want := len(root.all("state")), len(States()); got != want {
			t.Errorf("%s: %d states, want %d", name, got, want)
		}
		said := ""
		for _, arrow := range root.all("edge") {
			said += arrow.Title + ", "
		}
		for _, r := range v {
			if n := strings.Count(said, " "+r.ID()+","); (n == 1) != (r.From != r.To) {
				t.Errorf("%s: %d arrows stand for %s, from %s to %s", name, n, r.ID(), r.From, r.To)
			}
		}
	}
}

// Labels can be read: all of them are inside the drawing, none is on another or on a state. A new rule may bring an arrow or a
// longer label; then a bend in render_svg.go has to make room.
func TestSVG_LabelsAreFree(t *testing.T) {
	type box struct {
		what                     string
		left, top, right, bottom float64
	}
	var boxes []box
	for _, e := range Whole().edges() {
		c, at := e.arrow()
		l := labelOf(c.at(at), e.inputs)
		boxes = append(boxes, box{e.from.String() + " to " + e.to.String(), l.left, l.top, l.left + l.width, l.top + l.height})
	}
	if got, want := len(drawing(t, Whole()).all("under")), len(boxes); got != want {
		t.Errorf("%d labels are drawn, want %d", got, want)
	}
	for _, s := range States() {
		p := places[s]
		boxes = append(boxes, box{s.String(), p.x - boxWidth/2, p.y - boxHeight/2, p.x + boxWidth/2, p.y + boxHeight/2})
	}
	for i, a := range boxes {
		if a.left < 0 || a.top < 0 || a.right > drawingWidth || a.bottom > drawingHeight {
			t.Errorf("%s is not inside the drawing: %+v", a.what, a)
		}
		for _, b := range boxes[i+1:] {
			if a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom {
				t.Errorf("%s and %s stand on each other: %+v, %+v", a.what, b.what, a, b)
			}
		}
	}
}

// A bend for an arrow that is gone would be read for nothing.
func TestSVG_BendsAreOfArrows(t *testing.T) {
	for pair := range bends {
		if !slices.ContainsFunc(Whole().edges(), func(e edge) bool { return e.from == pair[0] && e.to == pair[1] }) {
			t.Errorf("there is a bend for an arrow from %s to %s, and no such arrow", pair[0], pair[1])
		}
	}
}
