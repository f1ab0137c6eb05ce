package sim

import (
	"fmt"
	"strings"
	"time"

	"simp/engine"
	"simp/engine/double"
)

// ID names an invariant.
type ID string

// The invariants: S for safety, which must hold at every moment, L for liveness, which must hold in the end.
const (
	S1 ID = "S1"
	S2 ID = "S2"
	S3 ID = "S3"
	S4 ID = "S4"
	S5 ID = "S5"
	S6 ID = "S6"
	S7 ID = "S7"
	S8 ID = "S8"
	L1 ID = "L1"
	L2 ID = "L2"
)

// Invariant is something that a daemon promises.
type Invariant struct {
	ID       ID
	Sentence string
}

// Invariants returns all of them, in order.
func Invariants() []Invariant {
	return []Invariant{
		{S1, "No message is reported as delivered that the other side does not have."},
		{S2, "A message is shown at most once, and as it was written."},
		{S3, "Messages are shown in the order in which they were written."},
		{S4, "A chat is never open with somebody who was not invited, or did not accept."},
		{S5, "There are never more chats than allowed."},
		{S6, "A stranger's datagram changes nothing."},
		{S7, "No datagram is sent once more but by a timer, or by its user."},
		{S8, "Who has completed no handshake gets at most 3 bytes for each that came from there, and 3 acceptances."},
		{L1, "When the network is good and users rest, every conversation comes to rest: open with nothing under way, or over."},
		{L2, "By then each message that was taken is reported as delivered, as unconfirmed, or as undelivered."},
	}
}

// Violation is a promise that was not kept.
type Violation struct {
	ID   ID
	At   time.Duration
	Text string

	between [2]*user // the one whom it is about, and the other one if there is one
}

// String is the violation in a line.
func (v Violation) String() string {
	return fmt.Sprintf("%s: %.3fs %s", v.ID, v.At.Seconds(), v.Text)
}

// Verdict is what is to be said of a run.
type Verdict struct {
	Violations []Violation // of what is promised
	Excused    []Violation // what would be one, had it been promised
	Weak       []string    // what is not promised here, and why, a sentence for each pair
}

// OK reports whether all promises were kept.
func (v *Verdict) OK() bool { return len(v.Violations) == 0 }

// Broken reports whether a promise was broken.
func (v *Verdict) Broken(id ID) bool {
	for _, b := range v.Violations {
		if b.ID == id {
			return true
		}
	}
	return false
}

// String is the verdict for people: a line for each invariant, and what was seen of it.
func (v *Verdict) String() string {
	var b strings.Builder
	for _, inv := range Invariants() {
		word := "kept  "
		if v.Broken(inv.ID) {
			word = "BROKEN"
		}
		fmt.Fprintf(&b, "  %s %s  %s\n", inv.ID, word, inv.Sentence)
		for _, list := range []struct {
			violations []Violation
			note       string
		}{{v.Violations, ""}, {v.Excused, " (not promised here)"}} {
			for _, broken := range list.violations {
				if broken.ID == inv.ID {
					fmt.Fprintf(&b, "               %9.3fs %s%s\n", broken.At.Seconds(), broken.Text, list.note)
				}
			}
		}
	}
	for _, w := range v.Weak {
		fmt.Fprintf(&b, "  %s\n", w)
	}
	switch n := len(v.Violations); n {
	case 0:
		b.WriteString("All promises were kept.\n")
	case 1:
		b.WriteString("A promise was broken.\n")
	default:
		fmt.Fprintf(&b, "Promises were broken %d times.\n", n)
	}
	return b.String()
}

// judge sorts what was seen into what breaks a promise and what was not promised to this pair of users on this network.
func (s *stage) judge() *Verdict {
	v := new(Verdict)
	for i, u := range s.users {
		for _, o := range s.users[i+1:] {
			if !u.with(o).met() && !o.with(u).met() {
				continue
			}
			if lacks, why := s.lacks(u, o); len(lacks) > 0 {
				v.Weak = append(v.Weak, fmt.Sprintf("Between %s and %s %s not promised: %s.", u.name, o.name, list(lacks), why))
			}
		}
	}
	for _, broken := range s.broken {
		if s.excused(broken) {
			v.Excused = append(v.Excused, broken)
		} else {
			v.Violations = append(v.Violations, broken)
		}
	}
	return v
}

// met reports whether the two have had to do with each other at all.
func (r *relation) met() bool { return r.opened > 0 || r.agreed > 0 || r.forged }

func list(ids []ID) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	switch len(words) {
	case 0:
		return "nothing is"
	case 1:
		return words[0] + " is"
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1] + " are"
}

func (s *stage) excused(v Violation) bool {
	u, o := v.between[0], v.between[1]
	if o == nil {
		return false
	}
	lacks, _ := s.lacks(u, o)
	for _, id := range lacks {
		if id == v.ID {
			return true
		}
	}
	return false
}

// lacks says what is not promised to two users, and why. Between two daemons of ours that announce themselves everything
// is, on every network. Where one of the two does not, a message carries one bit and a conversation no name: what the
// network repeats, what it delivers late, and what an earlier conversation has left under way cannot be told from what
// belongs here.
func (s *stage) lacks(u, o *user) (ids []ID, why string) {
	there, back := s.link(u.addr, o.addr), s.link(o.addr, u.addr)
	all := []ID{S1, S2, S3, S4}
	switch {
	case u.with(o).forged || o.with(u).forged:
		return all, "somebody sent datagrams in the name of one to the other"
	case u.native() && o.native():
		return nil, ""
	case u.guest != nil && o.guest != nil:
		return []ID{S1, S2, S3, S4, L1}, "neither daemon is ours"
	case there.doubled+back.doubled > 0:
		return all, "one does not announce itself, and the network has sent datagrams twice"
	case there.overtook+back.overtook > 0:
		return all, "one does not announce itself, and datagrams have overtaken each other"
	case u.with(o).mixed || o.with(u).mixed:
		return all, "one does not announce itself, and datagrams of one conversation were on their way when the next one began"
	case u.popular() || o.popular():
		return all, "a daemon of another make mixes up those who talk to it"
	case max(u.kind, o.kind) == double.A && there.slowest+back.slowest >= engine.Defaults().Retransmit:
		return all, "a daemon of kind a numbers all messages 0, and answers came later than a copy went out"
	case max(u.kind, o.kind) != 0:
		return kindLacks(max(u.kind, o.kind))
	}
	return []ID{S2}, "one does not announce itself, and gets its first message with another number if three copies are not answered"
}

// popular reports whether a user of another make has had to do with more than one of the others.
func (u *user) popular() bool {
	n := 0
	for _, o := range u.others {
		if u.kind != 0 && (u.with(o).met() || o.with(u).met()) {
			n++
		}
	}
	return n > 1
}

// native reports whether a user's daemon announces itself.
func (u *user) native() bool { return u.node != nil && !u.node.cfg.Plain }

// kindLacks says what cannot be promised to a chat with a daemon of another make, even where the network keeps the order.
// What each make is like stands in package double and in PROTOCOL.md.
func kindLacks(k double.Kind) (ids []ID, why string) {
	switch k {
	case double.A:
		return []ID{S2, S4}, "a daemon of kind a numbers all messages 0 and shows every copy, and nothing names a conversation"
	case double.B:
		return []ID{S1, S2, S3, S4}, "a daemon of kind b shows its user nothing, and nothing names a conversation"
	case double.C, double.D, double.E:
		return []ID{S2, S4}, "a daemon of kind " + k.String() + " may show a copy as a new message, and nothing names a conversation"
	case double.F:
		return []ID{S1, S2, S3, S4, S7}, "a daemon of kind f counts in a way that nobody knows before it has counted"
	}
	return nil, ""
}
