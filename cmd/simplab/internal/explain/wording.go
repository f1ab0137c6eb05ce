package explain

import (
	"fmt"
	"strconv"
	"strings"

	"simp/codec/text"
	"simp/engine/follow"
	"simp/engine/rules"
)

// perhaps stands in front of what a finding usually means, where that is not certain.
const perhaps = "something was lost, doubled or late on the way, or not captured. Or else: "

// heading says which conversation something is about. Its names are untrusted; escape makes them harmless.
func (s *Source) heading(r *rules.Report, escape func(string) string) string {
	if s.lone(r) {
		return fmt.Sprintf("Datagram #%d", r.First)
	}
	var both [2]string
	for i := range r.Parties {
		p := &r.Parties[i]
		if both[i] = s.who(p.Addr); p.Name != "" {
			both[i] = escape(name(p.Name)) + " (" + both[i] + ")"
		}
	}
	h := fmt.Sprintf("Conversation %d: %s and %s, %s from #%d", r.Conversation, both[0], both[1], count(r.Packets, "datagram"), r.First)
	if r.Late {
		h += ", whose beginning is not there"
	}
	return h
}

// actor calls a side by its name, if it has one that the other has not.
func (s *Source) actor(f *rules.Finding, parties [2]follow.Party) string {
	switch {
	case f.User == "":
		return s.who(f.By)
	case parties[0].Name == parties[1].Name:
		return name(f.User) + " (" + s.who(f.By) + ")"
	}
	return name(f.User)
}

// name is what a user is called, in quotes if it could be taken for something else.
func name(user string) string {
	for _, r := range user {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return strconv.Quote(user)
		}
	}
	return user
}

// point says which packet shows a finding, and when.
func (s *Source) point(f *rules.Finding) string {
	if !s.Timed || f.At.IsZero() {
		return fmt.Sprintf("#%d", f.Packet)
	}
	return fmt.Sprintf("#%d at %.3fs", f.Packet, f.At.Sub(s.Start).Seconds())
}

// judgement says what a finding is, such as "perhaps a violation of".
func judgement(f *rules.Finding) string {
	about := " of"
	switch f.Severity {
	case rules.Deviation:
		about = " from"
	case rules.Remark:
		about = " on"
	case rules.Violation:
	}
	if f.Unsure {
		return "perhaps a " + f.Severity.String() + about
	}
	return f.Severity.String() + about
}

// sentence says what the specification says, and where.
func sentence(r *rules.Rule) string {
	if r.Ref == "" {
		return r.Sentence
	}
	return r.Sentence + " (PROTOCOL.md " + strings.Join(strings.Fields(r.Ref), ", ") + ")"
}

func usually(f *rules.Finding) string {
	if f.Unsure {
		return perhaps + f.Rule.Usually
	}
	return f.Rule.Usually
}

// also says which further packets show the same; "" if none do.
func also(f *rules.Finding) string {
	var all []string
	for _, n := range f.More {
		all = append(all, fmt.Sprintf("#%d", n))
	}
	if more := f.Count - 1 - len(f.More); more > 0 {
		all = append(all, fmt.Sprintf("%d more", more))
	}
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

// harmless makes everything visible that a terminal would execute or hide. What was made visible already stays as it is.
func harmless(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexFunc(s, func(r rune) bool { return r == '⟨' || '␀' <= r && r <= '␡' })
		if i < 0 {
			b.WriteString(text.Visible(s))
			return b.String()
		}
		const mark = len("⟨")
		b.WriteString(text.Visible(s[:i]) + s[i:i+mark])
		s = s[i+mark:]
	}
}
