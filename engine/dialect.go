package engine

import (
	"time"

	"simp/codec"
	"simp/fsm"
)

// dialect is how one kind of peer writes, and how it has to be treated, as values. Nothing outside this file knows what a
// kind is: the machine sees the policy, the codec the wire, and the session what stands here. What the kinds do on the wire
// is recorded in testdata/traces; engine/double plays them.
type dialect struct {
	name   string // as users and the memory of addresses call it
	shape  shape  // how every datagram of it looks
	wire   codec.Wire
	policy fsm.Policy

	// payload is the longest message that it was seen to read, in bytes; 0: as for a peer of unknown kind.
	payload int

	// copying is how its messages come again.
	copying copying

	// pause is how long our answers wait. Some are not ready for one that comes at once: they note that they wait for it only
	// after they have sent what it answers.
	pause time.Duration

	// echoes says that it sends our messages back as if they were its user's.
	echoes bool

	// finACK is how it wants its FIN acknowledged.
	finACK codec.Form

	// never reports whether a datagram cannot come from one, beside what its look says; nil: anything can. It takes back a
	// wrong guess, or what is only remembered while another program runs at that address by now.
	never func(sight) bool

	// returns reports whether a datagram shows that one which is only remembered is there again; until then it is taken for
	// unknown. nil: whatever does not contradict it does.
	returns func(sight) bool

	// carries says that the numbers of our messages go on from chat to chat, as far as it takes them; or that it may turn
	// out to be of a kind for which they do.
	carries bool

	// limits is what its users cannot do, for ours; "" if nothing worth a sentence.
	limits string

	// trace is a recording that proves the row, a file of testdata/traces.
	trace string
}

// A peer that acknowledges every copy of a message is sent it until it does (ChatCopies 0): a message given up could be
// acknowledged later, and that ACK be taken for another one's.
//
// The rows. A further kind of peer is a further row, and a line of evidence that leads to it.
var (
	// unknown is for a peer that has shown nothing particular yet.
	unknown = &dialect{name: "unknown", shape: shapeless, wire: codec.Canonical, policy: fsm.Legacy()}

	// doubtful is for one that has acknowledged our first message with the other number only (4.15): it may count from 1,
	// or the network may have lost a lot. Its messages go on being tried with both numbers.
	doubtful = &dialect{name: "unknown", shape: shapeless, wire: codec.Canonical, policy: doubting()}

	// native is for a peer that has announced itself (2.4).
	native = &dialect{name: "native", shape: shapeless, wire: codec.Canonical, policy: fsm.Native(), payload: codec.MaxPayload - codec.MaxLabel}

	// standard is for a peer that its user knows to follow the specification to the letter. Nothing that it sends tells
	// it from an unknown one, so it is only ever chosen by hand.
	standard = &dialect{name: "standard", shape: shapeless, wire: codec.Canonical, policy: strictly()}

	kindA = &dialect{
		name: "a", shape: regular, wire: codec.Canonical, pause: longestPause, trace: "a-chat",
		// Its timer naps 501 times 10 ms, which took it 5.34 and 5.45 s when it was recorded. It goes on for ever.
		copying: copying{still: true, after: 5 * time.Second, until: 5800 * time.Millisecond},
		// Its ACKs always carry 1. Its user is asked again by a second SYN and shown every copy of a message. When its
		// chat is over it has no client, and whatever comes then ends it.
		policy: fsm.Policy{
			SYNCopies: 1, SYNACKCopies: 3, ChatCopies: 0, FINCopies: 1, RefusalCopies: 1,
			AnyACK: true, QuietFIN: true, Grows: true, BusyERROnly: true, LateWithdrawal: true, LastWord: true,
		},
		carries: true, // for until it has counted beyond 1, f is taken for it
		never: func(x sight) bool {
			invited := x.s.snap.State == fsm.Established && x.s.snap.HsSeq == 1
			return x.answers() && x.Seq != 1 || x.Kind == codec.SYN && x.Seq != 0 || x.Kind == codec.CHAT && x.Seq != 0 || x.Kind == codec.ACK && invited && x.Seq != 1 || x.finAgain()
		},
		limits: "Its daemon carries one chat: whoever did not end it has to restart it for the next.",
	}
	kindB = &dialect{
		name: "b", shape: trailing, wire: codec.Trailing, payload: 250, pause: longestPause, trace: "b-chat",
		// What it sends again is what it was sent, as its user's: three times, 5 s apart (11.7). We may not know it for ours.
		copying: copying{still: true, after: 4600 * time.Millisecond, until: 5400 * time.Millisecond, within: 11 * time.Second},
		// It counts every datagram, and a wrong number or a missing checksum ends it. A FIN it answers with one of its own and
		// goes on as before, if its user is still there to lend the answer a name; else it ends. So it does when nobody
		// acknowledges its own FIN, also one that refuses.
		policy: fsm.Policy{
			SYNCopies: 1, SYNACKCopies: 1, ChatCopies: 6, FINCopies: 1, RefusalCopies: 1,
			Numbers: fsm.Tracked, AcksOnce: true, AckRefusal: true, QuietFIN: true, BusyERROnly: true, NoFIN: true,
		},
		echoes: true,
		limits: "Its daemon accepts every invitation without asking, shows no message to its user, does not say when its user has left, and makes nothing of it when you leave.",
	}
	kindC = &dialect{
		name: "c", shape: spaced, wire: codec.Spaced, pause: 20 * time.Millisecond, trace: "c-chat",
		copying: copying{none: true},
		policy: fsm.Policy{
			SYNCopies: 3, SYNACKCopies: 3, ChatCopies: 3, FINCopies: 3, RefusalCopies: 3,
			AcksOnce: true, QuietFIN: true, Grows: true,
		},
		limits: "Its daemon never sends a message again: what the network loses of its user's is lost.",
	}
	kindD = &dialect{
		name: "d", shape: regular, wire: codec.Canonical, trace: "d-chat",
		// Three copies, 5 s apart, or more if something else of ours comes in between.
		copying: copying{
			after: 4400 * time.Millisecond, within: 25 * time.Second, lateAfter: 4700 * time.Millisecond, lateUntil: 5300 * time.Millisecond,
		},
		policy: fsm.Policy{
			SYNCopies: 1, SYNACKCopies: 3, ChatCopies: 6, FINCopies: 3, RefusalCopies: 3,
			Numbers: fsm.Shared, AcksOnce: true, AckRefusal: true, QuietFIN: true, Grows: true, LateWithdrawal: true,
		},
		never: func(x sight) bool {
			return (x.answers() || x.Kind == codec.SYN) && x.Seq != 0 || x.firstMessage() && !x.s.snap.InFlight && x.Seq == 0 ||
				x.anotherMessage() && x.Seq == x.s.latest.number
		},
		limits: "Its daemon throws away a part of what it sends, on purpose, and sends it again after 5 seconds.",
	}
	kindE = &dialect{
		name: "e", shape: short, wire: codec.Short, trace: "e-chat",
		finACK: codec.FINACK,
		// What it does not expect it reads when its next chat should begin, and that fails.
		policy: fsm.Policy{
			SYNCopies: 1, SYNACKCopies: 3, ChatCopies: 0, FINCopies: 3, RefusalCopies: 1,
			QuietFIN: true, Grows: true, BusyERROnly: true,
		},
		limits: "Its daemon shows every copy of a message, so one may come twice to its user.",
	}
	kindF = &dialect{
		name: "f", shape: regular, wire: codec.Counting, trace: "f-chat",
		policy: fsm.Policy{
			SYNCopies: 1, SYNACKCopies: 3, ChatCopies: 0, FINCopies: 3, RefusalCopies: 3,
			Numbers: fsm.Counting, QuietFIN: true, Grows: true, LateWithdrawal: true,
		},
		carries: true,
		never:   func(x sight) bool { return x.Kind == codec.CHAT && x.Seq == 0 || x.answersFirst(1) },
		returns: func(x sight) bool { return x.firstMessage() && x.Seq == 1 },
		limits:  "Its user has to take turns: after a message of its own it sends none before one of ours has come.",
	}

	dialects = [...]*dialect{unknown, native, standard, kindA, kindB, kindC, kindD, kindE, kindF}
)

func doubting() fsm.Policy {
	p := fsm.Legacy()
	p.AcksOnce = true
	return p
}

func strictly() fsm.Policy {
	p := fsm.Legacy()
	p.TriesOther = false
	return p
}

// dialectNamed finds a row, nil if there is none of that name.
func dialectNamed(name string) *dialect {
	for _, d := range dialects {
		if d.name == name {
			return d
		}
	}
	return nil
}

// limit is the longest message that the peer gets in one datagram, in bytes.
func (d *dialect) limit() int {
	if d.payload > 0 {
		return min(d.payload, d.wire.MaxPayload())
	}
	return legacyPayload
}

// evidence is something that a peer does and only one kind of peer does. The first that holds counts.
type evidence struct {
	says  string // what the peer does, for people
	as    *dialect
	holds func(sight) bool
	hint  bool // another program that nobody knows could do so too
}

// What the look of one datagram shows counts always: every datagram of those kinds looks like that, and none of another.
// Behind it, what can only be told from the course of a conversation with a peer that writes regularly.
var evidences = [...]evidence{
	{says: "a checksum ends its datagrams", as: kindB, holds: func(x sight) bool { return x.look == trailing }},
	{says: "it pads names with blanks", as: kindC, holds: func(x sight) bool { return x.look == spaced }},
	{says: "its control datagrams lack the Length field", as: kindE, holds: func(x sight) bool { return x.look == short }},
	{says: "it refuses with operation 0x09", as: kindD, holds: func(x sight) bool { return x.Form == codec.FINERR }},
	{says: "it counts beyond 1", as: kindF, holds: func(x sight) bool { return x.Seq > 1 && x.Kind != codec.ACK && x.Kind != codec.ERR }},
	{says: "its SYN has the number 1", as: kindF, hint: true, holds: func(x sight) bool { return x.known.open() && x.Kind == codec.SYN && x.Seq == 1 }},
	{says: "it answered our SYN, numbered 0, with the number 1", as: kindA, holds: func(x sight) bool {
		answers := x.Kind == codec.SYNACK || x.Kind == codec.FIN || x.Kind == codec.ERR
		return answers && x.known.open() && x.s.snap.State == fsm.SynSent && x.Seq == 1
	}},
	{says: "it acknowledged our first message, numbered 0, with the number 1", as: kindA, holds: func(x sight) bool {
		return x.known.open() && x.answersFirst(1)
	}},
	{says: "it sent another message with the number of the last", as: kindA, holds: func(x sight) bool {
		return x.known.open() && x.anotherMessage() && x.Seq == x.s.latest.number
	}},
	{says: "the first message between us has the number 1", as: kindD, holds: func(x sight) bool {
		return (x.known.open() || x.known == kindD) && x.firstMessage() && x.Seq == 1
	}},
}

// contradicts reports whether a datagram cannot come from the kind of peer that the dialect is for.
func (d *dialect) contradicts(x sight) bool {
	if x.look != shapeless && d.shape != shapeless && x.look != d.shape {
		return true
	}
	return d.never != nil && d.never(x)
}

// unseen is how a peer is treated that is only remembered as one of this kind: where another program may run by now, what
// would harm that one waits until the kind has shown itself.
func (d *dialect) unseen() fsm.Policy {
	p := d.policy
	if p.Labels {
		return p // one that has named itself does so again, or hears nothing of ours
	}
	if p.Numbers == fsm.Counting {
		// It takes any number, and nobody else one above 1, nor a number twice.
		p.Numbers = fsm.Alternating
		p.ChatCopies, p.TriesOther = unknown.policy.ChatCopies, unknown.policy.TriesOther
	}
	p.RefusalCopies = min(p.RefusalCopies, 1)
	return p
}

// lettered reports whether the row is for one of the implementations that others have written.
func (d *dialect) lettered() bool { return !d.open() && d != native && d != standard }

// bit is the place of a lettered row in a set of them.
func (d *dialect) bit() uint8 { return 1 << (d.name[0] - 'a') }

// open reports whether the peer has shown nothing particular.
func (d *dialect) open() bool { return d.name == unknown.name }

// DialectNames returns the names by which Config.Dialects can choose how a peer is treated.
func DialectNames() []string {
	var names []string
	for _, d := range dialects {
		if !d.open() {
			names = append(names, d.name)
		}
	}
	return names
}
