package text

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTransliterate(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"ASCII", "Hello, World!\t~\n", "Hello, World!\t~\n"},
		{"typed escape", "<U+03B1>", "<U+03B1>"},
		{"German", "Größe, Übermut, äöüß ÄÖÜẞ", "Groesse, Uebermut, aeoeuess AeOeUeSS"},
		{"German, decomposed", "Gro\u0308\u00dfe", "Groesse"},
		{"accents", "café à la crème, Ångström, señor, Dvořák", "cafe a la creme, Angstroem, senor, Dvorak"},
		{"letters without a decomposition", "Łódź, Ærø, Đorđe, œuvre, Isıl", "Lodz, Aero, Dorde, oeuvre, Isil"},
		{"quotes", "“a” ‘b’ „c‟ «d» ‹e› it’s", `"a" 'b' "c" "d" 'e' it's`},
		{"dashes and ellipsis", "a–b — c… ‐‑−", "a-b - c... ---"},
		{"euro", "5 €", "5 EUR"},
		{"compatibility", "ﬁn ① ½ x² Ｗｉｄｅ ™", "fin 1 1/2 x2 Wide TM"},
		{"spaces", "a\u00a0b\u2009c\u3000d", "a b c d"},
		{"other scripts", "αβ 日", "<U+03B1><U+03B2> <U+65E5>"},
		{"accent on another script", "ά", "<U+03AC>"},
		{"marks of a script are letters", "हि", "<U+0939><U+093F>"},
		{"emoji", "👍", "<U+1F44D>"},
		{"mark that does not compose", "q\u0323", "q"},
		{"mark without a letter", "\u0323a \u0323", "<U+0323>a <U+0323>"},
		{"mark after an escape", "日\u0323", "<U+65E5><U+0323>"},
		{"mark of its own", "¨", "<U+00A8>"},
		{"partly ASCII decomposition", "℃", "<U+2103>"},
		{"controls", "a\x1b[2J\x00\r\x7f\u009b", "a<U+001B>[2J<U+0000><U+000D><U+007F><U+009B>"},
		{"bidi and zero width", "a\u202eb\u200bc", "a<U+202E>b<U+200B>c"},
		{"bytes that are not UTF-8", "a\xffb\xc3", "a<0xFF>b<0xC3>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, changed := Transliterate(tt.in)
			if got != tt.want || changed != (tt.want != tt.in) {
				t.Errorf("Transliterate(%+q)\n got %+q, %v\nwant %+q, %v", tt.in, got, changed, tt.want, tt.want != tt.in)
			}
		})
	}
}

func TestTransliterateEveryRune(t *testing.T) {
	for r := range everyRune {
		checkTransliterate(t, string(r))
	}
}

func TestTransliterateAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkTransliterate(t, rapid.String().Draw(t, "text"))
		checkTransliterate(t, string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")))
	})
}

// More marks on one letter than normalization takes at once.
func TestTransliterateManyMarks(t *testing.T) {
	got, _ := Transliterate("a" + strings.Repeat("\u0301", 1000) + "b")
	if got != "ab" {
		t.Errorf("got %q, want ab", got)
	}
}

func FuzzTransliterate(f *testing.F) {
	for _, s := range []string{"", "hello", "Grüße", "u\u0308", "αβ", "\x00\xff", "½ ﬁ “x”", "a\u0323\u0308"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkTransliterate(t, s) })
}

func checkTransliterate(t rapid.TB, s string) {
	t.Helper()
	ascii, changed := Transliterate(s)
	for i := range len(ascii) {
		if c := ascii[i]; (c < ' ' || c > '~') && c != '\t' && c != '\n' {
			t.Errorf("%+q: byte %#02x in %+q", s, c, ascii)
		}
	}
	if changed != (ascii != s) {
		t.Errorf("%+q: changed is %v, got %+q", s, changed, ascii)
	}
	if s != "" && ascii == "" {
		t.Errorf("%+q: nothing is left", s)
	}
	if len(ascii) > 8*len(s) {
		t.Errorf("%+q: %d bytes become %d", s, len(s), len(ascii))
	}
	if again, changed := Transliterate(ascii); changed || again != ascii {
		t.Errorf("%+q: %+q transliterates to %+q", s, ascii, again)
	}
}

func BenchmarkTransliterate(b *testing.B) {
	for name, s := range map[string]string{"ascii": "hello bob, how are you?", "german": "schöne Grüße – Zoë"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Transliterate(s)
			}
		})
	}
}
