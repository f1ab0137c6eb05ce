package ladder

import (
	"math"
	"strings"
	"testing"

	"simp/engine/follow"
	"simp/fsm"
)

// Whoever follows an arrow of the machine does not run into another state.
func TestMachine_Arrows(t *testing.T) {
	drawn := machine(0)
	at := places()
	if len(leads()) < 10 {
		t.Fatalf("%d arrows", len(leads()))
	}
	for _, pair := range leads() {
		if !strings.Contains(drawn, `data-lead="`+pair[0].String()+" "+pair[1].String()+`"`) {
			t.Errorf("there is no arrow from %s to %s", pair[0], pair[1])
		}
		bend, given := bends()[pair]
		if !given {
			bend = usualBend
		}
		c := arrowBetween(at[pair[0]], at[pair[1]], bend)
		for _, s := range fsm.States() {
			if s == pair[0] || s == pair[1] {
				continue
			}
			for step := range 101 {
				p := c.at(float64(step) / 100)
				if math.Abs(p.x-at[s].x) < boxWidth/2 && math.Abs(p.y-at[s].y) < boxHeight/2 {
					t.Fatalf("the arrow from %s to %s goes through %s", pair[0], pair[1], s)
				}
			}
		}
		for step := range 101 {
			if p := c.at(float64(step) / 100); p.x < 0 || p.y < 0 || p.x > machineWidth || p.y > machineHeight {
				t.Fatalf("the arrow from %s to %s leaves the picture", pair[0], pair[1])
			}
		}
	}
	for _, s := range fsm.States() {
		if !strings.Contains(drawn, `data-state="`+s.String()+`"`) {
			t.Errorf("there is no %s", s)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, ""},
		{"one two", 10, "one two"},
		{"one two three", 7, "one two|three"},
		{"one two three", 8, "one two|three"},
		{"abcdefghij", 4, "abcd|efgh|ij"},
		{"a abcdefghij", 4, "a|abcd|efgh|ij"},
		{"日本語テキスト", 6, "日本語|テキス|ト"},
		{"日本", 1, "日|本"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301e\u0301|e\u0301"},
	} {
		if got := strings.Join(wrap(test.text, test.width), "|"); got != test.want {
			t.Errorf("wrap(%q, %d) = %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

func TestShaft(t *testing.T) {
	for _, test := range []struct {
		label  string
		left   bool
		dashed bool
		want   string
	}{
		{"SYN", false, false, "── SYN ────────────▶"},
		{"SYN", true, false, "◀──────────── SYN ──"},
		{"", false, false, "───────────────────▶"},
		{"ACK", false, true, "- - ACK - - - - - ->"},
		{"ACK", true, true, "<- - - - - - ACK - -"},
		{"", true, true, "<- - - - - - - - - -"},
	} {
		from := follow.Caller
		if test.left {
			from = follow.Called
		}
		got := shaft(test.label, 20, from, test.dashed)
		if got != test.want {
			t.Errorf("%+v:\n%s", test, got)
		}
	}
}
