package wireshark

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"simp/codec"
	"simp/codec/client"
	"simp/codec/client/legacy"
)

// clientPort is where daemons take their clients, unless they are told another port.
const clientPort = 7778

// shownCharacters is how much of a text a line of the list of packets shows.
const shownCharacters = codec.SummaryCharacters

// tables is the part of the dissector that comes from the codec.
func tables() string {
	var t table
	t.layout("layout", "The fields of a datagram between daemons. A payload has as many bytes as Length says.", codec.Layout())
	t.layout("stub_layout", "The fields of one that is so short that it is known by its size: an ERR of one implementation.", codec.StubLayout())
	t.codes()
	t.words()
	t.remarks("remarks", "What can be remarkable about a datagram, with Wireshark's names for its weight and its group.", remarks())
	t.remarks("client_remarks", "The same for what clients and their daemon say.", clientRemarks())
	t.clients()
	t.hidden()
	t.line("local ports = { daemon = %d, client = %d }", client.DefaultPort, clientPort)
	return t.String()
}

// table writes Lua.
type table struct{ strings.Builder }

func (t *table) line(format string, args ...any) { _, _ = fmt.Fprintf(t, format+"\n", args...) }

// begin begins a table with what it is.
func (t *table) begin(name, comment string) {
	t.line("-- %s", comment)
	t.line("local %s = {", name)
}

func (t *table) end() { t.line("}\n") }

func (t *table) layout(name, comment string, fields []codec.Field) {
	t.begin(name, comment)
	for _, f := range fields {
		row := fmt.Sprintf("name = %s, offset = %d, size = %d, type = %s", literal(f.Name), f.Offset, f.Size, literal(f.Type.String()))
		if len(f.Values) == 0 {
			t.line("    { %s },", row)
			continue
		}
		t.line("    {\n        %s,\n        values = {", row)
		t.values(f)
		t.line("        },\n    },")
	}
	t.end()
}

// values writes the names that the values of a field have. Where they depend on Type there is a table instead of the name.
func (t *table) values(f codec.Field) {
	of := make(map[uint32][]string)
	for _, v := range f.Values {
		name := literal(v.Name)
		if v.Type != 0 {
			name = fmt.Sprintf("[0x%02x] = %s", v.Type, name)
		}
		of[v.Value] = append(of[v.Value], name)
	}
	for _, value := range slices.Sorted(maps.Keys(of)) {
		names := strings.Join(of[value], ", ")
		if f.Values[0].Type != 0 {
			names = "{ " + names + " }"
		}
		t.line("            [0x%02x] = %s,", value, names)
	}
}

func (t *table) codes() {
	t.begin("types", "The values of Type.")
	for _, v := range codec.Layout()[0].Values {
		t.line("    [0x%02x] = %s,", v.Value, literal(v.Name))
	}
	t.end()
	t.begin("codes", "What Type and Operation together stand for. usual: it is written as the specification has it; text: its payload is for people.")
	typ := -1
	for _, c := range codec.Codes() {
		if int(c.Type) != typ {
			if typ >= 0 {
				t.line("    },")
			}
			t.line("    [0x%02x] = {", c.Type)
			typ = int(c.Type)
		}
		var notes []string
		for n := range c.Notes.All() {
			notes = append(notes, literal(n.String()))
		}
		t.line("        [0x%02x] = { kind = %s, name = %s, usual = %t, text = %t, remarks = {%s} },",
			c.Operation, literal(c.Kind.String()), literal(c.Name()), c.Form == codec.Usual, c.Text, strings.Join(notes, ", "))
	}
	t.line("    },")
	t.end()
	stub := codec.StubLayout()
	mark := stub[0].Values[0]
	last := stub[len(stub)-1]
	t.line("local stub = { kind = %s, name = %s, mark = 0x%02x }\n", literal(codec.ERR.String()), literal(mark.Name), mark.Value)

	t.begin("sizes", "In bytes: the header; one that ends before Length; a stub; the longest datagram that anybody reads.")
	length := codec.Layout()[slices.IndexFunc(codec.Layout(), func(f codec.Field) bool { return f.Name == "Length" })]
	t.line("    header = %d, no_length = %d, stub = %d, most = %d,", codec.HeaderLen, length.Offset, last.Offset+last.Size, codec.MaxReceive)
	t.end()
}

func (t *table) words() {
	w := codec.Words()
	t.begin("words", "What native peers write for each other: an announcement, the name of a conversation, the number of a message.")
	t.line("    announcement = %s, prefix = %s, last_word = %d, seal = %d,", literal(w.Announcement), literal(w.Prefix), w.LastWord, w.Seal)
	t.line("    token_length = %d, token_alphabet = %s, number_mark = %s,", w.Token, literal(w.Alphabet), literal(string(w.NumberMark)))
	t.end()
	t.begin("acks", "The first word of their ACK, and what it acknowledges.")
	for _, word := range slices.Sorted(maps.Keys(w.Acks)) {
		t.line("    [%s] = %s,", literal(word), literal(w.Acks[word].String()))
	}
	t.end()
	t.set("reasons", "The first word of their FIN.", w.Reasons)
}

func (t *table) set(name, comment string, words []string) {
	t.begin(name, comment)
	for _, word := range words {
		t.line("    [%s] = true,", literal(word))
	}
	t.end()
}

func (t *table) remarks(name, comment string, all []remark) {
	t.begin(name, comment)
	for _, r := range all {
		t.line("    [%s] = { severity = %s, group = %s, text = %s },", literal(r.name), literal(r.weight), literal(r.group), literal(r.text))
	}
	t.end()
}

func (t *table) clients() {
	t.begin("client_words", "What a line between a client and its daemon can be: the commands (op) and the events (ev).")
	for _, list := range []struct {
		name  string
		words []string
	}{{"op", client.Ops()}, {"ev", client.Names()}} {
		t.line("    %s = {", list.name)
		for _, word := range list.words {
			t.line("        [%s] = true,", literal(word))
		}
		t.line("    },")
	}
	t.end()
	t.line("local longest_line = %d -- of a client, in bytes", client.MaxLine)
	t.line("local shown_characters = %d -- of a text in the list of packets\n", shownCharacters)

	t.begin("legacy", "What the datagrams of the clients of other implementations begin with. lone: the one of A's that has no flag.")
	for _, p := range []legacy.Protocol{legacy.ProtocolA, legacy.ProtocolB, legacy.ProtocolC} {
		t.line("    %s = {", p)
		for _, w := range legacy.Words(p) {
			t.line("        [%s] = %s,", literal(w.Code), literal(w.Meaning))
		}
		t.line("    },")
	}
	t.line("    lone = %s,", literal(legacy.Lone))
	t.end()
}

// hidden lists the characters that are written out: those that control, and blanks that are not the usual one. Those that
// Unicode has not given out yet are not among them; the codec writes them out too, but the list would be ten times as long.
func (t *table) hidden() {
	t.begin("hidden", "Characters that nobody sees, or that change how others look: from, to.")
	var ranges [][2]rune
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Z) {
			continue
		}
		if last := len(ranges) - 1; last >= 0 && ranges[last][1] == r-1 {
			ranges[last][1] = r
		} else {
			ranges = append(ranges, [2]rune{r, r})
		}
	}
	for r := range slices.Chunk(ranges, 5) {
		var row []string
		for _, r := range r {
			row = append(row, fmt.Sprintf("{ 0x%x, 0x%x }", r[0], r[1]))
		}
		t.line("    %s,", strings.Join(row, ", "))
	}
	t.end()
}

// literal writes a string of Lua.
func literal(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			_, _ = fmt.Fprintf(&b, "\\%03d", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
