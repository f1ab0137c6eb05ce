package foreign

import (
	"bytes"
	"net/netip"
	"time"

	"simp/codec/client"
)

// Kind names a foreign client protocol.
type Kind string

// The kinds.
const (
	A Kind = "a"
	B Kind = "b"
)

// ReasonUnsupported is the reason of an Error about what a foreign daemon
// cannot do, or does otherwise than one would think.
const ReasonUnsupported client.ErrorReason = "unsupported"

// UnknownPeer stands for the address of a peer of whom the daemon tells the name
// only. It is the address that is set apart for such purposes (RFC 7600), so
// nobody has it.
var UnknownPeer = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 0, 8}), client.DefaultPort)

// Config is what a Dialogue is told at the beginning.
type Config struct {
	// Daemon is the daemon's address, towards its client and towards peers.
	Daemon netip.Addr
	// Probed says that [Probe] has been sent from where the dialogue will be
	// held. It is the first step of a's dialogue, and must not be taken twice;
	// b's daemon waits until its complaint about it is acknowledged.
	Probed bool
}

// Outbox is where a Dialogue puts what it wants done.
type Outbox struct {
	Events    []client.Event // for the person, in this order
	Datagrams [][]byte       // for the daemon, in this order
	Ended     bool           // after these nothing more comes, and nothing is taken
}

func (o *Outbox) tell(e client.Event)  { o.Events = append(o.Events, e) }
func (o *Outbox) send(datagram string) { o.Datagrams = append(o.Datagrams, []byte(datagram)) }

// note tells what the person must know and did not ask for.
func (o *Outbox) note(sentence string) {
	o.tell(client.Error{Reason: ReasonUnsupported, Text: sentence})
}

// Dialogue is one client's dialogue with one daemon. Start is called first and
// once; whatever is called after the end does nothing. Every call may append to
// the Outbox.
type Dialogue interface {
	// Start begins the dialogue.
	Start(now time.Time, out *Outbox)
	// Command takes what the person wants. It is one that [client.Native] has
	// decoded or would encode: names, addresses and texts are sound.
	Command(now time.Time, c client.Command, out *Outbox)
	// Datagram takes a datagram of the daemon's.
	Datagram(now time.Time, b []byte, out *Outbox)
	// Expire is called when a deadline has passed; earlier it does nothing.
	Expire(now time.Time, out *Outbox)
	// Deadline is when Expire wants to be called; zero: never. It can change
	// with every call.
	Deadline() time.Time
}

// New returns a dialogue in the protocol k, which is A or B.
func New(k Kind, cfg Config) Dialogue {
	if k == B {
		return &dialogueB{cfg: cfg}
	}
	return &dialogueA{cfg: cfg}
}

// Probe returns the datagram that finds out of which kind a daemon is. It is
// a's greeting; b's daemon answers that it does not know the operation. The
// other way round would not do: a's daemon dies of b's greeting.
//
// A daemon of kind a that has a client already is not spared: it forgets that
// client for whoever greets it, as it does when its own client greets it a
// second time. No datagram exists that finds it out without that.
func Probe() []byte { return []byte(greetA) }

// Recognise returns the kind of a daemon by the first datagram with which it
// answers [Probe]. The dialogue must be given that datagram too.
func Recognise(answer []byte) (Kind, bool) {
	switch {
	case bytes.Equal(answer, []byte{typeConnect, 0}), bytes.HasPrefix(answer, []byte{typeError, 0}):
		return A, true
	case bytes.Equal(answer, []byte("ACK")), bytes.HasPrefix(answer, []byte("ACK|")), bytes.HasPrefix(answer, []byte("ERROR|")):
		return B, true
	}
	return "", false
}

// timers are the deadlines of a dialogue, each with a number; zero: not set.
type timers [8]time.Time

func (t *timers) next() time.Time {
	var first time.Time
	for _, at := range t {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// due returns the timer that has expired first, and stops it.
func (t *timers) due(now time.Time) (id int, any bool) {
	first := t.next()
	if first.IsZero() || first.After(now) {
		return 0, false
	}
	for i, at := range t {
		if at.Equal(first) {
			t[i] = time.Time{}
			return i, true
		}
	}
	return 0, false
}

func (t *timers) stop(id int) { t[id] = time.Time{} }

// party is somebody with whom there is a chat or an invitation.
type party struct {
	peer  netip.AddrPort
	user  string
	since time.Time

	tries    int        // invitations of ours that went out
	answer   answer     // of ours, to theirs
	told     bool       // the daemon has our answer
	leaving  bool       // we are leaving the chat
	goodbye  bool       // the daemon knows
	sent     int        // messages of ours so far
	received int        // messages of theirs so far
	queue    []outgoing // messages that the daemon does not have yet
	dropped  []outgoing // messages that it will not get
	ghost    bool       // nobody was told of this chat: it was withdrawn before it opened
}

// waiting are commands that wait for the answer to an earlier one, since answers
// come in the order of the commands.
type waiting []client.Command

// add takes a command, if there is room.
func (w *waiting) add(c client.Command, out *Outbox) {
	if len(*w) >= longestQueue {
		out.tell(client.NewError(c.Op(), client.ReasonOverloaded, client.Facts{}))
		return
	}
	*w = append(*w, c)
}

func (w *waiting) next() client.Command {
	first := (*w)[0]
	*w = (*w)[1:]
	return first
}

type answer string

const (
	unanswered answer = ""
	yes        answer = "y"
	no         answer = "n"
)

// outgoing is a message of ours.
type outgoing struct {
	id     client.ID
	n      int
	typed  string // what the person wrote
	onWire string
}

func (p *party) closed(reason client.CloseReason, text string) client.Closed {
	c := client.Closed{Peer: p.peer, User: p.user, Reason: reason, Text: text}
	for _, m := range append(p.dropped, p.queue...) {
		c.Undelivered = append(c.Undelivered, client.Undelivered{ID: m.id, N: m.n, Text: m.typed})
	}
	return c
}

func (p *party) message(text string) client.Message {
	p.received++
	return client.Message{Peer: p.peer, User: p.user, Text: text, N: p.received}
}

// take puts a message into the queue.
func (p *party) take(c client.Chat, onWire string, out *Outbox) {
	p.sent++
	p.queue = append(p.queue, outgoing{id: c.ID, n: p.sent, typed: c.Text, onWire: onWire})
	sent := client.Sent{Peer: p.peer, User: p.user, ID: c.ID, N: p.sent}
	if onWire != c.Text {
		sent.As = onWire
	}
	out.tell(sent)
}

// drop takes back what the daemon does not have yet.
func (p *party) drop() {
	p.dropped = append(p.dropped, p.queue...)
	p.queue = nil
}

// handed removes the first message from the queue, since the daemon has it.
func (p *party) handed(out *Outbox) {
	m := p.queue[0]
	p.queue = p.queue[1:]
	out.tell(client.Unconfirmed{Peer: p.peer, User: p.user, ID: m.id, N: m.n})
}
