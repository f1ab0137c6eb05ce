package ladder

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"simp/codec"
)

// Field is a part of a datagram's bytes.
type Field struct {
	Name   string `json:"name"`
	Offset int    `json:"offset"`
	Size   int    `json:"size"`
	Value  string `json:"value"` // in words, safe to print
}

// Fields takes datagrams apart, by the codec's table.
type Fields struct {
	layout, stub []codec.Field
	words        codec.Vocabulary
}

// NewFields returns one.
func NewFields() Fields {
	return Fields{layout: codec.Layout(), stub: codec.StubLayout(), words: codec.Words()}
}

// Of returns the fields of a datagram, in the order of their bytes. Each byte belongs to one. What is no datagram is taken apart as
// far as it goes.
func (f Fields) Of(b []byte) []Field {
	d, notes, err := codec.Decode(b)
	p := parts{bytes: b}
	if err == nil && d.Form == codec.Stub {
		for _, field := range f.stub {
			p.plain(field)
		}
		return p.all
	}
	for _, field := range f.layout {
		if field.Size > 0 {
			p.plain(field)
		}
	}
	if p.end() == len(b) {
		return p.all
	}
	p.payload(f.words, d, notes)
	return p.all
}

// parts collects the fields of a datagram.
type parts struct {
	bytes []byte
	all   []Field
}

// end is where the next field begins.
func (p *parts) end() int {
	if len(p.all) == 0 {
		return 0
	}
	last := p.all[len(p.all)-1]
	return last.Offset + last.Size
}

// add appends a field of so many bytes, as far as they are there.
func (p *parts) add(name string, size int, value func(b []byte) string) {
	at := p.end()
	if size = min(size, len(p.bytes)-at); size > 0 {
		p.all = append(p.all, Field{name, at, size, value(p.bytes[at : at+size])})
	}
}

// plain appends a field that stands at its place.
func (p *parts) plain(f codec.Field) {
	p.add(f.Name, f.Size, func(b []byte) string {
		switch {
		case len(b) < f.Size:
			return "cut off"
		case f.Type == codec.FieldNumber:
			return named(f, p.bytes[0], numberOf(b))
		}
		return strconv.Quote(strings.TrimRight(string(b), "\x00"))
	})
}

// named is a number, with its name if it has one.
func named(f codec.Field, typ byte, n uint32) string {
	for _, v := range f.Values {
		if v.Value == n && (v.Type == 0 || v.Type == typ) {
			return fmt.Sprintf("%d (%s)", n, v.Name)
		}
	}
	if len(f.Values) > 0 {
		return fmt.Sprintf("%d (unknown)", n)
	}
	return strconv.FormatUint(uint64(n), 10)
}

func numberOf(b []byte) uint32 {
	var four [4]byte
	copy(four[4-len(b):], b)
	return binary.BigEndian.Uint32(four[:])
}

// payload appends what stands behind the header.
func (p *parts) payload(words codec.Vocabulary, d codec.Datagram, notes codec.Notes) {
	text := func(b []byte) string { return strconv.Quote(string(b)) }
	head := p.end()
	counted := int(min(uint64(numberOf(p.bytes[head-4:head])), uint64(len(p.bytes)-head)))
	switch {
	case d.Announced:
		said := d.Payload
		if d.Kind == codec.FIN { // the announcement in front of its words is not part of its payload
			p.add("Announcement", len(words.Announcement), text)
			if len(said) > 0 {
				p.add("Blank", 1, text)
			}
		}
		p.add("Words", len(said), text)
		p.add("Filler", head+counted-words.Seal-p.end(), text)
		p.add("Seal", words.Seal, func([]byte) string { return "right: it is the checksum of all before it" })
	case notes.Has(codec.LeadingNUL):
		p.add("NUL", 1, func([]byte) string { return "stands in front of the messages of some" })
		p.add("Payload", head+counted-p.end(), text)
	default:
		p.add("Payload", counted, text)
	}
	switch {
	case len(d.Label) > 0:
		p.add("NUL", 1, func([]byte) string { return "begins the label" })
		p.add("Label", len(d.Label), text)
	case notes.Has(codec.Trailer):
		p.add("Trailer", words.Seal, func([]byte) string { return "right: it is the checksum of all before it" })
	}
	p.add("Rest", len(p.bytes), func([]byte) string { return "not counted by Length" })
}
