package text

import (
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestVisible(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain ASCII", `C:\temp <b> & "quotes" \u202e`, `C:\temp <b> & "quotes" \u202e`},
		{"letters of many scripts", "Grüße, Ελλάδα, 日本語, 한국어, עברית", "Grüße, Ελλάδα, 日本語, 한국어, עברית"},
		{"combining marks", "e\u0301 n\u0303", "e\u0301 n\u0303"},
		{"no-break and ideographic space", "a\u00a0b\u3000c", "a\u00a0b\u3000c"},
		{"replacement character", "\ufffd", "\ufffd"},

		{"escape sequence", "\x1b[2J\x1b]0;pwned\a", "␛[2J␛]0;pwned␇"},
		{"forged line", "hi\r\nbob: hello", "hi␍␊bob: hello"},
		{"tab, NUL, DEL", "a\tb\x00c\x7f", "a␉b␀c␡"},
		{"C1 controls", "a\u0080b\u009b31m\u009f", "a⟨U+0080⟩b⟨U+009B⟩31m⟨U+009F⟩"},
		{"bidi override", "exe.\u202egnp", "exe.⟨U+202E⟩gnp"},
		{"bidi isolates and marks", "\u2066\u2069\u200e\u200f\u061c", "⟨U+2066⟩⟨U+2069⟩⟨U+200E⟩⟨U+200F⟩⟨U+061C⟩"},
		{"zero widths", "a\u200bb\u2060c\ufeffd\u00ade", "a⟨U+200B⟩b⟨U+2060⟩c⟨U+FEFF⟩d⟨U+00AD⟩e"},
		{"fillers", "\u3164\u115f\u034f", "⟨U+3164⟩⟨U+115F⟩⟨U+034F⟩"},
		{"separators", "a\u2028b\u2029", "a⟨U+2028⟩b⟨U+2029⟩"},
		{"tags", "🏴\U000e0067\U000e007f", "🏴⟨U+E0067⟩⟨U+E007F⟩"},
		{"private use and non-characters", "\ue000\ufdd0\U0010ffff", "⟨U+E000⟩⟨U+FDD0⟩⟨U+10FFFF⟩"},
		{"bytes that are not UTF-8", "a\xffb\xc3", "a⟨0xFF⟩b⟨0xC3⟩"},
		{"encoded surrogate", "\xed\xa0\x80", "⟨0xED⟩⟨0xA0⟩⟨0x80⟩"},

		{"typed picture", "␛[2J", "⟨U+241B⟩[2J"},
		{"typed escape", "⟨U+202E⟩", "⟨U+27E8⟩U+202E⟩"},

		{"emoji", "👍 🎉 ❤️ ©️", "👍 🎉 ❤️ ©️"},
		{"joined emoji", "👩‍👩‍👧 🏳️‍🌈 👩🏽‍⚕️ 🙂‍↔️", "👩‍👩‍👧 🏳️‍🌈 👩🏽‍⚕️ 🙂‍↔️"},
		{"keycap and flag", "1️⃣ 🇦🇹", "1️⃣ 🇦🇹"},
		{"emoji younger than the tables", "\U0001fae9", "\U0001fae9"},
		{"Persian", "می\u200cخواهم", "می\u200cخواهم"},
		{"Hindi", "क्\u200dष", "क्\u200dष"},
		{"joiner between Latin letters", "pay\u200dpal\u200c.", "pay⟨U+200D⟩pal⟨U+200C⟩."},
		{"joiner at the end", "👩\u200d", "👩⟨U+200D⟩"},
		{"joiner at the beginning", "\u200d👩", "⟨U+200D⟩👩"},
		{"joiner after an escape", "⟨\u200d👩", "⟨U+27E8⟩⟨U+200D⟩👩"},
		{"row of selectors", "👍\ufe0f\ufe0f\ufe01\U000e0100", "👍\ufe0f⟨U+FE0F⟩⟨U+FE01⟩⟨U+E0100⟩"},
		{"selector after a letter", "a\ufe0f", "a⟨U+FE0F⟩"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Visible(tt.in); got != tt.want {
				t.Errorf("Visible(%+q)\n got %+q\nwant %+q", tt.in, got, tt.want)
			}
			if got := string(AppendVisible([]byte("bob: "), tt.in)); got != "bob: "+tt.want {
				t.Errorf("AppendVisible(\"bob: \", %+q) = %+q", tt.in, got)
			}
			if got := unvisible(t, tt.want); got != tt.in {
				t.Errorf("%+q reads as %+q, want %+q", tt.want, got, tt.in)
			}
		})
	}
}

// Every rune, and not only those that somebody thought of.
func TestVisibleShowsNoDangerousRune(t *testing.T) {
	for r := range everyRune {
		checkVisible(t, string(r))
	}
}

// everyRune yields every code point of the planes in which Unicode assigns
// characters, and a sample of the others.
func everyRune(yield func(rune) bool) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if plane := r >> 16; plane >= 4 && plane != 14 && r&0xff != 0 && r&0xffff != 0xffff {
			continue
		}
		if !yield(r) {
			return
		}
	}
}

func TestVisibleIsUnambiguous(t *testing.T) {
	piece := rapid.OneOf(
		rapid.String(),
		rapid.SampledFrom([]string{"⟨", "⟩", "⟨U+", "⟨0xFF⟩", "␛", "\x1b", "\u202e", "\u200d", "\ufe0f", "👩", "⚕", "\xff", "\\"}),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 4), func(b []byte) string { return string(b) }),
	)
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), "")
		checkVisible(t, s)
	})
}

func FuzzVisible(f *testing.F) {
	for _, s := range []string{"", "hello", "\x1b[2J", "\u202e", "👩‍👩‍👧", "⟨U+202E⟩", "␛", "\xff\xfe", "می\u200cخواهم"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkVisible(t, s) })
}

// checkVisible holds Visible to its promises for s: nothing dangerous in it, not
// after a second pass either, and s can be read from it.
func checkVisible(t rapid.TB, s string) {
	t.Helper()
	once := Visible(s)
	for _, shown := range []string{once, Visible(once)} {
		if !utf8.ValidString(shown) {
			t.Errorf("%+q: not UTF-8: %+q", s, shown)
		}
		for _, r := range shown {
			if unicode.Is(unicode.Cc, r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) ||
				0xe0000 <= r && r <= 0xe007f || r == 0x200b || r == 0xfeff {
				t.Errorf("%+q: %U is left in %+q", s, r, shown)
			}
		}
	}
	if back := unvisible(t, once); back != s {
		t.Errorf("%+q is shown as %+q, which reads as %+q", s, once, back)
	}
}

// unvisible reads what Visible wrote; that it can be written shows that no two
// texts look the same.
func unvisible(t rapid.TB, shown string) string {
	t.Helper()
	var b strings.Builder
	for len(shown) > 0 {
		r, size := utf8.DecodeRuneInString(shown)
		if r != '⟨' {
			switch {
			case r == '␡':
				b.WriteByte(0x7f)
			case '␀' <= r && r < '␡':
				b.WriteRune(r - '␀')
			default:
				b.WriteString(shown[:size])
			}
			shown = shown[size:]
			continue
		}
		escape, rest, ok := strings.Cut(shown[size:], "⟩")
		if !ok || len(escape) < 3 {
			t.Fatalf("half an escape in %+q", shown)
		}
		n, err := strconv.ParseUint(escape[2:], 16, 32)
		if err != nil {
			t.Fatalf("escape %+q: %v", escape, err)
		}
		switch escape[:2] {
		case "U+":
			b.WriteRune(rune(n))
		case "0x":
			b.WriteByte(byte(n))
		default:
			t.Fatalf("unknown escape %+q", escape)
		}
		shown = rest
	}
	return b.String()
}

func BenchmarkAppendVisible(b *testing.B) {
	for name, s := range map[string]string{
		"ascii": "hello bob, how are you today? I am fine.",
		"emoji": "Grüße aus Wien 👩‍👩‍👧 ❤️",
	} {
		b.Run(name, func(b *testing.B) {
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst = AppendVisible(dst[:0], s)
			}
		})
	}
}
