package follow

import (
	"bytes"
	"time"

	"simp/codec"
)

// Ask is a datagram that wants an answer, with its copies.
type Ask struct {
	By       Side
	Kind     codec.Kind
	Seq      uint8  // of its last copy
	Number   uint32 // of a message: which one of the chat it says it is, 0 if it does not
	First    int    // the number of the packet that was its first copy
	Last     int    // and of its last one
	Began    time.Time
	Sent     time.Time // when the last copy was
	Copies   int
	Answered int  // the number of the packet that answered it; 0: none yet
	Refuses  bool // a FIN that refuses an invitation or withdraws one, instead of ending a chat

	due   [numWants]time.Time // zero: not awaited, or reported
	told  bool                // that its answer is missing
	heard int                 // how many copies there were when it was answered last
	raw   []byte
}

// Open reports whether it still waits for an answer.
func (a *Ask) Open() bool { return a.First != 0 && a.Answered == 0 }

// wanting reports whether it waits for an answer, or a copy of it does.
func (a *Ask) wanting() bool { return a.Copies > a.heard }

// want is what can be awaited because of a datagram.
type want uint8

const (
	wantAnswer want = iota
	wantRepeat
	numWants = int(iota)
)

// same reports whether b is the same datagram.
func (a *Ask) same(b []byte) bool { return a.First != 0 && bytes.Equal(a.raw, b) }

// says reports whether d says what the ask says, if in other bytes.
func (a *Ask) says(d *codec.Datagram) bool {
	before, _, err := codec.Decode(a.raw)
	if err != nil {
		return false
	}
	switch d.Kind {
	case codec.CHAT:
		return before.Number() == d.Number() && (bytes.Equal(before.Payload, d.Payload) || before.Seq == d.Seq && longer(before.Payload, d.Payload))
	case codec.SYN:
		was, _ := before.Name()
		is, _ := d.Name()
		return was == is
	case codec.SYNACK, codec.FIN:
		return true
	case codec.ACK, codec.ERR, codec.Invalid:
	}
	return false
}

// longer reports whether one text begins with the other.
func longer(a, b []byte) bool {
	return len(a) > 0 && len(b) > 0 && (bytes.HasPrefix(a, b) || bytes.HasPrefix(b, a))
}

// reworded reports whether d has another text.
func (a *Ask) reworded(d *codec.Datagram) bool {
	before, _, err := codec.Decode(a.raw)
	return err == nil && !bytes.Equal(before.Payload, d.Payload)
}

// begin makes the ask that of another datagram.
func (a *Ask) begin(s *Seen) {
	*a = Ask{By: s.By, Kind: s.Datagram.Kind, First: s.N, Began: s.At, raw: a.raw[:0]}
	a.take(s)
}

// take notes a copy, the first one too.
func (a *Ask) take(s *Seen) {
	a.raw = append(a.raw[:0], s.Bytes...)
	a.Number = s.Datagram.Number()
	a.Seq, a.Last, a.Sent, a.Copies = s.Datagram.Seq, s.N, s.At, a.Copies+1
}

// rest ends what is awaited.
func (a *Ask) rest() { a.due = [numWants]time.Time{} }
