package explain

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"simp/engine/follow"
	"simp/engine/rules"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const golden = "../../../../testdata/explain"

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join(golden, name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got; if that is meant: go test ./cmd/simplab/internal/explain -update):\n%s", name, diff)
	}
}

var (
	alice = netip.MustParseAddrPort("192.0.2.1:7777")
	bob   = netip.MustParseAddrPort("[2001:db8::2]:7777")
	start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

// Rules as they could be. What is shown of real ones is a matter of the scripts.
var (
	repeat = &rules.Rule{
		ID: "sw/4", Name: "A repeat is the same", Sentence: "It sends the same datagram again.", Ref: "4.3 4.4",
		Usually: "Its resend path changes the number before it sends, so that whoever gets it takes it for a new message.",
	}
	answer = &rules.Rule{ID: "hs/2", Name: "SYN is answered", Sentence: "SYN+ACK, FIN or ERR.", Usually: "It has ended on this SYN."}
	zero   = &rules.Rule{ID: "hs/1", Name: "SYN carries 0", Sentence: "SYN carries 0 | (ours).", Ref: "3.1", Severity: rules.Deviation, Usually: "It counts on."}
	twice  = &rules.Rule{ID: "zz/10", Name: "One ACK", Sentence: "One ACK each.", Ref: "4.5", Severity: rules.Remark, Usually: "It answers twice."}
)

// story is two conversations in which everything is that can be.
func story() []*rules.Report {
	parties := [2]follow.Party{{Addr: alice, Name: "alice"}, {Addr: bob, Name: "bob"}}
	return []*rules.Report{
		{Conversation: 1, Parties: parties, First: 1, Packets: 3},
		{Conversation: 2, Parties: parties, First: 4, Packets: 40, Findings: []*rules.Finding{
			{
				Rule: repeat, Packet: 7, At: at(503), By: alice, User: "alice", Seen: `CHAT seq=1 "hello"`, Expected: "CHAT seq=0, as in #5", Count: 12,
				More: []int{9, 11},
				Consequences: []*rules.Finding{
					{Rule: answer, Packet: 8, At: at(604), By: bob, User: "bob", Seen: "nothing in answer to #7", Expected: "ACK seq=0, at once", Count: 2, More: []int{10}, Unsure: true},
					{Rule: twice, Severity: rules.Remark, Packet: 12, At: at(61000), By: alice, User: "alice", Seen: "another ACK", Expected: "one", Count: 1},
				},
			},
			{Rule: answer, Packet: 20, At: at(70001), By: bob, User: "bob", Seen: "nothing in answer to the SYN of #20", Expected: "SYN+ACK, FIN or ERR", Count: 1, Unsure: true},
			{Rule: zero, Severity: rules.Deviation, Packet: 4, At: at(0), By: alice, User: "alice", Seen: "SYN carries 1", Expected: "0", Count: 2, More: []int{5}},
			{Rule: twice, Severity: rules.Remark, Packet: 30, At: at(90000), By: bob, User: "bob", Seen: "a second ACK", Expected: "one", Count: 4},
		}},
		{Conversation: 3, Late: true, Parties: [2]follow.Party{{Addr: alice}, {Addr: bob, Name: hostile}}, First: 44, Packets: 1, Findings: []*rules.Finding{
			{Rule: repeat, Packet: 44, At: at(95000), By: bob, User: hostile, Seen: "the name " + hostile, Expected: hostile, Count: 1},
			{Rule: answer, Packet: 44, At: at(95000), By: alice, Seen: "nothing", Expected: "something", Count: 1},
		}},
	}
}

// hostile tries to clear a screen, to turn text round, to forge a line, and to be Markdown and HTML.
const hostile = "\x1b[2J\u202eevil\n\u009b1mNo deviation.<img src=x>[click](https://x.example) `*_|\xff"

func write(w Writer, names ...string) error {
	var total Tally
	for _, name := range names {
		s := &Source{Name: name, Start: start, Timed: true}
		if name == "c.pcap" {
			w.Unread(s, errors.New("it is empty"))
			continue
		}
		w.Begin(s)
		t := Tally{Datagrams: 44, Others: 7, Cut: 1}
		for _, r := range story() {
			t.Conversations++
			t.Add(r)
			w.Report(r)
		}
		var broken error
		if name == "b.pcap" {
			broken = errors.New("it breaks off in packet 45")
		}
		w.End(t, broken)
		total = total.Plus(t)
	}
	return w.Close(total)
}

func TestWriters(t *testing.T) {
	for _, test := range []struct {
		golden string
		writer func(io.Writer) Writer
		names  []string
	}{
		{"one.txt", func(w io.Writer) Writer { return Text(w, 0, false) }, []string{""}},
		{"narrow.txt", func(w io.Writer) Writer { return Text(w, 60, false) }, []string{""}},
		{"colour.txt", func(w io.Writer) Writer { return Text(w, 80, true) }, []string{""}},
		{"two.txt", func(w io.Writer) Writer { return Text(w, 0, false) }, []string{"a.pcap", "c.pcap", "b.pcap"}},
		{"two.md", Markdown, []string{"a.pcap", "c.pcap", "b.pcap"}},
		{"two.json", JSON, []string{"a.pcap", "c.pcap", "b.pcap"}},
		{"none.json", JSON, nil},
	} {
		t.Run(test.golden, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(test.writer(&b), test.names...); err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(test.golden, ".json") && !json.Valid(b.Bytes()) {
				t.Error("this is no JSON")
			}
			compare(t, test.golden, b.String())
		})
	}
}

// Nothing that somebody sent reaches a terminal as anything but text, or a document as anything but words.
func FuzzUntrusted(f *testing.F) {
	f.Add(hostile)
	f.Add("bob")
	f.Add("␛⟨U+202E⟩ \U000e0041")
	f.Fuzz(func(t *testing.T, s string) {
		r := &rules.Report{Conversation: 1, Parties: [2]follow.Party{{Addr: alice, Name: s}, {Addr: bob}}, Findings: []*rules.Finding{
			{Rule: repeat, By: alice, User: s, Seen: "a " + s, Expected: "b " + s, Count: 1, Consequences: []*rules.Finding{
				{Rule: repeat, By: alice, User: s, Seen: "a " + s, Expected: "b " + s, Count: 1},
			}},
		}}
		for name, writer := range map[string]func(io.Writer) Writer{
			"text": func(w io.Writer) Writer { return Text(w, 40, false) }, "markdown": Markdown, "json": JSON,
		} {
			var b bytes.Buffer
			w := writer(&b)
			w.Begin(&Source{Name: "of " + s, Start: start})
			w.Report(r)
			w.End(Tally{}, errors.New(s))
			if err := w.Close(Tally{}); err != nil {
				t.Fatal(err)
			}
			for _, c := range b.String() {
				if c != '\n' && unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) {
					t.Errorf("%s has %U in it:\n%q", name, c, &b)
				}
			}
			if name == "json" && !json.Valid(b.Bytes()) {
				t.Errorf("this is no JSON: %s", &b)
			}
			if name == "markdown" && strings.Contains(strings.ReplaceAll(b.String(), `\<`, ""), "<") {
				t.Errorf("Markdown has HTML in it:\n%s", &b)
			}
			if name == "markdown" && strings.Count(b.String(), "\n") != 15 {
				t.Errorf("%d lines of Markdown, want 15:\n%s", strings.Count(b.String(), "\n"), &b)
			}
		}
	})
}

// full is where nothing can be written.
type full struct{ room int }

var errFull = errors.New("no room")

func (f *full) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestWriters_TellThatNothingCouldBeWritten(t *testing.T) {
	for room := range 40 {
		for name, w := range map[string]Writer{"text": Text(&full{20 * room}, 0, false), "markdown": Markdown(&full{20 * room}), "json": JSON(&full{20 * room})} {
			if err := write(w, "a.pcap"); !errors.Is(err, errFull) {
				t.Errorf("%s with room for %d bytes: %v, want %v", name, 20*room, err, errFull)
			}
		}
	}
}

func TestSource_NamesForThoseWithoutAddresses(t *testing.T) {
	s := &Source{
		Who: func(a netip.AddrPort) string {
			return map[bool]string{true: "the first side", false: "the second side"}[a == alice]
		},
		Lone: func(r *rules.Report) bool { return r.First == 9 },
	}
	var b bytes.Buffer
	w := Text(&b, 0, false)
	w.Begin(s)
	f := rules.Finding{Rule: repeat, Packet: 9, At: at(1), By: bob, Seen: "this", Expected: "that", Count: 1}
	for _, first := range []int{3, 9} {
		w.Report(&rules.Report{Conversation: 1, Parties: [2]follow.Party{{Addr: alice, Name: "bob"}, {Addr: bob}}, First: first, Packets: 2, Findings: []*rules.Finding{&f}})
	}
	for _, want := range []string{
		"\nConversation 1: bob (the first side) and the second side, 2 datagrams from #3\n", "\nDatagram #9\n", "\n  #9, the second side, violation of sw/4: A repeat",
	} {
		if !strings.Contains("\n"+b.String(), want) {
			t.Errorf("it lacks %q:\n%s", want, &b)
		}
	}
}

// Two with the same name are told apart by their addresses.
func TestActor_OfTheSameName(t *testing.T) {
	s := &Source{}
	f := &rules.Finding{By: bob, User: "sam"}
	got := s.actor(f, [2]follow.Party{{Addr: alice, Name: "sam"}, {Addr: bob, Name: "sam"}})
	if want := "sam ([2001:db8::2]:7777)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAlso(t *testing.T) {
	for _, test := range []struct {
		more  []int
		count int
		want  string
	}{
		{nil, 1, ""}, {[]int{2}, 2, "#2"}, {[]int{2, 3}, 3, "#2 and #3"}, {[]int{2, 3}, 10, "#2, #3 and 7 more"}, {nil, 3, "2 more"},
	} {
		if got := also(&rules.Finding{More: test.more, Count: test.count}); got != test.want {
			t.Errorf("%v of %d: %q, want %q", test.more, test.count, got, test.want)
		}
	}
}

func TestFold(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"one two three", 8, []string{"one two", "three"}},
		{"one  two", 8, []string{"one  two"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"ab abcdefghij k", 4, []string{"ab", "abcd", "efgh", "ij k"}},
		{"äöüß äöüß", 4, []string{"äöüß", "äöüß"}},
	} {
		if diff := cmp.Diff(test.want, fold(test.text, test.width)); diff != "" {
			t.Errorf("%q in %d columns (-want +got):\n%s", test.text, test.width, diff)
		}
	}
}
