package explain

import (
	"io"
	"strings"

	"simp/engine/rules"
)

// Markdown writes what a report or an issue can quote.
func Markdown(to io.Writer) Writer { return &markdownWriter{sheet: sheet{to: to}} }

type markdownWriter struct {
	sheet
	source  *Source
	sources int // of which something was judged
	unread  int
}

func (m *markdownWriter) Begin(s *Source) {
	m.source = s
	m.title(s)
	m.sources++
}

// Unread says nothing of a lone source.
func (m *markdownWriter) Unread(s *Source, why error) {
	if s.Name != "" {
		m.title(s)
		m.write("Not judged: " + escape(why.Error()) + ".\n")
	}
	m.unread++
}

func (m *markdownWriter) title(s *Source) {
	if s.Name == "" {
		return
	}
	if m.sources+m.unread > 0 {
		m.write("\n")
	}
	m.write("## " + escape(s.Name) + "\n\n")
}

func (m *markdownWriter) Report(r *rules.Report) {
	if len(r.Findings) == 0 {
		return
	}
	var b strings.Builder
	b.WriteString("### " + m.source.heading(r, escape) + "\n\n")
	for _, f := range r.Findings {
		m.finding(&b, r, f)
	}
	b.WriteByte('\n')
	m.write(b.String())
}

func (m *markdownWriter) finding(b *strings.Builder, r *rules.Report, f *rules.Finding) {
	b.WriteString("- **" + m.source.point(f) + ", " + escape(m.source.actor(f, r.Parties)) + ", " + judgement(f) + " " + f.Rule.ID + "**: " + f.Rule.Name + "\n")
	means := "Usually: "
	if f.Unsure {
		means = "Perhaps: "
	}
	for _, line := range [...]struct{ label, text string }{
		{"Seen: ", escape(f.Seen)}, {"Expected: ", escape(f.Expected)}, {"Rule: ", sentence(f.Rule)}, {means, usually(f)}, {"Also in: ", also(f)},
	} {
		if line.text != "" {
			b.WriteString("  - " + line.label + line.text + "\n")
		}
	}
	if len(f.Consequences) > 0 {
		b.WriteString("  - What follows from it:\n")
	}
	m.consequences(b, r, f.Consequences, "    ")
}

func (m *markdownWriter) consequences(b *strings.Builder, r *rules.Report, all []*rules.Finding, indent string) {
	for _, f := range all {
		b.WriteString(indent + "- " + m.source.point(f) + ", " + escape(m.source.actor(f, r.Parties)) + ", " + judgement(f) + " " + f.Rule.ID + ": " +
			escape(f.Seen) + "; expected: " + escape(f.Expected))
		if more := also(f); more != "" {
			b.WriteString("; also in " + more)
		}
		b.WriteByte('\n')
		m.consequences(b, r, f.Consequences, indent+"  ")
	}
}

func (m *markdownWriter) End(t Tally, broken error) {
	if broken != nil {
		m.write("Remark: " + escape(broken.Error()) + "; judged is what came before.\n\n")
	}
	m.write("**" + t.String() + "**\n")
}

func (m *markdownWriter) Close(total Tally) error {
	if m.sources > 1 {
		m.write("\nIn all: **" + total.String() + "**\n")
	}
	return m.err
}

// escape makes text of others into text: it neither formats, nor links, nor is HTML. Numbers of packets stay readable.
func escape(s string) string {
	return markup.Replace(harmless(s))
}

var markup = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `<`, `\<`, `>`, `\>`, `|`, `\|`, `~`, `\~`, `&`, `\&`, `!`, `\!`, `$`, `\$`,
	`://`, `\://`, `www.`, `www\.`, `@`, `\@`,
)
