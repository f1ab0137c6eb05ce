// Package double has faithful test doubles of six other implementations of
// SIMP: each plays a foreign daemon together with the person in front of it.
//
// A double builds and reads its bytes by hand and shares no code with the
// daemon under test, so that an error of ours cannot cancel itself out. It
// repeats what the original repeats, numbers as the original numbers, blocks
// where the original blocks, and dies of what the original dies of: then
// [Double.Dead] says why, and the double does nothing any more.
//
// A double is sans-IO: acts of the user, datagrams and the time go in,
// datagrams and what the user is shown come out. Nothing in here reads a
// clock, starts a goroutine or opens a socket. A double belongs to one
// goroutine at a time.
//
// The originals are multi-threaded. A double runs their threads one after the
// other, in the order in which the recordings show them to run; where two
// threads of an original race for the same datagram, the double's random
// source decides, and without one the thread that usually wins does. Each
// file says what that means for its kind.
package double

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"
)

// Kind is one of the six implementations, 'A' to 'F'.
type Kind byte

// The letters are those of the recordings.
const (
	A Kind = 'A' + iota // Takacs/Lendvay: answers always numbered 1, chats always 0, never stops repeating
	B                   // Hollaus/Meseli: a checksum behind every datagram, accepts without asking
	C                   // the course's reference: pads with blanks, repeats nothing
	D                   // one counter for both directions, loses a fifth of what it sends on purpose
	E                   // control datagrams without a Length
	F                   // counts in a whole byte, takes turns
)

// Kinds returns all kinds in order.
func Kinds() []Kind { return []Kind{A, B, C, D, E, F} }

// String returns the kind's letter as the recordings write it, "a" to "f".
func (k Kind) String() string {
	if k < A || k > F {
		return fmt.Sprintf("Kind(%d)", byte(k))
	}
	return string(rune(k - A + 'a'))
}

// daemonPort is where some originals send whatever port they heard a peer on.
const daemonPort = 7777

// What is the sort of thing that a double's user is shown.
type What byte

// What a user can be shown.
const (
	Invitation What = iota + 1 // somebody wants to chat; Accept or Decline answers
	Opened                     // the chat is open
	Message                    // a chat message; Text is the message
	Closed                     // the chat is over, whoever ended it
	Refused                    // the invitation came to nothing; Text says why, if the original says it
	Notice                     // anything else that the original shows; Text is its wording
)

// String returns the constant's name in lower case.
func (w What) String() string {
	switch w {
	case Invitation:
		return "invitation"
	case Opened:
		return "opened"
	case Message:
		return "message"
	case Closed:
		return "closed"
	case Refused:
		return "refused"
	case Notice:
		return "notice"
	}
	return fmt.Sprintf("What(%d)", byte(w))
}

// Sent is a datagram that left the double's daemon.
type Sent struct {
	To    netip.AddrPort
	Bytes []byte // the receiver's to keep
}

// Shown is something that the double's user saw.
type Shown struct {
	What What
	Peer netip.AddrPort // whom it is about; the zero value where the original does not say
	Text string
}

// program is one original: a daemon and its client, without the network.
type program interface {
	login(now time.Time, user string)
	invite(now time.Time, peer netip.AddrPort)
	accept(now time.Time)
	decline(now time.Time)
	say(now time.Time, text string)
	leave(now time.Time)

	receive(now time.Time, from netip.AddrPort, b []byte)
	expire(now time.Time)
	deadline() time.Time // the zero time: nothing is due

	inChat() bool
	attached() bool
}

// Double is one foreign daemon with its user. Make it with [New].
type Double struct {
	kind Kind
	host *host
	prog program
}

// New returns a double of the kind, running at addr, with nobody logged in.
//
// random decides what the original leaves to chance: which datagrams D loses
// on purpose, and which of two threads gets a datagram that both wait for.
// Without it nothing is lost and the thread that usually wins always does.
// New panics if there is no such kind: that is an error in the test.
func New(kind Kind, addr netip.AddrPort, random *rand.Rand) *Double {
	h := &host{addr: addr, random: random}
	var p program
	switch kind {
	case A:
		p = newA(h)
	case B:
		p = newB(h)
	case C:
		p = newC(h)
	case D:
		p = newD(h)
	case E:
		p = newE(h)
	case F:
		p = newF(h)
	default:
		panic("double: no such kind: " + kind.String())
	}
	return &Double{kind: kind, host: h, prog: p}
}

// Kind returns what the double plays.
func (d *Double) Kind() Kind { return d.kind }

// Addr returns where its daemon listens.
func (d *Double) Addr() netip.AddrPort { return d.host.addr }

// Login starts the client and gives the name: 1 to 32 bytes of printable
// ASCII. It does nothing while a client is attached.
func (d *Double) Login(now time.Time, user string) {
	d.act(now, func() { d.prog.login(now, user) })
}

// Invite asks the user at peer for a chat. It does nothing where the client
// has no such choice at the moment.
func (d *Double) Invite(now time.Time, peer netip.AddrPort) {
	d.act(now, func() { d.prog.invite(now, peer) })
}

// Accept answers the question that the client shows with yes.
func (d *Double) Accept(now time.Time) { d.act(now, func() { d.prog.accept(now) }) }

// Decline answers the question that the client shows with no.
func (d *Double) Decline(now time.Time) { d.act(now, func() { d.prog.decline(now) }) }

// Say types a line, ASCII and not empty.
func (d *Double) Say(now time.Time, text string) { d.act(now, func() { d.prog.say(now, text) }) }

// Leave ends the chat, or the client, as far as the original has a way to.
func (d *Double) Leave(now time.Time) { d.act(now, func() { d.prog.leave(now) }) }

// Receive is the arrival of a datagram at the daemon's socket. It may have to
// wait there: the originals do not read while they wait for somebody.
// The bytes are copied.
func (d *Double) Receive(now time.Time, from netip.AddrPort, b []byte) {
	d.act(now, func() { d.prog.receive(now, from, append([]byte(nil), b...)) })
}

// Expire does what is due at now. Calling it early or twice changes nothing.
func (d *Double) Expire(now time.Time) {
	if d.host.dead == "" {
		d.prog.expire(now)
	}
}

// act runs what came in after everything that was due before it, so that a
// caller who forgets Expire does not turn the order of events around.
func (d *Double) act(now time.Time, do func()) {
	d.Expire(now)
	if d.host.dead == "" {
		do()
	}
}

// NextDeadline returns when Expire wants to be called next.
func (d *Double) NextDeadline() (time.Time, bool) {
	if d.host.dead != "" {
		return time.Time{}, false
	}
	at := d.prog.deadline()
	return at, !at.IsZero()
}

// Take returns what went out and what the user was shown since the last Take,
// each in order.
func (d *Double) Take() (sent []Sent, shown []Shown) {
	sent, shown = d.host.sent, d.host.shown
	d.host.sent, d.host.shown = nil, nil
	return sent, shown
}

// Dead returns what the original would have died of, in words; "" while it
// would live. A thread that ends in an exception because of a datagram counts
// as death, also where another thread would limp on: nobody may be sent that.
func (d *Double) Dead() string { return d.host.dead }

// InChat reports whether the daemon thinks that it is in a chat, rightly or not.
func (d *Double) InChat() bool { return d.prog.inChat() }

// Attached reports whether the daemon thinks that it has a client.
func (d *Double) Attached() bool { return d.prog.attached() }

// host is what the programs share: the way out, the user's screen, chance.
type host struct {
	addr   netip.AddrPort
	random *rand.Rand
	sent   []Sent
	shown  []Shown
	dead   string
}

func (h *host) send(to netip.AddrPort, b []byte) {
	h.sent = append(h.sent, Sent{To: to, Bytes: b})
}

func (h *host) show(what What, peer netip.AddrPort, text string) {
	h.shown = append(h.shown, Shown{What: what, Peer: peer, Text: text})
}

// die records the first reason only: what follows is its consequence.
func (h *host) die(reason string) {
	if h.dead == "" {
		h.dead = reason
	}
}

// chance reports whether something of the given probability happens; never
// without a random source.
func (h *host) chance(probability float64) bool {
	return h.random != nil && h.random.Float64() < probability
}

// datagram is one that waits in a socket buffer.
type datagram struct {
	from  netip.AddrPort
	bytes []byte
}

// buffer is the kernel's receive buffer of the daemon's socket. Linux gives a
// socket about 212 KB; small datagrams cost it some 800 bytes each.
type buffer []datagram

const bufferSize = 256 // datagrams; what does not fit is lost, as in the kernel

func (q *buffer) push(d datagram) {
	if len(*q) < bufferSize {
		*q = append(*q, d)
	}
}

func (q *buffer) pop() datagram {
	d := (*q)[0]
	*q = (*q)[1:]
	return d
}

// earliest returns the earlier of two deadlines of which either may be unset.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// due reports whether a deadline is set and has come.
func due(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }
