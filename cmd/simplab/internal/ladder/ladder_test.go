package ladder_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"simp/cmd/simplab/internal/ladder"
	"simp/codec"
	"simp/engine/follow"
)

var (
	alice = netip.MustParseAddrPort("10.0.0.1:7777")
	bob   = netip.MustParseAddrPort("10.0.0.2:7777")
	carol = netip.MustParseAddrPort("10.0.0.3:7777")
	start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

// trace builds captures.
type trace []follow.Packet

func (t *trace) send(tb testing.TB, after time.Duration, from, to netip.AddrPort, d codec.Datagram) {
	tb.Helper()
	b, err := codec.Canonical.Append(nil, d)
	if err != nil {
		tb.Fatal(err)
	}
	t.bytes(after, from, to, b)
}

func (t *trace) bytes(after time.Duration, from, to netip.AddrPort, b []byte) {
	at := start
	if n := len(*t); n > 0 {
		at = (*t)[n-1].At
	}
	*t = append(*t, follow.Packet{N: len(*t) + 1, At: at.Add(after), From: from, To: to, Bytes: b})
}

// chat opens a chat.
func (t *trace) chat(tb testing.TB, from, to netip.AddrPort) {
	tb.Helper()
	t.send(tb, time.Second, from, to, codec.Datagram{Kind: codec.SYN, User: []byte("x")})
	t.send(tb, time.Second, to, from, codec.Datagram{Kind: codec.SYNACK, User: []byte("y")})
	t.send(tb, time.Millisecond, from, to, codec.Datagram{Kind: codec.ACK, User: []byte("x")})
}

// What peers write must not become part of what is drawn.
func TestDrawings_Hostile(t *testing.T) {
	evil := "</script><script>alert(1)</script>"
	user := "<b>&\"'#;end\n\u202e"
	payload := evil + "]]>-->\"'`${1}\x1b[31m\u202e\u2028\x00\x85 %% #59; \xff"
	datagram := make([]byte, codec.HeaderLen, 200)
	datagram[0], datagram[1] = 2, 1
	copy(datagram[3:], user)
	datagram[38] = byte(len(payload))
	datagram = append(datagram, payload...)
	var all trace
	all.chat(t, alice, bob)
	all.bytes(time.Second, alice, bob, datagram)
	all.bytes(time.Second, alice, bob, []byte("<script>no datagram</script>"))

	drawings := map[string]string{}
	for name, with := range map[string]func(io.Writer) ladder.Drawing{
		"text": asText(ladder.TextOptions{}), "slim": asText(ladder.TextOptions{Width: 50}), "plain": asPlain, "json": asJSON, "svg": asSVG, "mermaid": asMermaid, "html": asHTML,
	} {
		drawn := draw(t, all, ladder.Options{}, with)
		drawings[name] = drawn
		if !utf8.ValidString(drawn) {
			t.Errorf("%s is not UTF-8", name)
		}
		for _, r := range drawn {
			if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028') {
				t.Errorf("%s holds %U", name, r)
			}
		}
		if name != "plain" && name != "text" && name != "slim" && name != "json" && strings.Contains(drawn, "<script>alert") {
			t.Errorf("%s holds a script of the peer's", name)
		}
		if !strings.Contains(drawn, "alert(1)") && name != "text" && name != "slim" { // those fold
			t.Errorf("%s does not show what came:\n%s", name, drawn)
		}
	}
	decoder := xml.NewDecoder(strings.NewReader(drawings["svg"]))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the picture is no XML: %v", err)
		}
	}
	for line := range strings.Lines(drawings["mermaid"]) {
		if _, text, is := strings.Cut(line, ": "); is && strings.ContainsAny(strings.TrimSpace(strings.ReplaceAll(text, "#", "")), "<>%") {
			t.Errorf("Mermaid would read more than text: %q", line)
		}
	}
	if n := strings.Count(drawings["html"], "<script"); n != 2 {
		t.Errorf("the page has %d scripts, want its data and its own", n)
	}
	_, data, _ := strings.Cut(drawings["html"], `type="application/json">`)
	data, _, _ = strings.Cut(data, "</script>")
	if err := json.Unmarshal([]byte(data), new([]any)); err != nil {
		t.Errorf("the data of the page: %v in %s", err, data)
	}
}

// Lines are as wide as they may be, and what is said is whole.
func TestText_Width(t *testing.T) {
	for _, name := range recordings(t) {
		all := packets(t, name)
		for _, width := range []int{20, 40, 75, 76, 80, 100, 140} {
			drawn := draw(t, all, ladder.Options{}, asText(ladder.TextOptions{Width: width}))
			for line := range strings.Lines(drawn) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
					t.Errorf("%s: %d columns instead of %d: %q", name, n, width, line)
				}
			}
		}
	}
}

// Two conversations at once: one after the other, in parts where not so much may be kept, and as it happens where nothing may.
func TestText_Conversations(t *testing.T) {
	var all trace
	all.chat(t, alice, bob)
	all.chat(t, carol, bob)
	for i := range 5 {
		all.send(t, time.Second, alice, bob, codec.Datagram{Kind: codec.CHAT, Seq: uint8(i % 2), User: []byte("x"), Payload: []byte("from alice")})
		all.send(t, time.Millisecond, bob, alice, codec.Datagram{Kind: codec.ACK, Seq: uint8(i % 2), User: []byte("y")})
		all.send(t, time.Second, carol, bob, codec.Datagram{Kind: codec.CHAT, Seq: uint8(i % 2), User: []byte("x"), Payload: []byte("from carol")})
		all.send(t, time.Millisecond, bob, carol, codec.Datagram{Kind: codec.ACK, Seq: uint8(i % 2), User: []byte("y")})
	}
	for _, test := range []struct {
		hold   int
		titles int
	}{{0, 2}, {1 << 20, 2}, {-1, 14}} {
		drawn := draw(t, all, ladder.Options{}, asText(ladder.TextOptions{Hold: test.hold}))
		if n := strings.Count(drawn, "Conversation "); n != test.titles {
			t.Errorf("with room for %d bytes there are %d titles, want %d:\n%s", test.hold, n, test.titles, drawn)
		}
		if a, b := strings.Count(drawn, `"from alice"`), strings.Count(drawn, `"from carol"`); a != 5 || b != 5 {
			t.Errorf("with room for %d bytes %d and %d messages are drawn, want 5 and 5", test.hold, a, b)
		}
	}
	parts := draw(t, all, ladder.Options{}, asText(ladder.TextOptions{Hold: 600}))
	if n := strings.Count(parts, "Conversation 2"); n < 2 || n > 6 || !strings.Contains(parts, "Conversation 1: x (10.0.0.1) and y (10.0.0.2), continued") {
		t.Errorf("with room for some there are %d parts:\n%s", n, parts)
	}
}

// A pick leaves everything else out, and counts what there is.
func TestReader_Pick(t *testing.T) {
	all := packets(t, "a-busy")
	for _, test := range []struct {
		pick   ladder.Pick
		picked int
		has    string
	}{
		{ladder.Pick{}, 2, "conversation 1, "},
		{ladder.Pick{Conversation: 2}, 1, "127.0.0.3"},
		{ladder.Pick{Conversation: 3}, 0, ""},
		{ladder.Pick{Peer: netip.MustParseAddrPort("127.0.0.3:0")}, 1, "127.0.0.3"},
		{ladder.Pick{Peer: netip.MustParseAddrPort("127.0.0.2:7777")}, 2, "127.0.0.3"},
		{ladder.Pick{Peer: netip.MustParseAddrPort("127.0.0.2:7000")}, 0, ""},
	} {
		var out bytes.Buffer
		r := ladder.NewReader(ladder.Options{Pick: test.pick}, ladder.NewPlain(&out))
		for _, p := range all {
			if err := r.Packet(p); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Finish(); err != nil {
			t.Fatal(err)
		}
		if all, picked := r.Conversations(); all != 2 || picked != test.picked || !strings.Contains(out.String(), test.has) {
			t.Errorf("%+v: %d of %d conversations, want %d of 2:\n%s", test.pick, picked, all, test.picked, &out)
		}
		if test.picked == 0 && out.Len() > 0 {
			t.Errorf("%+v draws %s", test.pick, &out)
		}
	}
}

// A capture that begins in the middle says so; one that cannot be read as SIMP is shown as it is; what was cut is marked.
func TestRows_Remarks(t *testing.T) {
	var all trace
	all.send(t, 0, bob, alice, codec.Datagram{Kind: codec.CHAT, User: []byte("y"), Payload: []byte("hello")})
	all.bytes(time.Second, alice, bob, []byte{9, 9, 9})
	all[1].Cut = true
	drawn := draw(t, all, ladder.Options{}, asPlain)
	for _, want := range []string{
		"0.000 s, conversation 1, remark: the capture begins in the middle of this conversation: it has no SYN\n",
		"1.000 s, conversation 1, packet 2, 10.0.0.1 to 10.0.0.2: no datagram of SIMP: datagram shorter than its 39-byte header; not captured as a whole;",
		"1.000 s, conversation 1, remark: the capture ends before this conversation does\n",
		"ACK seq=0 of CHAT #1; awaited when the capture ends, until 5.000s\n",
	} {
		if !strings.Contains(drawn, want) {
			t.Errorf("it lacks %q:\n%s", want, drawn)
		}
	}
	if begins := draw(t, packets(t, "a-chat"), ladder.Options{}, asPlain); strings.Contains(begins, "begins in the middle") {
		t.Errorf("a capture from the beginning:\n%s", begins)
	}
}

// What cannot be drawn on one sheet is refused; what keeps nothing draws it.
func TestSheet_TooMany(t *testing.T) {
	var all trace
	all.chat(t, alice, bob)
	for i := range ladder.MostRows + 10 {
		all.send(t, time.Millisecond, alice, bob, codec.Datagram{Kind: codec.CHAT, Seq: uint8(i % 2), User: []byte("x"), Payload: []byte("m")})
	}
	for name, with := range map[string]func(io.Writer) ladder.Drawing{"svg": asSVG, "mermaid": asMermaid, "html": asHTML} {
		r := ladder.NewReader(ladder.Options{}, with(io.Discard))
		var err error
		for _, p := range all {
			if err = r.Packet(p); err != nil {
				break
			}
		}
		if !errors.Is(err, ladder.ErrTooMany) {
			t.Errorf("%s: %v, want %v", name, err, ladder.ErrTooMany)
		}
	}
	if lines := strings.Count(draw(t, all, ladder.Options{}, asPlain), "\n"); lines < ladder.MostRows {
		t.Errorf("%d plain lines", lines)
	}
}

// failing refuses to be written to.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }

// Who cannot write is told so.
func TestDrawings_CannotWrite(t *testing.T) {
	var all trace
	all.chat(t, alice, bob)
	for name, with := range map[string]func(io.Writer) ladder.Drawing{
		"text": asText(ladder.TextOptions{}), "plain": asPlain, "json": asJSON, "svg": asSVG, "mermaid": asMermaid, "html": asHTML,
	} {
		r := ladder.NewReader(ladder.Options{}, with(failing{}))
		var err error
		for _, p := range all {
			err = errors.Join(err, r.Packet(p))
		}
		if err = errors.Join(err, r.Finish()); err == nil {
			t.Errorf("%s does not tell that nothing was written", name)
		}
	}
}
