package engine

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"simp/codec"
)

// A conversation depends on nothing but its inputs, their times, and what it is told by what it shares with others: is there a
// place left, has the client room, what is our user's name, what does chance say. Whoever has the inputs and these answers can
// run it again by itself, and the same must come of it.

// Question is what a conversation asks of what it shares with others.
type Question string

// The questions, in the form in which they are recorded.
const (
	AskStop     Question = "stop"     // is the daemon shutting down?
	AskInUse    Question = "in-use"   // do chats with others leave no place for this peer?
	AskChat     Question = "chat"     // may it take a place among the chats?
	AskRing     Question = "ring"     // ... among the invitations that wait for the user?
	AskInviting Question = "inviting" // ... among those that the user has out?
	AskBox      Question = "box"      // ... among the peers for whom something waits for a client?
	AskLinger   Question = "linger"   // ... among those that are remembered after the end?
	AskRoom     Question = "room"     // can the client be handed a message?
	AskUser     Question = "user"     // what is our user's name?
	AskName     Question = "name"     // what shall the conversation be called?
	AskCounter  Question = "counter"  // where shall its numbers begin?
	AskLast     Question = "last"     // what was the number of the last message that went there?
)

// Answer is a question and what was answered.
type Answer struct {
	Question Question
	Value    string
}

// String returns both in one word and a rest, which ParseAnswer reads.
func (a Answer) String() string { return string(a.Question) + " " + a.Value }

// ParseAnswer reads what String has written.
func ParseAnswer(s string) Answer {
	question, value, _ := strings.Cut(s, " ")
	return Answer{Question: Question(question), Value: value}
}

// tape notes answers, or gives those that were noted. There is none where nobody observes: a nil tape notes nothing.
type tape struct {
	answers []Answer
	plays   bool
	next    int   // of answers, when it plays
	wrong   error // the first question that was asked otherwise than noted
}

func (t *tape) rewind() {
	clear(t.answers)
	*t = tape{answers: t.answers[:0]}
}

func (t *tape) playing() bool { return t != nil && t.plays }

func (t *tape) note(q Question, value string) {
	if t != nil {
		t.answers = append(t.answers, Answer{q, value})
	}
}

// play returns the next answer, "" if it is not to that question.
func (t *tape) play(q Question) string {
	switch {
	case t.wrong != nil:
	case t.next >= len(t.answers):
		t.wrong = fmt.Errorf("the conversation asks %q, which it did not ask then", q)
	case t.answers[t.next].Question != q:
		t.wrong = fmt.Errorf("the conversation asks %q where it asked %q then", q, t.answers[t.next].Question)
	default:
		t.next++
		return t.answers[t.next-1].Value
	}
	return ""
}

// done says what went otherwise than noted.
func (t *tape) done() error {
	if t.wrong == nil && t.next < len(t.answers) {
		return fmt.Errorf("the conversation does not ask %q, which it asked then", t.answers[t.next].Question)
	}
	return t.wrong
}

const yes, no = "yes", "no"

func (t *tape) noteYes(q Question, is bool) {
	if is {
		t.note(q, yes)
	} else {
		t.note(q, no)
	}
}

// ask asks about this peer.
func (s *Session) ask(q Question, of func(netip.AddrPort) bool) bool {
	if s.tape.playing() {
		return s.tape.play(q) == yes
	}
	is := of(s.peer)
	s.tape.noteYes(q, is)
	return is
}

// askAny asks what is the same for all peers.
func (s *Session) askAny(q Question, of func() bool) bool {
	if s.tape.playing() {
		return s.tape.play(q) == yes
	}
	is := of()
	s.tape.noteYes(q, is)
	return is
}

func (s *Session) askUser() string {
	if s.tape.playing() {
		return s.tape.play(AskUser)
	}
	user := s.env.userName()
	s.tape.note(AskUser, user)
	return user
}

// newName makes the name of an invitation. Whoever does not announce itself names none.
func (s *Session) newName() (t codec.Token) {
	switch {
	case s.env.cfg.Plain:
		return codec.Token{}
	case s.tape.playing():
		if b, err := hex.DecodeString(s.tape.play(AskName)); err == nil && len(b) == len(t) {
			copy(t[:], b)
		}
		return t
	}
	if t = newToken(s.env.cfg.Random); s.tape != nil {
		s.tape.note(AskName, hex.EncodeToString(t[:]))
	}
	return t
}

// newCounter draws where the numbers of a chat begin.
func (s *Session) newCounter() uint8 {
	if s.tape.playing() {
		n, _ := strconv.ParseUint(s.tape.play(AskCounter), 10, 8)
		return uint8(n)
	}
	n := newCounter(s.env.cfg.Random)
	if s.tape != nil {
		s.tape.note(AskCounter, strconv.Itoa(int(n)))
	}
	return n
}

// lastSent is what is known of the number of the last message that went to the peer.
func (s *Session) lastSent() (last lastNumber, any bool) {
	if s.tape.playing() {
		n, err := fmt.Sscanf(s.tape.play(AskLast), "%d %t %t %t", &last.number, &last.shown[0], &last.shown[1], &any)
		if n < 4 || err != nil {
			return lastNumber{shown: anyShown}, false
		}
		return last, any
	}
	last, any = s.env.memory.lastSent(s.peer)
	if s.tape != nil {
		s.tape.note(AskLast, fmt.Sprintf("%d %t %t %t", last.number, last.shown[0], last.shown[1], any))
	}
	return last, any
}
