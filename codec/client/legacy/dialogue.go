package legacy

import (
	"bytes"
	"time"

	"simp/codec/client"
)

// MaxDatagram is the length in bytes of the longest datagram that a client is expected to send: a terminal gives a
// program lines of 4,095 bytes at most, and the longest thing that a protocol puts in front of one is shorter than the
// rest.
const MaxDatagram = 4096 + 64

// Protocol names one of the three client protocols, by the letter of its authors in the documentation.
type Protocol byte

// The protocols.
const (
	ProtocolA Protocol = 'A' // Takacs, Lendvay
	ProtocolB Protocol = 'B' // Hollaus, Meseli
	ProtocolC Protocol = 'C' // the course's
)

// String returns the letter.
func (p Protocol) String() string { return string(rune(p)) }

// Dialogue is one client's conversation with the daemon. Calls must not overlap. Arguments are not kept; the caller
// performs the Output after each call, and gives an empty one to the next.
type Dialogue interface {
	// Receive takes a datagram of the client's, which may be anything.
	Receive(now time.Time, datagram []byte, out *Output)

	// Tell takes an event of the daemon's, in the order in which the daemon tells them.
	Tell(now time.Time, ev client.Event, out *Output)

	// Expire has to be called when NextDeadline has come. Earlier it does nothing.
	Expire(now time.Time, out *Output)

	// NextDeadline is when Expire has something to do; false if never.
	NextDeadline() (time.Time, bool)

	// Goodbye ends the dialogue because the daemon ends it. It tells the client why, if the client can be told.
	Goodbye(now time.Time, why End, out *Output)

	// Held is how many messages wait here for the client's turn.
	Held() int
}

// End is why the daemon ends a dialogue.
type End uint8

// The reasons of Goodbye.
const (
	EndStopping End = iota // the daemon is stopping
	EndStalled             // too much waits for the client
	EndSilent              // nobody can see whether the client is there, and somebody else asks for the daemon
	EndCrowded             // too many clients ask for the daemon at once, so that this one's dialogue does not even begin
)

// sentence tells the user.
func (e End) sentence() string {
	switch e {
	case EndStalled:
		return "The daemon has ended this client, for which too much was waiting."
	case EndSilent:
		return "The daemon has ended this client, which was silent for long, for another one."
	case EndCrowded:
		return "Too many clients ask for the daemon at once. Try again later."
	case EndStopping:
	}
	return "The daemon is stopping."
}

// Output is what a call leads to. The datagrams go first: a client may wait for its acknowledgement only so long.
type Output struct {
	Datagrams [][]byte         // to the client, in this order
	Commands  []client.Command // to the daemon, in this order

	// Gone says that the client has left, or ends when it reads these datagrams: its hold on the daemon is over, and so is
	// the dialogue.
	Gone bool

	// Doubt says that the client does not confirm what it was sent, though it should be reading. Whoever can look whether
	// it is still there does so; it may just have been stopped for a while.
	Doubt bool

	// Anew says that the datagram is the first one of another client behind the same address: this dialogue is over, and
	// Open wants the datagram.
	Anew bool

	// Ignored says that the datagram had no place in the dialogue.
	Ignored bool
}

// Reset empties the Output for the next call.
func (o *Output) Reset() {
	clear(o.Datagrams)
	clear(o.Commands)
	*o = Output{Datagrams: o.Datagrams[:0], Commands: o.Commands[:0]}
}

func (o *Output) send(datagram string) { o.Datagrams = append(o.Datagrams, []byte(datagram)) }

func (o *Output) do(c client.Command) { o.Commands = append(o.Commands, c) }

// Recognise tells the protocol of a source by its first datagram; false if no client begins like that.
func Recognise(first []byte) (Protocol, bool) {
	switch {
	case bytes.HasPrefix(first, []byte(aHello)):
		return ProtocolA, true
	case string(first) == bHello:
		return ProtocolB, true
	case bytes.HasPrefix(first, []byte(cHello)):
		return ProtocolC, true
	}
	return 0, false
}

// Circumstances are what a dialogue is told at its beginning.
type Circumstances struct {
	Taken bool // another client holds the daemon
	Near  bool // the client is on this host, and datagrams to it are not lost
}

// Refuse tells a client whose first datagram this is that no dialogue begins, and why.
func Refuse(first []byte, why End, out *Output) {
	switch p, _ := Recognise(first); p {
	case ProtocolA:
		out.send(aError + why.sentence())
	case ProtocolB:
		out.send(linkACK)
		out.send(bError + why.sentence())
	case ProtocolC:
		new(dialogueC).fail(why.sentence(), out)
	}
}

// Open begins the dialogue with a client whose first datagram this is. It returns nil for what Recognise does not know.
func Open(now time.Time, first []byte, at Circumstances, out *Output) Dialogue {
	var d interface {
		Dialogue
		open(now time.Time, first []byte, at Circumstances, out *Output)
	}
	switch p, _ := Recognise(first); p {
	case ProtocolA:
		d = new(dialogueA)
	case ProtocolB:
		d = new(dialogueB)
	case ProtocolC:
		d = new(dialogueC)
	default:
		return nil
	}
	d.open(now, first, at, out)
	return d
}
