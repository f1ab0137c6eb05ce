package text

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Visible returns s with everything made visible that a terminal would execute
// or hide. The result is valid UTF-8 and fits on one line.
//
//   - Controls below U+0020, and U+007F, become their pictures: ESC is ␛, a
//     line feed ␊, a tab ␉. So a message cannot clear the screen, nor forge a
//     line that seems to come from somebody else. A caller that wants to show
//     the lines of a message as lines splits it first.
//   - The other controls (U+0080 to U+009F), direction marks, overrides and
//     isolates, line and paragraph separators, zero-width and tag characters,
//     other default-ignorable characters, private and unassigned code points
//     become ⟨U+202E⟩.
//   - A byte that is not part of valid UTF-8 becomes ⟨0xFF⟩.
//   - The characters that this notation is made of, ⟨ and the pictures ␀ to ␡,
//     become ⟨U+27E8⟩ and the like when they stand in s themselves. So the
//     result is unambiguous: what reads as an escape was not typed as one.
//
// Everything else stays, in particular what people write every day although it
// holds invisible characters: U+200D within an emoji, a variation selector after
// one, and U+200C and U+200D between letters of scripts that are misspelt
// without (Arabic, Indic, Mongolian and others). Flags made of tag
// characters (Scotland) are shown as escapes, because tags can spell out
// whole hidden sentences.
//
// Use it once, at the place that prints: a second pass is harmless, but escapes
// the escapes. Text for programs stays as it is.
func Visible(s string) string {
	if plainPrefix(s) == len(s) {
		return s
	}
	return string(AppendVisible(make([]byte, 0, len(s)+16), s))
}

// AppendVisible appends what [Visible] returns to dst.
func AppendVisible(dst []byte, s string) []byte {
	// prev is the rune that stands before s if it was shown as it is, else 0.
	// Invisible characters are taken only next to what they belong to, and an
	// escape is nothing that they could belong to.
	var prev rune
	for len(s) > 0 {
		if n := plainPrefix(s); n > 0 {
			dst = append(dst, s[:n]...)
			prev = rune(s[n-1])
			s = s[n:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		next, _ := utf8.DecodeRuneInString(s[size:]) // RuneError at the end
		switch {
		case r == utf8.RuneError && size == 1:
			dst = fmt.Appendf(dst, "⟨0x%02X⟩", s[0])
			prev = 0
		case r < ' ':
			dst = utf8.AppendRune(dst, firstPicture+r)
			prev = 0
		case r == 0x7f:
			dst = utf8.AppendRune(dst, lastPicture)
			prev = 0
		case showable(r) || belongs(prev, r, next):
			dst = append(dst, s[:size]...)
			prev = r
		default:
			dst = fmt.Appendf(dst, "⟨U+%04X⟩", r)
			prev = 0
		}
		s = s[size:]
	}
	return dst
}

// The Unicode block "Control Pictures": U+2400+c pictures the control c, and
// U+2421 pictures U+007F.
const (
	firstPicture = '␀'
	lastPicture  = '␡'
)

// plainPrefix returns the number of bytes at the beginning of s that are
// printable ASCII.
func plainPrefix(s string) int {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return i
		}
	}
	return len(s)
}

// notation reports whether the escapes of Visible are made of r.
func notation(r rune) bool {
	return r == '⟨' || firstPicture <= r && r <= lastPicture
}

// showable reports whether r may be shown wherever it stands.
func showable(r rune) bool {
	if notation(r) {
		return false
	}
	if pictograph(r) {
		return true
	}
	// IsGraphic excludes controls, formats (directions, zero widths, tags),
	// separators of lines and paragraphs, private use and the unassigned. What
	// it lets through and is invisible all the same stands in the other tables:
	// variation selectors, fillers, the grapheme joiner.
	return unicode.IsGraphic(r) &&
		!unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// belongs reports whether the invisible rune r is part of ordinary writing
// between prev and next.
func belongs(prev, r, next rune) bool {
	const (
		zeroWidthNonJoiner = 0x200c
		zeroWidthJoiner    = 0x200d
		textStyle          = 0xfe0e
		emojiStyle         = 0xfe0f
	)
	switch r {
	case textStyle, emojiStyle:
		return pictograph(prev) || emojiBase(prev)
	case zeroWidthJoiner:
		return (pictograph(prev) || prev == emojiStyle) && pictograph(next) ||
			joining(prev) && joining(next)
	case zeroWidthNonJoiner:
		return joining(prev) && joining(next)
	default:
		return false
	}
}

// pictograph reports whether r may be a part of an emoji sequence. The planes
// reserved for emoji count as a whole: new emoji come out more often than new
// versions of Go's Unicode tables.
func pictograph(r rune) bool {
	if notation(r) || r == utf8.RuneError {
		return false // symbols too, as Unicode sees it
	}
	return 0x1f000 <= r && r <= 0x1faff ||
		0x2100 <= r && unicode.In(r, unicode.So, unicode.Sm)
}

// emojiBase reports whether r, without being a pictograph, may be followed by a
// style selector (Unicode's emoji-variation-sequences.txt): digits for keycaps,
// and a few signs.
func emojiBase(r rune) bool {
	switch r {
	case '#', '*', '©', '®', '‼', '⁉', 'ℹ', '〰', '〽':
		return true
	default:
		return '0' <= r && r <= '9'
	}
}

// joining reports whether r belongs to a script whose spelling needs the two
// zero-width joiners.
func joining(r rune) bool {
	return unicode.In(r, unicode.Letter, unicode.Mark) && unicode.In(r,
		unicode.Arabic, unicode.Syriac, unicode.Nko, unicode.Mongolian,
		unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati,
		unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada,
		unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar)
}
