package ladder

import (
	"net/netip"
	"strconv"
	"time"

	"simp/codec"
	"simp/engine/follow"
	"simp/fsm"
)

// What a row is.
type What string

// The kinds of rows.
const (
	Packet  What = "packet"  // a datagram that was captured
	Missing What = "missing" // one that should have come and did not, or has not until the capture ends
	Remark  What = "remark"  // something to say about the conversation
)

// Party is one of the two lanes: the caller's on the left, the other one's on the right.
type Party struct {
	Addr netip.AddrPort
	Name string // as it came; "" while unknown
}

// Where is the address as people want to see it: without the port of daemons.
func (p Party) Where() string {
	if p.Addr.Port() == follow.Port {
		return p.Addr.Addr().String()
	}
	return p.Addr.String()
}

// Who is the name, quoted where it has to be so that it can be shown, or the address while that is all there is.
func (p Party) Who() string {
	if p.Name == "" {
		return p.Where()
	}
	return safe(p.Name)
}

// Conversation is what the rows of one conversation have in common. What is known of it grows with the rows.
type Conversation struct {
	ID      int // from 1, in the order of their first packets
	Parties [2]Party
	Began   time.Time
	Native  bool // both sides have announced themselves
	Late    bool // the capture begins in its middle
	Packets int
	Missed  int // datagrams that should have come

	last  time.Time // its last packet
	lastN int
	named [2]string // what a SYN+ACK said, for want of anything better: some put other names there
	rows  int
	cut   bool // the capture ends before it does, and that has been said
}

// Row is a step of the ladder. A row and its Bytes are valid during the call only.
type Row struct {
	What         What
	Conversation *Conversation

	At    time.Time     // of what is missing: when it was due; zero: a person decides when
	Since time.Duration // the same since the capture began
	Delta time.Duration // since the packet before it in the conversation

	From    follow.Side // who sent it, or should have
	Summary string      // in one line, safe to print: what the packet says, what is missing, or the remark
	Kind    codec.Kind  // Invalid: a remark, or bytes that are no datagram
	Seq     uint8
	States  [2]fsm.State // of both sides, after it
	Changed [2]bool      // whether it changed them
	Counted int          // its place among the rows of the conversation, from 1

	// Of a packet.
	N           int // its number in the capture
	Bytes       []byte
	Notes       codec.Notes
	Unreadable  bool // it is no datagram
	Strayed     bool // it belongs to another conversation
	Cut         bool // the capture does not hold all of it
	Copy        follow.Copy
	First       int           // of a copy: the packet that it repeats
	Copies      int           // how many there have been
	Gap         time.Duration // since the copy before it
	Before      int           // the packet before it in the conversation
	Answers     int           // the packet that it answers; 0: none
	AnswersKind codec.Kind
	Late        bool // the answer was missing for a while

	// Of what is missing.
	For     int        // the packet because of which it was awaited
	ForKind codec.Kind // and its kind
	Repeat  bool       // it should have been a further copy of that
	Awaited bool       // the capture ends before the time is up
}

// Said are the remarks on a row, in words, as far as they are not in its summary: that it is a copy, which packet it answers, by when
// it should have come.
func (r *Row) Said() []string {
	var said []string
	say := func(parts ...string) {
		text := ""
		for _, p := range parts {
			text += p
		}
		said = append(said, text)
	}
	switch r.What {
	case Missing:
		say(r.Due())
	case Packet:
		if r.Copy != follow.Fresh {
			text := r.Copy.String() + " of #" + itoa(r.First)
			if r.Copies > 1 {
				text += ", copy " + itoa(r.Copies)
			}
			say(text)
		}
		switch {
		case r.Answers != 0 && r.Late:
			say("answers #", itoa(r.Answers), ", late")
		case r.Answers != 0:
			say("answers #", itoa(r.Answers))
		}
		if r.Strayed {
			say("belongs to another conversation")
		}
		if r.Cut {
			say("not captured as a whole")
		}
	case Remark:
	}
	return said
}

// beside is what drawings say beside an arrow: what Said says, but not which packet it answers where everybody sees that.
func (r *Row) beside() []string {
	quiet := *r
	if !r.Late && (r.Answers == r.Before || r.Copy != follow.Fresh) {
		quiet.Answers = 0
	}
	return quiet.Said()
}

// Due says by when something that is missing should have come.
func (r *Row) Due() string {
	switch {
	case r.At.IsZero():
		return "awaited when the capture ends; a user decides when it comes"
	case r.Awaited:
		return "awaited when the capture ends, until " + Seconds(r.Since) + "s"
	}
	return "should have come by " + Seconds(r.Since) + "s"
}

// Retransmits reports whether what is missing is an answer, without which the other side sends again.
func (r *Row) Retransmits() bool {
	return r.What == Missing && !r.Repeat && (r.ForKind == codec.SYNACK || r.ForKind == codec.CHAT || r.ForKind == codec.FIN)
}

// Seconds writes a time as ladders do, to the millisecond.
func Seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 3, 64)
}

// safe makes text of a peer safe to print, without quotes unless it needs them.
func safe(s string) string {
	quoted := strconv.Quote(s)
	if inner := quoted[1 : len(quoted)-1]; inner == s {
		return s
	}
	return quoted
}

func itoa(n int) string { return strconv.Itoa(n) }
