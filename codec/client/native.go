package client

import (
	"errors"
	"fmt"
	"slices"
)

// Native is the project's own protocol: JSON objects (RFC 8259), one a line. A
// frame is a line without its line feed; what the Append methods append is a
// line with it. Native has no state, so one value serves any number of
// connections and goroutines.
//
// Fields that are not known are ignored, a field that is null counts as left
// out, and of fields with the same name the last one counts. Field names in
// commands are taken as they are written: "Op" is not "op".
//
// What is written can be shown on a terminal as it is, although no character of
// it is lost: everything that is not printable is written as a JSON escape. Only
// an ID, which is the client's own, goes back as it came.
type Native struct{}

var _ Protocol = Native{}

// ErrLineTooLong says that a line has more bytes than the reader of such lines
// takes, so that it is neither read nor written.
var ErrLineTooLong = errors.New("client: line too long")

// AppendCommand implements [Protocol].
func (Native) AppendCommand(dst []byte, c Command) ([]byte, error) {
	if err := check(c); err != nil {
		return dst, err
	}
	w := lineWriter{b: slices.Grow(dst, 64)}
	w.open('{')
	w.str("op", c.Op())
	switch c := c.(type) {
	case Ping, Watch, StatusQuery, Quit:
	case Connect:
		w.str("user", c.User)
	case Invite:
		w.peer("peer", c.Peer)
	case Cancel:
		w.peer("peer", c.Peer)
	case Accept:
		w.peer("peer", c.Peer)
	case Decline:
		w.peer("peer", c.Peer)
	case Chat:
		if c.Peer.IsValid() {
			w.peer("peer", c.Peer)
		}
		w.str("text", c.Text)
		w.id(c.ID)
	case Leave:
		if c.Peer.IsValid() {
			w.peer("peer", c.Peer)
		}
		if c.Now {
			w.boolean("now", true)
		}
	default:
		return dst, fmt.Errorf("client: encode command: %T is not a command of this package", c)
	}
	w.close('}')
	if len(w.b)-len(dst) > MaxLine {
		return dst, refuse(c.Op(), ReasonTooLong, Facts{Limit: MaxLine})
	}
	return append(w.b, '\n'), nil
}

// AppendEvent implements [Protocol]. The error is ErrLineTooLong if the line
// would be longer than [MaxEventLine], or says that e cannot be written at all.
// It allocates nothing if dst has room.
func (Native) AppendEvent(dst []byte, e Event) ([]byte, error) {
	w := lineWriter{b: dst}
	if u, ok := e.(Unknown); ok {
		if len(u.Raw) == 0 || slices.Contains(u.Raw, '\n') {
			return dst, fmt.Errorf("client: encode event %q: its Raw is not one line", u.EvName)
		}
		w.b = append(w.b, u.Raw...)
	} else {
		w.open('{')
		w.integer("v", Version)
		w.str("ev", e.Name())
		w.event(e)
		w.close('}')
		if w.err != nil {
			return dst, fmt.Errorf("client: encode event %q: %w", e.Name(), w.err)
		}
	}
	if len(w.b)-len(dst) > MaxEventLine {
		return dst, fmt.Errorf("client: encode event %q: %w", e.Name(), ErrLineTooLong)
	}
	return append(w.b, '\n'), nil
}

// event writes the fields of e. Lists are written also when they are empty, as
// [] and never null, so that a program can go through them without asking.
func (w *lineWriter) event(e Event) {
	switch e := e.(type) {
	case Pong:
		w.str("daemon", e.Daemon)
	case Connected:
		w.str("user", e.User)
		w.str("daemon", e.Daemon)
		w.peer("addr", e.Addr)
		w.pending(e.Pending)
	case Inviting:
		w.peerAndUser(e.Peer, e.User)
		w.integer("tries", e.Tries)
	case Unanswered:
		w.peerAndUser(e.Peer, e.User)
		w.integer("seconds", e.Seconds)
	case Invitation:
		w.peerAndUser(e.Peer, e.User)
	case Withdrawn:
		w.peerAndUser(e.Peer, e.User)
		w.str("reason", string(e.Reason))
	case Established:
		w.peerAndUser(e.Peer, e.User)
	case Recognised:
		w.peerAndUser(e.Peer, e.User)
		w.str("dialect", e.Dialect)
		w.str("evidence", e.Evidence)
		if e.Limits != "" {
			w.str("limits", e.Limits)
		}
	case Repeated:
		w.peerAndUser(e.Peer, e.User)
		w.str("text", e.Text)
	case Message:
		w.peerAndUser(e.Peer, e.User)
		w.str("text", e.Text)
		w.integer("n", e.N)
	case Sent:
		w.peerAndUser(e.Peer, e.User)
		w.id(e.ID)
		w.integer("n", e.N)
		if e.As != "" {
			w.str("as", e.As)
		}
	case Retrying:
		w.peerAndUser(e.Peer, e.User)
		w.str("what", string(e.What))
		w.integer("tries", e.Tries)
	case Delivered:
		w.peerAndUser(e.Peer, e.User)
		w.id(e.ID)
		w.integer("n", e.N)
	case Unconfirmed:
		w.peerAndUser(e.Peer, e.User)
		w.id(e.ID)
		w.integer("n", e.N)
		w.integer("tries", e.Tries)
	case Closed:
		w.peerAndUser(e.Peer, e.User)
		w.str("reason", string(e.Reason))
		if e.Text != "" {
			w.str("text", e.Text)
		}
		w.undelivered(e.Undelivered)
	case Status:
		w.str("user", e.User)
		w.chats(e.Chats)
		w.pending(e.Pending)
		w.counters(e.Counters)
	case Watching:
		w.peer("addr", e.Addr)
		w.str("daemon", e.Daemon)
		w.str("user", e.User)
		w.machines(e.Machines)
	case Step:
		w.micros("at", e.At)
		w.peerAndUser(e.Peer, e.User)
		w.str("from", e.From)
		w.str("to", e.To)
		w.str("on", e.On)
		w.str("rule", e.Rule)
		w.integer("seq", e.Seq)
		w.integer("tries", e.Tries)
		w.str("cause", e.Cause)
	case Datagram:
		w.micros("at", e.At)
		w.peer("peer", e.Peer)
		w.str("dir", string(e.Dir))
		w.hex("hex", e.Bytes)
	case Missed:
		w.integer("n", e.N)
	case Error:
		w.str("op", e.OpName)
		if e.Peer.IsValid() {
			w.peer("peer", e.Peer)
		}
		w.str("reason", string(e.Reason))
		w.str("text", e.Text)
	default:
		w.err = fmt.Errorf("%T is not an event of this package", e)
	}
}

func (w *lineWriter) pending(list []Pending) {
	w.key("pending")
	w.open('[')
	for _, p := range list {
		w.comma()
		w.open('{')
		w.peerAndUser(p.Peer, p.User)
		w.time("since", p.Since)
		w.dialect(p.Dialect, p.Evidence)
		w.close('}')
	}
	w.close(']')
}

func (w *lineWriter) chats(list []ChatStatus) {
	w.key("chats")
	w.open('[')
	for _, c := range list {
		w.comma()
		w.open('{')
		w.peerAndUser(c.Peer, c.User)
		w.str("state", c.State)
		w.integer("queued", c.Queued)
		w.integer("tries", c.Tries)
		w.dialect(c.Dialect, c.Evidence)
		w.close('}')
	}
	w.close(']')
}

// dialect writes nothing where nothing is known, as of a daemon of another make.
func (w *lineWriter) dialect(name, evidence string) {
	if name != "" {
		w.str("dialect", name)
	}
	if evidence != "" {
		w.str("evidence", evidence)
	}
}

func (w *lineWriter) machines(list []Machine) {
	w.key("machines")
	w.open('[')
	for _, m := range list {
		w.comma()
		w.open('{')
		w.peerAndUser(m.Peer, m.User)
		w.str("state", m.State)
		w.close('}')
	}
	w.close(']')
}

func (w *lineWriter) undelivered(list []Undelivered) {
	w.key("undelivered")
	w.open('[')
	for _, u := range list {
		w.comma()
		w.open('{')
		w.id(u.ID)
		w.integer("n", u.N)
		w.str("text", u.Text)
		w.close('}')
	}
	w.close(']')
}
