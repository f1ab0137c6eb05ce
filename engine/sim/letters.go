package sim

import (
	"strconv"
	"strings"

	"simp/codec/client"
	"simp/engine/double"
)

// How every message is followed: from the moment in which a daemon takes it to the moment in which its reader sees it, and
// to what its writer is told of it.

// letter is a message that a user wrote.
type letter struct {
	to        *user
	text      string // as it was sent
	taken     bool   // the daemon has taken it
	shown     int
	delivered int
	reported  bool // its writer knows what has become of it, or is not there to be told
}

// hear takes what a user of ours is told.
func (s *stage) hear(u *user, ev client.Event) {
	if s.log != nil {
		if words := s.wording(ev); words != "" {
			s.log(u, words)
		}
	}
	switch ev := ev.(type) {
	case client.Message:
		if o := s.at[ev.Peer]; o != nil {
			s.reads(u, o, ev.Text)
		}
	case client.Sent:
		if l := u.letter(ev.ID); l != nil {
			l.taken = true
			if ev.As != "" {
				l.text = ev.As
			}
		}
	case client.Delivered:
		s.delivered(u, ev)
	case client.Unconfirmed:
		if l := u.letter(ev.ID); l != nil {
			l.reported = true
		}
	case client.Closed:
		for _, un := range ev.Undelivered {
			if l := u.letter(un.ID); l != nil {
				l.reported = true
			}
		}
	}
	if u.hears != nil {
		u.hears(ev)
	}
}

// see takes what a user of another make is shown.
func (s *stage) see(u *user, shown double.Shown) {
	if s.log != nil {
		s.log(u, s.guestWording(shown))
	}
	if shown.What == double.Message {
		if o := s.writer(u, shown); o != nil {
			s.reads(u, o, shown.Text)
		}
	}
	if u.sees != nil {
		u.sees(shown)
	}
}

// writer is who has written what u is shown. Some daemons do not say: then it is whoever has written that.
func (s *stage) writer(u *user, shown double.Shown) *user {
	if o := s.at[shown.Peer]; o != nil {
		return o
	}
	for _, o := range u.others {
		for i := range o.letters {
			if l := &o.letters[i]; l.to == u && l.text == shown.Text {
				return o
			}
		}
	}
	return nil
}

func (u *user) letter(id client.ID) *letter {
	n, err := strconv.Atoi(id.String())
	if err != nil || n < 1 || n > len(u.letters) {
		return nil
	}
	return &u.letters[n-1]
}

// reads checks a message that u is shown as one of o's. Users may write the same words twice: then the first of the
// letters that fit is the one that is shown, which finds no fault where there is none.
func (s *stage) reads(u, o *user, text string) {
	rest := text
	for rest != "" {
		l, found := o.findLetter(u, rest, o.kind == double.D)
		if !found {
			s.misread(u, o, text)
			return
		}
		l.shown++
		rest = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(rest, l.text), joint), farewell)
	}
}

// findLetter finds the letter from u to o that comes next with this text. Where lines can come as one, it may be the first
// of several.
func (u *user) findLetter(o *user, text string, joined bool) (*letter, bool) {
	r := u.with(o)
	for i := r.next; i < len(u.letters); i++ {
		l := &u.letters[i]
		if l.to == o && l.taken && l.shown == 0 && (l.text == text || joined && isFirst(l.text, text)) {
			r.next = i + 1
			return l, true
		}
	}
	return nil, false
}

// What stands between and behind the lines of a user of kind d whose client's lines were read as one.
const (
	joint    = "CHAT "
	farewell = "QUIT"
)

// isFirst reports whether a text is the first line of several.
func isFirst(line, lines string) bool {
	rest, is := strings.CutPrefix(lines, line)
	return is && (strings.HasPrefix(rest, joint) || rest == farewell)
}

// misread says what is wrong with a message that is not the next one.
func (s *stage) misread(u, o *user, text string) {
	again := false
	for i := range o.letters {
		l := &o.letters[i]
		if l.to != u || !l.taken || l.text != text {
			continue
		}
		if l.shown == 0 {
			l.shown++
			s.violate(S3, o, u, "%s is shown %q after a message that %s wrote later", u.name, text, o.name)
			return
		}
		again = true
	}
	switch {
	case again:
		s.violate(S2, o, u, "%s is shown %q again", u.name, text)
	case o.kind == double.B: // it sends back what it gets
	default:
		s.violate(S2, o, u, "%s is shown %q, which %s did not write to them", u.name, text, o.name)
	}
}

// delivered checks that the other side has a message of which u hears that it is delivered. Where the same words were
// written more than once, as many have to be there as are reported.
func (s *stage) delivered(u *user, ev client.Delivered) {
	l, o := u.letter(ev.ID), s.at[ev.Peer]
	if l == nil || o == nil {
		return
	}
	l.reported = true
	if l.delivered++; l.delivered > 1 {
		s.violate(S1, u, o, "%s hears again that %q is delivered", u.name, l.text)
	}
	if l.shown > 0 || o.kind == double.B || o.guest != nil && o.guest.Dead() != "" {
		return // a daemon of kind b shows its user nothing, and one that is dead has shown what it could
	}
	there, reported := s.kept(o, u, l.text), 0
	for i := range u.letters {
		if m := &u.letters[i]; m.to == o && m.text == l.text {
			there += m.shown
			reported += m.delivered
		}
	}
	if there < reported {
		s.violate(S1, u, o, "%s hears that %q is delivered, but %s does not have it", u.name, l.text, o.name)
	}
}

// kept is how often a text from u waits for o's client.
func (s *stage) kept(o, u *user, text string) int {
	n := 0
	if o.node == nil {
		return 0
	}
	if c := o.node.Session(u.addr); c != nil {
		for _, ev := range c.Kept() {
			if m, is := ev.(client.Message); is && m.Text == text {
				n++
			}
		}
	}
	return n
}
