package fsm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The words in which snapshots and events are written and read. One list serves both ways, so that whatever String writes is
// read as the same.

// word is one word of the text form of a T.
type word[T any] struct {
	name string // what it begins with, such as "tries=" or "in-flight"; behind "=" stands a value

	said func(T) (value string, ok bool) // what String writes behind the name; ok: whether it writes the word at all
	read func(at *T, value string) error // the error is half a sentence on what the value should have been

	clear func(*T) // takes the word back

	// What Question.Answer tries: the values that tell rules apart, and for a word that is no number, not to say it.
	values   []string
	isNumber bool
}

var snapshotWords = []word[Snapshot]{
	numberWord("tries", func(s *Snapshot) *uint16 { return &s.Tries }, "1", "2", "3", "4", "12"),
	numberWord("tx", func(s *Snapshot) *uint8 { return &s.TxSeq }, "0", "1"),
	numberWord("rx", func(s *Snapshot) *uint8 { return &s.RxSeq }, "0", "1"),
	numberWord("tx-num", func(s *Snapshot) *uint32 { return &s.TxNum }, "0", "1", "2", "3"),
	numberWord("rx-num", func(s *Snapshot) *uint32 { return &s.RxNum }, "0", "1", "2", "3"),
	numberWord("hs", func(s *Snapshot) *uint8 { return &s.HsSeq }, "0", "1"),
	numberWord("fin", func(s *Snapshot) *uint8 { return &s.FinSeq }, "0", "1"),
	numberWord("stale", func(s *Snapshot) *uint8 { return &s.Stale }, "0", "1"),
	flagWord("in-flight", func(s *Snapshot) *bool { return &s.InFlight }),
	flagWord("flushing", func(s *Snapshot) *bool { return &s.Flushing }),
	flagWord("unsure", func(s *Snapshot) *bool { return &s.Unsure }),
	flagWord("rung", func(s *Snapshot) *bool { return &s.Rung }),
	flagWord("overdue", func(s *Snapshot) *bool { return &s.Overdue }),
	flagWord("answered", func(s *Snapshot) *bool { return &s.Answered }),
	flagWord("acked", func(s *Snapshot) *bool { return &s.Acked }),
	flagWord("leaving", func(s *Snapshot) *bool { return &s.Leaving }),
	nameWord("goodbye", reasonNames[:], func(s *Snapshot) *Reason { return &s.Goodbye }),
	nameWord("after", afterNames[:], func(s *Snapshot) *After { return &s.After }),
}

var eventWords = slices.Concat([]word[Event]{
	nameWord("of", packetNames[:], func(e *Event) *Packet { return &e.Of }),
	seqWord(),
	numberWord("num", func(e *Event) *uint32 { return &e.Num }, "0", "1", "2", "3"),
	numberWord("counter", func(e *Event) *uint8 { return &e.Counter }),
}, reasonWords(), []word[Event]{
	nameWord("verdict", verdictNames[:], func(e *Event) *Verdict { return &e.Verdict }),
	flagWord("room", func(e *Event) *bool { return &e.Room }),
	flagWord("more", func(e *Event) *bool { return &e.More }),
	flagWord("repeat", func(e *Event) *bool { return &e.Repeat }),
	flagWord("crossed", func(e *Event) *bool { return &e.Crossed }),
	flagWord("old", func(e *Event) *bool { return &e.Old }),
})

// flagWord is a word that stands there or not.
func flagWord[T any](name string, at func(*T) *bool) word[T] {
	return word[T]{
		name: name,
		said: func(t T) (string, bool) { return "", *at(&t) },
		read: func(t *T, _ string) error {
			*at(t) = true
			return nil
		},
		clear:  func(t *T) { *at(t) = false },
		values: []string{""},
	}
}

// numberWord is a word with a number, left out when that is 0.
func numberWord[T any, N uint8 | uint16 | uint32](name string, at func(*T) *N, values ...string) word[T] {
	largest := uint64(^N(0))
	return word[T]{
		name: name + "=",
		said: func(t T) (string, bool) { return strconv.FormatUint(uint64(*at(&t)), 10), *at(&t) != 0 },
		read: func(t *T, value string) error {
			n, err := strconv.ParseUint(value, 10, 64)
			if err != nil || n > largest {
				return fmt.Errorf("is not a number from 0 to %d", largest)
			}
			*at(t) = N(n)
			return nil
		},
		clear:  func(t *T) { *at(t) = 0 },
		values: values, isNumber: true,
	}
}

// seqWord is written for every datagram: there 0 is a number like any other.
func seqWord() word[Event] {
	w := numberWord("seq", func(e *Event) *uint8 { return &e.Seq }, "0", "1", "2")
	w.said = func(e Event) (string, bool) { return strconv.Itoa(int(e.Seq)), e.On.isDatagram() }
	return w
}

// nameWord is a word with one of several names behind it, left out when that is the first.
func nameWord[T any, N ~uint8](name string, names []string, at func(*T) *N) word[T] {
	return word[T]{
		name: name + "=",
		said: func(t T) (string, bool) { return nameOf(names, uint8(*at(&t)), name), *at(&t) != 0 },
		read: func(t *T, value string) error {
			n, known := numberOf(names, value)
			if !known {
				return fmt.Errorf("is none of %s", strings.Join(names, ", "))
			}
			*at(t) = N(n)
			return nil
		},
		clear:  func(t *T) { *at(t) = 0 },
		values: names[1:],
	}
}

// reasonWords are words that stand for themselves, one for each reason: what a FIN or an ERR says.
func reasonWords() []word[Event] {
	all := make([]word[Event], 0, len(reasonNames)-1)
	for r := NoReason + 1; r.known(); r++ {
		all = append(all, word[Event]{
			name: r.String(),
			said: func(e Event) (string, bool) { return "", e.Reason == r },
			read: func(e *Event, _ string) error {
				if e.Reason != NoReason && e.Reason != r {
					return fmt.Errorf("is a second reason beside %q", e.Reason)
				}
				e.Reason = r
				return nil
			},
			clear:  func(e *Event) { e.Reason = NoReason },
			values: []string{""},
		})
	}
	return all
}

// facts are the words that an event of this input can have: the rest of Event means nothing to it.
func (i Input) facts() []word[Event] {
	var names []string
	switch i {
	case Invite, Accept:
		names = []string{"verdict="}
	case Say:
		names = []string{"room"}
	case RecvSYN:
		names = []string{"seq=", "verdict=", "repeat", "old"}
	case RecvSYNACK:
		names = []string{"seq=", "counter=", "verdict=", "old"}
	case RecvACK:
		names = []string{"seq=", "of=", "num=", "counter=", "more", "old"}
	case RecvFIN:
		names = []string{"seq=", "crossed", "old"}
		for _, r := range []Reason{Left, Declined, Cancelled, Busy, ShutDown, Restarted} { // the others do not travel
			names = append(names, r.String())
		}
	case RecvERR:
		names = []string{"seq=", Busy.String(), Misnumbered.String(), "old"}
	case RecvCHAT:
		names = []string{"seq=", "num=", "counter=", "room", "repeat", "old"}
	case RetransmitDue:
		names = []string{"more"}
	case Cancel, Decline, Leave, LeaveNow, Detach, Shutdown, ExpiryDue, UnansweredDue, LingerDue:
	}
	var all []word[Event]
	for _, name := range names {
		if w, known := find(eventWords, name); known {
			all = append(all, w)
		}
	}
	return all
}

// spell writes the words that t has something to say with, each behind a blank.
func spell[T any](t T, words []word[T]) string {
	var b strings.Builder
	for _, w := range words {
		if value, ok := w.said(t); ok {
			b.WriteString(" " + w.name + value)
		}
	}
	return b.String()
}

// find finds a word by its name.
func find[T any](words []word[T], name string) (word[T], bool) {
	for _, w := range words {
		if w.name == name {
			return w, true
		}
	}
	return word[T]{}, false
}

// namesOf lists what can be said, as the words begin.
func namesOf[T any](words []word[T]) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = w.name
	}
	return all
}
