package explain

import (
	"io"
	"strings"
	"unicode/utf8"

	"simp/engine/rules"
)

// Text writes for people: folded at a width, unless that is 0, and in colours if wanted. Without colours it says the same.
func Text(to io.Writer, width int, colour bool) Writer {
	return &textWriter{sheet: sheet{to: to}, width: width, colour: colour}
}

type textWriter struct {
	sheet
	width   int
	colour  bool
	source  *Source
	sources int // of which something was judged
	unread  int
}

func (t *textWriter) Begin(s *Source) {
	t.source = s
	t.title(s)
	t.sources++
}

// Unread says nothing of a lone source: what would follow is what the program says anyway.
func (t *textWriter) Unread(s *Source, why error) {
	if s.Name != "" {
		t.title(s)
		t.write(t.folded("Not judged: " + harmless(why.Error()) + "."))
	}
	t.unread++
}

func (t *textWriter) title(s *Source) {
	if s.Name == "" {
		return
	}
	if t.sources+t.unread > 0 {
		t.write("\n")
	}
	t.write(t.paint(bold, "== "+harmless(s.Name)) + "\n")
}

func (t *textWriter) Report(r *rules.Report) {
	if len(r.Findings) == 0 {
		return
	}
	var b strings.Builder
	t.hang(&b, "", t.source.heading(r, harmless), bold)
	for _, f := range r.Findings {
		b.WriteByte('\n')
		t.finding(&b, r, f, "  ")
	}
	b.WriteByte('\n')
	t.write(b.String())
}

func (t *textWriter) finding(b *strings.Builder, r *rules.Report, f *rules.Finding, indent string) {
	head := t.source.point(f) + ", " + harmless(t.source.actor(f, r.Parties)) + ", " + judgement(f) + " " + f.Rule.ID + ": " + f.Rule.Name
	t.hang(b, indent, head, colours[f.Severity])
	indent += "  "
	for _, line := range [...]struct{ label, text string }{
		{"seen      ", f.Seen}, {"expected  ", f.Expected}, {"rule      ", sentence(f.Rule)}, {label(f), usually(f)}, {"also in   ", also(f)},
	} {
		if line.text != "" {
			t.hang(b, indent+line.label, harmless(line.text), "")
		}
	}
	if len(f.Consequences) > 0 {
		b.WriteString(indent + "what follows from it:\n")
	}
	for _, c := range f.Consequences {
		t.consequence(b, r, c, indent+"  ")
	}
}

func label(f *rules.Finding) string {
	if f.Unsure {
		return "perhaps   "
	}
	return "usually   "
}

// consequence is short: the cause is what has to be understood.
func (t *textWriter) consequence(b *strings.Builder, r *rules.Report, f *rules.Finding, indent string) {
	text := t.source.point(f) + ", " + harmless(t.source.actor(f, r.Parties)) + ", " + judgement(f) + " " + f.Rule.ID + ": " + harmless(f.Seen) +
		"; expected: " + harmless(f.Expected)
	if more := also(f); more != "" {
		text += "; also in " + more
	}
	t.hang(b, indent, text, "")
	for _, c := range f.Consequences {
		t.consequence(b, r, c, indent+"  ")
	}
}

func (t *textWriter) End(tally Tally, broken error) {
	if broken != nil {
		t.write(t.folded("Remark: " + harmless(broken.Error()) + "; judged is what came before."))
	}
	t.write(t.folded(tally.String()))
}

func (t *textWriter) Close(total Tally) error {
	if t.sources > 1 {
		t.write("\n" + t.folded("In all: "+total.String()))
	}
	return t.err
}

// The colours of a terminal. They add nothing that is not said in words.
const (
	bold   = "1"
	red    = "31;1"
	yellow = "33"
	cyan   = "36"
)

var colours = [...]string{rules.Violation: red, rules.Deviation: yellow, rules.Remark: cyan}

func (t *textWriter) paint(colour, line string) string {
	if !t.colour || colour == "" {
		return line
	}
	return "\x1b[" + colour + "m" + line + "\x1b[0m"
}

// narrowest is the least width in which prose can be read.
const narrowest = 24

func (t *textWriter) folded(text string) string {
	var b strings.Builder
	t.hang(&b, "", text, "")
	return b.String()
}

// hang writes text behind a head, and folds it there. Only the text has a colour.
func (t *textWriter) hang(b *strings.Builder, head, text, colour string) {
	lines := []string{text}
	if t.width > 0 {
		lines = fold(text, max(t.width-len(head), narrowest))
	}
	for _, line := range lines {
		b.WriteString(head + t.paint(colour, line) + "\n")
		head = strings.Repeat(" ", len(head))
	}
}

// fold breaks text at blanks into lines of at most width columns. A longer word is broken too: whoever sent it may have meant to
// push something out of sight. Several blanks stay several, within a line.
func fold(text string, width int) []string {
	var lines []string
	line, columns, begun := "", 0, false
	for word := range strings.SplitSeq(text, " ") {
		n := utf8.RuneCountInString(word)
		if begun && columns+1+n > width {
			lines, line, columns, begun = append(lines, line), "", 0, false
		}
		if begun {
			line += " "
			columns++
		}
		for n > width {
			r := []rune(word)
			lines, word, n = append(lines, string(r[:width])), string(r[width:]), n-width
		}
		line, columns, begun = line+word, columns+n, true
	}
	return append(lines, line)
}
