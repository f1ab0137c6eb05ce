package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Transliterate returns s in printable ASCII, tabs and line feeds, and whether
// that differs from s.
//
//   - ASCII stays, except for controls other than tab and line feed.
//   - ä, ö, ü and ß become ae, oe, ue and ss; a few Latin letters without a
//     decomposition become what stands in for them in names (ø o, ł l, æ ae).
//   - Typographic quotes, dashes and the ellipsis become the typewriter's, and
//     € becomes EUR.
//   - What Unicode declares equivalent to ASCII characters with or without
//     marks becomes these characters: é is e, ﬁ is fi, ① is 1, a no-break space
//     is a blank (Unicode Standard Annex #15, form NFKD).
//   - Everything else becomes <U+03B1>, and a byte that is not part of valid
//     UTF-8 <0xFF>.
//
// Nothing is dropped silently but a mark on an ASCII letter. The result is at
// most eight times as long as s in bytes, and transliterates to itself. It
// cannot be turned back: show the user what was really sent.
func Transliterate(s string) (ascii string, changed bool) {
	if asciiPrefix(s) == len(s) {
		return s, false
	}
	// Composed first, so that ü is one rune however it was typed.
	rest := norm.NFC.String(s)
	dst := make([]byte, 0, len(s)+16)
	// based says that dst ends in a character to which a mark may belong.
	based := false
	for len(rest) > 0 {
		if n := asciiPrefix(rest); n > 0 {
			dst = append(dst, rest[:n]...)
			based = rest[n-1] > ' '
			rest = rest[n:]
			continue
		}
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			dst = fmt.Appendf(dst, "<0x%02X>", rest[0])
			based = false
		case based && combining(r):
		default:
			dst, based = appendASCII(dst, r)
		}
		rest = rest[size:]
	}
	return string(dst), true
}

// asciiPrefix returns the number of bytes at the beginning of s that
// Transliterate leaves as they are.
func asciiPrefix(s string) int {
	for i := range len(s) {
		if (s[i] < ' ' || s[i] > '~') && s[i] != '\t' && s[i] != '\n' {
			return i
		}
	}
	return len(s)
}

// appendASCII appends r in ASCII, and reports whether it is now characters that
// can carry a mark rather than an escape or a blank.
func appendASCII(dst []byte, r rune) (_ []byte, based bool) {
	if s := stands(r); s != "" {
		return append(dst, s...), true
	}
	start := len(dst)
	for _, part := range norm.NFKD.String(string(r)) {
		switch s := stands(part); {
		case combining(part):
		case s != "":
			dst = append(dst, s...)
		case ' ' <= part && part <= '~':
			dst = append(dst, byte(part))
		default:
			return fmt.Appendf(dst[:start], "<U+%04X>", r), false
		}
	}
	if len(strings.TrimSpace(string(dst[start:]))) > 0 {
		return dst, true
	}
	if unicode.Is(unicode.Zs, r) && len(dst) > start {
		return dst, false
	}
	// A mark of its own, such as ¨: without the mark nothing would be left.
	return fmt.Appendf(dst[:start], "<U+%04X>", r), false
}

// combining reports whether r is a mark that any script may use, such as an
// accent. The marks of one script (vowel signs, for example) are no decoration
// and must not get lost.
func combining(r rune) bool {
	return unicode.Is(unicode.Mn, r) && unicode.Is(unicode.Inherited, r)
}

// stands returns what stands in for r where Unicode knows no decomposition or
// a reader of the language expects another one, and "" for all other runes.
func stands(r rune) string {
	switch r {
	case 'ä', 'æ':
		return "ae"
	case 'ö', 'œ':
		return "oe"
	case 'ü':
		return "ue"
	case 'Ä', 'Æ':
		return "Ae"
	case 'Ö', 'Œ':
		return "Oe"
	case 'Ü':
		return "Ue"
	case 'ß':
		return "ss"
	case 'ẞ':
		return "SS"
	case 'ø':
		return "o"
	case 'Ø':
		return "O"
	case 'đ':
		return "d"
	case 'Đ':
		return "D"
	case 'ł':
		return "l"
	case 'Ł':
		return "L"
	case 'ı':
		return "i"
	case '‘', '’', '‚', '‛', '‹', '›', '´':
		return "'"
	case '“', '”', '„', '‟', '«', '»':
		return `"`
	case '‐', '‑', '‒', '–', '—', '―', '−':
		return "-"
	case '…':
		return "..."
	case '⁄':
		return "/"
	case '€':
		return "EUR"
	default:
		return ""
	}
}
