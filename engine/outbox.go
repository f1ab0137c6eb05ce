package engine

import (
	"net/netip"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// Outbox collects what a session wants done: datagrams to its peer, events for the client, steps to log. Whoever owns
// the session performs them after the call, in this order: steps are logged, events handed on, datagrams sent. So an ACK
// never leaves before its message has been handed on. Reset before reuse; it keeps its memory.
type Outbox struct {
	Events []client.Event // for the client, in order

	bytes []byte // the datagrams, one behind the other
	ends  []int
	steps []step

	now     time.Time
	actions fsm.Actions
	scratch []byte
	behind  []byte
	user    []byte
	parts   []string

	observation *observation // nil until somebody asks
}

// step is one step that a session took, for the log.
type step struct {
	peer  netip.AddrPort
	user  string
	from  fsm.State
	rule  *fsm.Rule
	seq   uint8
	tries uint16
}

// Reset empties the outbox.
func (o *Outbox) Reset() {
	clear(o.Events) // let go of what they hold
	clear(o.steps)
	clear(o.parts)
	o.Events, o.bytes, o.ends, o.steps = o.Events[:0], o.bytes[:0], o.ends[:0], o.steps[:0]
}

// Datagrams calls yield with each datagram to the peer, in order. The bytes are valid until the next Reset.
func (o *Outbox) Datagrams(yield func([]byte) bool) {
	start := 0
	for _, end := range o.ends {
		if !yield(o.bytes[start:end]) {
			return
		}
		start = end
	}
}

func (o *Outbox) event(ev client.Event) { o.Events = append(o.Events, ev) }

func (o *Outbox) step(s step) { o.steps = append(o.steps, s) }

// datagram appends an encoded datagram and returns its size in bytes.
func (o *Outbox) datagram(w codec.Wire, d codec.Datagram) (int, error) {
	before := len(o.bytes)
	b, err := w.Append(o.bytes, d)
	if err != nil {
		return 0, err
	}
	o.bytes = b
	o.ends = append(o.ends, len(b))
	return len(b) - before, nil
}

// raw appends a datagram that is encoded already.
func (o *Outbox) raw(b []byte) {
	o.bytes = append(o.bytes, b...)
	o.ends = append(o.ends, len(o.bytes))
}

// last returns the last datagram.
func (o *Outbox) last() []byte {
	start := 0
	if n := len(o.ends); n > 1 {
		start = o.ends[n-2]
	}
	return o.bytes[start:]
}

// dropLast takes the last datagram back.
func (o *Outbox) dropLast() {
	o.ends = o.ends[:len(o.ends)-1]
	start := 0
	if n := len(o.ends); n > 0 {
		start = o.ends[n-1]
	}
	o.bytes = o.bytes[:start]
}

// text, words and name lend bytes of a string until the next call, so that encoding allocates nothing.
func (o *Outbox) text(s string) []byte {
	o.scratch = append(o.scratch[:0], s...)
	return o.scratch
}

func (o *Outbox) words(word string, tokens ...codec.Token) []byte {
	o.scratch = codec.AppendWords(o.scratch[:0], word, tokens...)
	return o.scratch
}

func (o *Outbox) numbered(word string, name codec.Token, num uint32) []byte {
	o.scratch = codec.AppendNumbered(o.scratch[:0], word, name, num)
	return o.scratch
}

// label lends bytes beside those of text.
func (o *Outbox) label(name codec.Token, num uint32) []byte {
	o.behind = codec.AppendLabel(o.behind[:0], name, num)
	return o.behind
}

func (o *Outbox) name(s string) []byte {
	o.user = append(o.user[:0], s...)
	return o.user
}
