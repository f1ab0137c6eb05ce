package explain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode"
	"unicode/utf16"

	"simp/engine/rules"
)

// JSON writes one object for programs. It is written while it comes about, so that a long capture needs no room; whoever reads it
// may rely on these fields:
//
//	{
//	  "version": 1,
//	  "sources": [{
//	    "name": "trace.pcap",
//	    "conversations": [...],  those in which something was found
//	    "tally": {...},          counts: datagrams, conversations, others, cut, violations, possible, deviations, remarks
//	    "broken": "..."          why it could not be read, or not to its end; absent if it was
//	  }],
//	  "tally": {...},            the sum
//	  "verdict": "kept"          or "violated", or "unclear"; of what was read, and unclear if that is nothing
//	}
//
// A conversation has its number, its first packet, how many packets, late (its beginning is not there), both parties (address,
// user), and findings. A finding has rule (id), name, severity, unsure, packet, time, by (address), user, seen, expected, sentence,
// ref, usually, count, more (numbers of further packets), and consequences, which are findings. The time is absent where packets
// have none, and counted from 1970 where they have no date.
func JSON(to io.Writer) Writer { return &jsonWriter{sheet: sheet{to: to}} }

type jsonWriter struct {
	sheet
	source  *Source
	sources int
	reports int
}

type jsonReport struct {
	Conversation int           `json:"conversation"`
	First        int           `json:"first"`
	Packets      int           `json:"packets"`
	Late         bool          `json:"late"`
	Parties      []jsonParty   `json:"parties"`
	Findings     []jsonFinding `json:"findings"`
}

type jsonParty struct {
	Address string `json:"address"`
	User    string `json:"user"`
}

type jsonFinding struct {
	Rule         string        `json:"rule"`
	Name         string        `json:"name"`
	Severity     string        `json:"severity"`
	Unsure       bool          `json:"unsure"`
	Packet       int           `json:"packet"`
	Time         *time.Time    `json:"time,omitempty"`
	By           string        `json:"by"`
	User         string        `json:"user"`
	Seen         string        `json:"seen"`
	Expected     string        `json:"expected"`
	Sentence     string        `json:"sentence"`
	Ref          string        `json:"ref"`
	Usually      string        `json:"usually"`
	Count        int           `json:"count"`
	More         []int         `json:"more"`
	Consequences []jsonFinding `json:"consequences"`
}

func (j *jsonWriter) Begin(s *Source) {
	if j.source, j.reports = s, 0; j.sources == 0 {
		j.write("{\n  \"version\": 1,\n  \"sources\": [")
	} else {
		j.write(",")
	}
	j.sources++
	j.write("\n    {\n      \"name\": " + j.value(s.Name, "") + ",\n      \"conversations\": [")
}

func (j *jsonWriter) Unread(s *Source, why error) {
	j.Begin(s)
	j.End(Tally{}, why)
}

func (j *jsonWriter) Report(r *rules.Report) {
	if len(r.Findings) == 0 {
		return
	}
	if j.reports > 0 {
		j.write(",")
	}
	j.reports++
	out := jsonReport{Conversation: r.Conversation, First: r.First, Packets: r.Packets, Late: r.Late && !j.source.lone(r), Findings: j.findings(r.Findings)}
	for _, p := range r.Parties {
		out.Parties = append(out.Parties, jsonParty{j.source.who(p.Addr), p.Name})
	}
	j.write("\n        " + j.value(out, "        "))
}

func (j *jsonWriter) findings(all []*rules.Finding) []jsonFinding {
	out := make([]jsonFinding, 0, len(all))
	for _, f := range all {
		to := jsonFinding{
			Rule: f.Rule.ID, Name: f.Rule.Name, Severity: f.Severity.String(), Unsure: f.Unsure, Packet: f.Packet,
			By: j.source.who(f.By), User: f.User, Seen: f.Seen, Expected: f.Expected, Sentence: f.Rule.Sentence, Ref: f.Rule.Ref, Usually: f.Rule.Usually,
			Count: f.Count, More: append([]int{}, f.More...), Consequences: j.findings(f.Consequences),
		}
		if j.source.Timed && !f.At.IsZero() {
			at := f.At.UTC()
			to.Time = &at
		}
		out = append(out, to)
	}
	return out
}

func (j *jsonWriter) End(t Tally, broken error) {
	if j.reports > 0 {
		j.write("\n      ")
	}
	j.write("],\n      \"tally\": " + j.value(t, "      "))
	if broken != nil {
		j.write(",\n      \"broken\": " + j.value(broken.Error(), ""))
	}
	j.write("\n    }")
}

func (j *jsonWriter) Close(total Tally) error {
	if j.sources == 0 {
		j.write("{\n  \"version\": 1,\n  \"sources\": [")
	} else {
		j.write("\n  ")
	}
	j.write("],\n  \"tally\": " + j.value(total, "  ") + ",\n  \"verdict\": " + j.value(total.Verdict(), "") + "\n}\n")
	return j.err
}

func (j *jsonWriter) value(v any, indent string) string {
	s, err := marshal(v, indent)
	if err != nil && j.err == nil {
		j.err = err
	}
	return s
}

// marshal writes a value as JSON in which everything invisible is escaped: it may end on a terminal.
func marshal(v any, indent string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(indent, "  ")
	if err := e.Encode(v); err != nil {
		return "", fmt.Errorf("explain: write JSON: %w", err)
	}
	var out bytes.Buffer
	for _, r := range string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))) {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String(), nil
}
