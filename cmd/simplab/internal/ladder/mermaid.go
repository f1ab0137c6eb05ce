package ladder

import (
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
)

// Mermaid writes a sequence diagram in Mermaid's language.
type Mermaid struct {
	sheet
	to io.Writer
}

// NewMermaid returns a drawing in Mermaid's language.
func NewMermaid(to io.Writer) *Mermaid { return &Mermaid{to: to} }

// Close implements [Drawing].
func (m *Mermaid) Close() error {
	var b strings.Builder
	b.WriteString("sequenceDiagram\n")
	var parties []netip.AddrPort
	id := func(p Party) string {
		at := slices.Index(parties, p.Addr)
		if at < 0 {
			at = len(parties)
			parties = append(parties, p.Addr)
		}
		return fmt.Sprintf("P%d", at+1)
	}
	for _, w := range m.ladders {
		for _, p := range w.Parties {
			if !slices.Contains(parties, p.Addr) {
				fmt.Fprintf(&b, "    participant %s as %s\n", id(p), plainMermaid(full(p)))
			}
		}
	}
	for _, w := range m.ladders {
		both := [2]string{id(w.Parties[0]), id(w.Parties[1])}
		if len(m.ladders) > 1 {
			fmt.Fprintf(&b, "    Note over %s,%s: Conversation %d\n", both[0], both[1], w.ID)
		}
		for i := range w.rows {
			mermaidRow(&b, &w.rows[i], both)
		}
	}
	_, err := io.WriteString(m.to, b.String())
	return err
}

func mermaidRow(b *strings.Builder, r *Row, both [2]string) {
	from, to := both[r.From], both[r.From.Other()]
	text := r.Summary
	for _, said := range r.beside() {
		text += " (" + said + ")"
	}
	switch r.What {
	case Remark:
		fmt.Fprintf(b, "    Note over %s,%s: %s\n", both[0], both[1], plainMermaid(text))
	case Missing:
		fmt.Fprintf(b, "    %s--x%s: %s\n", from, to, plainMermaid(text))
	case Packet:
		fmt.Fprintf(b, "    %s->>%s: %s\n", from, to, plainMermaid(fmt.Sprintf("%s s #%d %s", Seconds(r.Since), r.N, text)))
	}
	for side, changed := range r.Changed {
		if changed {
			fmt.Fprintf(b, "    Note %s of %s: %s\n", [2]string{"left", "right"}[side], both[side], r.States[side])
		}
	}
}

// plainMermaid writes what means something in Mermaid's language, or in the HTML that comes of it, by its number.
func plainMermaid(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("#;%<>&`\\{}[]|$*_~:", r) {
			fmt.Fprintf(&b, "#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
