package demo

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the golden file")

func testCast() Cast {
	return Cast{
		Name: [2]string{"alice", "bob"}, Addr: [2]string{"127.0.0.2:7777", "127.0.0.3:7777"},
		Latency: 30 * time.Millisecond, Retransmit: 600 * time.Millisecond,
	}
}

// TestPicture compares every kind of line with a golden file, at times that are given.
func TestPicture(t *testing.T) {
	const golden = "../../../../testdata/demo/picture.golden"
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	entries := []Entry{
		{At: ms(0), Kind: Chapter, Text: "1  Opening", Detail: "What it is about, in a sentence that is long enough to need a second line of the picture when it is shown."},
		{At: ms(0), Side: Left, Kind: Act, Text: "invites bob"},
		{At: ms(0), Side: Left, Kind: Step, Text: "idle", Detail: "syn-sent", Rule: "invite"},
		{At: ms(0), Side: Left, Kind: Told, Text: "inviting bob"},
		{At: ms(0), Side: Left, Kind: Datagram, Text: `SYN seq=0 announce="simp/1"`, Copy: 1},
		{At: ms(30), Side: Right, Kind: Step, Text: "idle", Detail: "syn-received", Rule: "invitation"},
		{At: ms(30), Side: Right, Kind: Told, Text: "alice invites you"},
		{At: ms(30), Side: Right, Kind: Datagram, Text: `ACK seq=0 of="syn"`, Copy: 1},
		{At: ms(60), Side: Left, Kind: Step, Text: "syn-sent", Detail: "syn-sent", Rule: "ringing"},
		{At: ms(90), Side: Right, Kind: Step, Text: "syn-received", Detail: "established", Rule: "confirmed"},
		{At: ms(1000), Kind: Chapter, Text: "2  A datagram is lost", Detail: "Briefly."},
		{At: ms(1000), Side: Left, Kind: Act, Text: "says: This is a message that does not fit into its lane"},
		{At: ms(1000), Side: Left, Kind: Datagram, Text: `CHAT seq=0 len=47 "This is a message that does not fit into its lane"`, Copy: 1, Lost: true},
		{At: ms(1600), Side: Left, Kind: Datagram, Text: `CHAT seq=0 len=47 "This is a message that does not fit into its lane"`, Copy: 2},
		{At: ms(1700), Side: Right, Kind: Datagram, Text: `CHAT seq=0 len=5 "Hello"`, Copy: 1, Lost: true},
		{At: ms(61600), Side: Right, Kind: Datagram, Text: `CHAT seq=0 len=5 "Hello"`, Copy: 12},
		{At: ms(61700), Side: Right, Kind: Told, Text: strings.Repeat("x", 60)},
	}
	p := Painter{Cast: testCast()}
	var b strings.Builder
	b.WriteString(p.Head())
	for _, e := range entries {
		b.WriteString(p.Entry(e))
	}
	b.WriteString(p.Verdict(Verdict{Summary: "All of it arrived."}))
	b.WriteString(p.Verdict(Verdict{Missing: []string{"This did not happen.", strings.Repeat("Nor did this. ", 10)}}))

	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("the picture has changed (-want +got; go test ./cmd/simplab/... -update rewrites it):\n%s", diff)
	}
}

// TestLines: whatever happens, no line is wider than the picture, both lifelines stay in their columns, nothing of a
// text beside them is lost, and colour adds nothing but escape sequences.
func TestLines(t *testing.T) {
	escape := regexp.MustCompile("\x1b\\[[0-9]+m")
	rapid.Check(t, func(t *rapid.T) {
		e := Entry{
			At:     time.Duration(rapid.Int64Range(0, int64(15*time.Minute)).Draw(t, "at")),
			Side:   rapid.SampledFrom([]Side{Left, Right}).Draw(t, "side"),
			Kind:   rapid.SampledFrom([]Kind{Act, Step, Told, Datagram}).Draw(t, "kind"),
			Text:   rapid.StringMatching(`[a-zé"= -]{0,80}`).Draw(t, "text"),
			Detail: rapid.StringMatching(`[a-z-]{1,12}`).Draw(t, "detail"),
			Rule:   rapid.StringMatching(`[a-z-]{1,40}`).Draw(t, "rule"),
			Copy:   rapid.IntRange(1, 1000).Draw(t, "copy"),
			Lost:   rapid.Bool().Draw(t, "lost"),
		}
		plain := Painter{Cast: testCast()}.Entry(e)
		if got := escape.ReplaceAllString(Painter{Cast: testCast(), Colour: true}.Entry(e), ""); got != plain {
			t.Errorf("without its escape sequences the coloured picture is\n%swant\n%s", got, plain)
		}
		var beside strings.Builder
		for line := range strings.Lines(plain) {
			line = strings.TrimSuffix(line, "\n")
			if n := utf8.RuneCountInString(line); n > Width {
				t.Errorf("this line has %d columns:\n%s", n, line)
			}
			r := []rune(line)
			const first = timeWidth + 1 + laneWidth + 1
			const second = first + 1 + wireWidth
			if len(r) <= second || r[first] != '│' || r[second] != '│' {
				t.Errorf("the lifelines are not in columns %d and %d:\n%s", first, second, line)
				continue
			}
			beside.WriteString(string(r[timeWidth:first]) + string(r[second+1:]))
		}
		letters := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if (e.Kind == Act || e.Kind == Told) && letters(beside.String())[1:] != letters(e.Text) {
			t.Errorf("%q is drawn as:\n%s", e.Text, plain)
		}
	})
}
