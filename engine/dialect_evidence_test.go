package engine

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// from is bob's datagram as a kind of peer writes it: with any number, whatever our own would be.
func from(tb testing.TB, w codec.Wire, d codec.Datagram) []byte {
	tb.Helper()
	seq := d.Seq
	d.Seq = 0
	b, err := w.Append(nil, d)
	if err != nil {
		tb.Fatal(err)
	}
	if d.Form == codec.Stub {
		return b
	}
	b[2] = seq
	if w.Trailer {
		sum := codec.Checksum(b[:len(b)-2])
		copy(b[len(b)-2:], sum[:])
	}
	return b
}

func refusal09() codec.Datagram {
	return codec.Datagram{Kind: codec.FIN, Form: codec.FINERR, User: []byte("bob"), Payload: []byte("Chat invitation rejected.")}
}

// spoiled is a datagram with something behind it that looks like a checksum and is none.
func spoiled(b []byte) []byte { return append(b, 'x', 'y') }

// withName gives a datagram another name, with its padding.
func withName(b []byte, field string, pad byte) []byte {
	copy(b[3:35], bytes.Repeat([]byte{pad}, codec.UserLen))
	copy(b[3:35], field)
	return b
}

// What leads up to the datagram that shows something.

func nothing(*solo)    {}
func inviting(p *solo) { p.do(client.Invite{Peer: bobAddr}) }
func invited(p *solo)  { p.receive(plain(codec.SYN, 0)) }
func accepted(p *solo) {
	invited(p)
	p.do(client.Accept{Peer: bobAddr})
}

// opened is a chat that we asked for, called one that the peer asked for.
func opened(p *solo) { p.openLegacy() }
func called(p *solo) {
	accepted(p)
	p.flush()
	p.receive(plain(codec.ACK, 0))
}

func then(before func(*solo), more ...func(*solo)) func(*solo) {
	return func(p *solo) {
		before(p)
		for _, do := range more {
			do(p)
		}
	}
}

func says(text string) func(*solo) { return func(p *solo) { p.do(client.Chat{Text: text}) } }

func hears(d ...codec.Datagram) func(*solo) { return func(p *solo) { p.receive(d...) } }

func waits(p *solo) { p.pass(16 * sec) } // until the copy with the other number is out (4.15)

func pauses(p *solo) { p.pass(5 * sec) } // as long as until a copy

// shows is a story whose last datagram is evidence, or nearly.
type shows struct {
	name   string
	before func(*solo)
	last   func(testing.TB) []byte
	want   string // dialect; "unknown": it is no evidence
	says   string // the evidence's words, "" if there is none
}

func wire(w codec.Wire, d codec.Datagram) func(testing.TB) []byte {
	return func(tb testing.TB) []byte { return from(tb, w, d) }
}

func regularly(d codec.Datagram) func(testing.TB) []byte { return wire(codec.Canonical, d) }

// The words of the evidences, as users read them.
const (
	byTrailer  = "a checksum ends its datagrams"
	byBlanks   = "it pads names with blanks"
	byShort    = "its control datagrams lack the Length field"
	by09       = "it refuses with operation 0x09"
	byCounting = "it counts beyond 1"
	byAnswer   = "it answered our SYN, numbered 0, with the number 1"
	bySYN      = "its SYN has the number 1"
	byACK      = "it acknowledged our first message, numbered 0, with the number 1"
	byNumber   = "it sent another message with the number of the last"
	byFirst    = "the first message between us has the number 1"
)

func stories() []shows {
	return []shows{
		// How a single datagram looks counts at any time.
		{"a SYN with a checksum", nothing, wire(codec.Trailing, plain(codec.SYN, 0)), "b", byTrailer},
		{"a SYN+ACK with a checksum", inviting, wire(codec.Trailing, plain(codec.SYNACK, 1)), "b", byTrailer},
		{"a message with a checksum", opened, wire(codec.Trailing, chat(0, "hi")), "b", byTrailer},
		{"a SYN with two bytes behind it that are no checksum", nothing, func(tb testing.TB) []byte { return spoiled(from(tb, codec.Canonical, plain(codec.SYN, 0))) }, "unknown", ""},
		{"an ERR whose text ends like a checksum", inviting, regularly(codec.Datagram{Kind: codec.ERR, User: []byte("bob"), Payload: []byte("Wrong payloadOQ")}), "unknown", ""},

		{"a SYN padded with blanks", nothing, wire(codec.Spaced, plain(codec.SYN, 0)), "c", byBlanks},
		{"an ACK padded with blanks", then(opened, says("hi")), wire(codec.Spaced, plain(codec.ACK, 0)), "c", byBlanks},
		{"a name of 32 bytes, which needs no padding", nothing, func(tb testing.TB) []byte {
			return withName(from(tb, codec.Canonical, plain(codec.SYN, 0)), "bob-with-a-name-of-32-characters", 0)
		}, "unknown", ""},
		{"a name with a blank behind it, and padding", nothing, func(tb testing.TB) []byte { return withName(from(tb, codec.Canonical, plain(codec.SYN, 0)), "bob ", 0) }, "unknown", ""},
		{"a name of nothing but padding", nothing, func(tb testing.TB) []byte { return withName(from(tb, codec.Canonical, plain(codec.SYN, 0)), "", 0) }, "unknown", ""},

		{"a SYN without Length", nothing, wire(codec.Short, plain(codec.SYN, 0)), "e", byShort},
		{"a SYN+ACK without Length", inviting, wire(codec.Short, plain(codec.SYNACK, 0)), "e", byShort},
		{"a message that begins with a NUL", opened, wire(codec.Short, chat(0, "hi")), "e", byShort},
		{"a refusal of 33 bytes", then(inviting), wire(codec.Canonical, codec.Datagram{Kind: codec.ERR, Form: codec.Stub, User: []byte("alice")}), "e", byShort},
		{"a message with a NUL elsewhere", opened, func(tb testing.TB) []byte {
			b := from(tb, codec.Canonical, chat(0, "h.i"))
			b[len(b)-2] = 0
			return b
		}, "unknown", ""},

		{"a refusal with operation 0x09", inviting, regularly(refusal09()), "d", by09},
		{"an ordinary refusal with a text", inviting, regularly(codec.Datagram{Kind: codec.FIN, User: []byte("bob"), Payload: []byte("Chat invitation rejected.")}), "unknown", ""},

		{"a message with number 2", opened, regularly(chat(2, "hi")), "f", byCounting},
		{"a SYN with number 7", nothing, regularly(plain(codec.SYN, 7)), "f", byCounting},
		{"a SYN+ACK with number 255", inviting, regularly(plain(codec.SYNACK, 255)), "f", byCounting},
		{"a FIN with number 3", opened, regularly(plain(codec.FIN, 3)), "f", byCounting},
		{"an ACK with number 2, which may echo anything", then(opened, says("hi")), regularly(plain(codec.ACK, 2)), "unknown", ""},
		{"an ERR with number 9", opened, regularly(plain(codec.ERR, 9)), "unknown", ""},

		// What only the course of a conversation shows.
		{"SYN+ACK 1 for SYN 0", inviting, regularly(plain(codec.SYNACK, 1)), "a", byAnswer},
		{"FIN 1 for SYN 0", inviting, regularly(plain(codec.FIN, 1)), "a", byAnswer},
		{"ERR 1 for SYN 0", inviting, regularly(plain(codec.ERR, 1)), "a", byAnswer},
		{"SYN+ACK 0 for SYN 0", inviting, regularly(plain(codec.SYNACK, 0)), "unknown", ""},
		{"ACK 1 for SYN 0", inviting, regularly(plain(codec.ACK, 1)), "unknown", ""},
		{"CHAT 1 for SYN 0", inviting, regularly(chat(1, "hi")), "unknown", ""},
		{"SYN 1 against SYN 0", inviting, regularly(plain(codec.SYN, 1)), "f", bySYN},
		{"SYN 1", nothing, regularly(plain(codec.SYN, 1)), "f", bySYN},
		{"SYN 1 with a name that shows no padding", nothing, func(tb testing.TB) []byte {
			return withName(regularly(plain(codec.SYN, 1))(tb), strings.Repeat("b", codec.UserLen), 0)
		}, "f", bySYN},
		{"SYN+ACK 1 for nothing", nothing, regularly(plain(codec.SYNACK, 1)), "unknown", ""},
		{"SYN+ACK 1 for a SYN+ACK, where invitations crossed", then(inviting, invited), regularly(plain(codec.SYNACK, 1)), "unknown", ""},
		{"SYN+ACK 1 in an open chat", opened, regularly(plain(codec.SYNACK, 1)), "unknown", ""},
		{"FIN 1 in an open chat", opened, regularly(plain(codec.FIN, 1)), "unknown", ""},
		{"a native SYN+ACK with number 1", inviting, func(tb testing.TB) []byte {
			d := nativeSYNACK()
			d.Seq = 1
			b, err := codec.Canonical.Append(nil, d)
			if err != nil {
				tb.Fatal(err)
			}
			return b
		}, "native", "it announced itself"},

		{"ACK 1 of our first message, in a chat that it asked for", then(called, says("hi")), regularly(plain(codec.ACK, 1)), "a", byACK},
		{"ACK 1 of our first message, in a chat that we asked for", then(opened, says("hi")), regularly(plain(codec.ACK, 1)), "a", byACK},
		{"ACK 1 of a copy of our first message", then(opened, says("hi"), func(p *solo) { p.pass(11 * sec) }), regularly(plain(codec.ACK, 1)), "a", byACK},
		{"ACK 0 of our first message", then(opened, says("hi")), regularly(plain(codec.ACK, 0)), "unknown", ""},
		{"ACK 1 of our second message", then(opened, says("hi"), hears(plain(codec.ACK, 0)), says("ho")), regularly(plain(codec.ACK, 1)), "unknown", ""},
		{"ACK 1 of nothing", opened, regularly(plain(codec.ACK, 1)), "unknown", ""},
		{"ACK 1 after our copy with the number 1", then(opened, says("hi"), waits), regularly(plain(codec.ACK, 1)), "unknown", ""},
		{"ACK 0, after our copy with the number 1, of a copy before", then(opened, says("hi"), waits), regularly(plain(codec.ACK, 0)), "unknown", ""},
		{"ACK 1 when our first message was given up", then(opened, says("hi"), func(p *solo) { p.pass(21 * sec) }, says("ho")), regularly(plain(codec.ACK, 1)), "unknown", ""},

		{"two messages with number 0", then(opened, hears(chat(0, "one"))), regularly(chat(0, "two")), "a", byNumber},
		{"two messages with number 0, the first of which opened the chat", then(accepted, hears(chat(0, "one"))), regularly(chat(0, "two")), "a", byNumber},
		{"a copy of a message", then(opened, hears(chat(0, "one"))), regularly(chat(0, "one")), "unknown", ""},
		{"a copy of the second message", then(opened, hears(chat(0, "one"), chat(1, "two"))), regularly(chat(1, "two")), "unknown", ""},
		{"messages with 0 and 1", then(opened, hears(chat(0, "one"))), regularly(chat(1, "two")), "unknown", ""},
		{"a message with number 0 that nobody can take, before another", then(invited, hears(chat(0, "one"))), regularly(chat(0, "two")), "unknown", ""},

		{"the first message has number 1, in a chat that we asked for", opened, regularly(chat(1, "hi")), "d", byFirst},
		{"the first message has number 1, in a chat that it asked for", called, regularly(chat(1, "hi")), "d", byFirst},
		{"the first message has number 1, and its ACK of our SYN+ACK was lost", accepted, regularly(chat(1, "hi")), "d", byFirst},
		{"the first message has number 0", opened, regularly(chat(0, "hi")), "unknown", ""},
		{"its first message has number 1, but one of ours came before", then(opened, says("hi"), hears(plain(codec.ACK, 0))), regularly(chat(1, "ho")), "unknown", ""},
		{"a message with number 1 before our user has answered", invited, regularly(chat(1, "hi")), "unknown", ""},
		{"a message with number 1 without a chat", nothing, regularly(chat(1, "hi")), "unknown", ""},
		{"a message with number 1 for our SYN", inviting, regularly(chat(1, "hi")), "unknown", ""},
	}
}

// Each line of evidence is shown by the shortest conversation in which it counts, and not by one that comes near it. The
// user hears of it, status shows it, and the address is remembered by it once there was a chat or an answer.
func TestEvidence(t *testing.T) {
	shown := make(map[string]bool)
	for _, tc := range stories() {
		t.Run(tc.name, func(t *testing.T) {
			p := newSolo(t, nil)
			tc.before(p)
			if got := p.s.dialect.name; got != "unknown" {
				t.Fatalf("what comes before shows %s already", got)
			}
			p.forget()
			p.raw(tc.last(t))
			shown[tc.says] = true
			if p.s.dialect.name != tc.want || p.s.evidence != tc.says {
				t.Errorf("recognised as %s, %q, want %s, %q", p.s.dialect.name, p.s.evidence, tc.want, tc.says)
			}
			p.wantAnnounced(tc.want, tc.says)
			p.wantRemembered(tc.want)
		})
	}
	for _, ev := range evidences {
		if !shown[ev.says] {
			t.Errorf("no story shows that %s", ev.says)
		}
	}
}

// wantAnnounced checks what the user can see of the kind of peer: an event, once, and the status.
func (p *solo) wantAnnounced(want, evidence string) {
	p.tb.Helper()
	d := dialectNamed(want)
	told := only[client.Recognised](p.told)
	st, pending, half, active := p.s.status()
	if !active {
		if len(told) > 0 {
			p.tb.Errorf("told %+v of a conversation that is over", told)
		}
		return
	}
	var expect []client.Recognised
	if d.lettered() {
		expect = []client.Recognised{{Peer: bobAddr, User: p.s.user, Dialect: want, Evidence: evidence, Limits: d.limits}}
	}
	if diff := cmp.Diff(expect, told, eventOptions); diff != "" {
		p.tb.Errorf("told (-want +got):\n%s", diff)
	}
	if half {
		st.Dialect, st.Evidence = pending.Dialect, pending.Evidence
	}
	if st.Dialect != want || st.Evidence != evidence {
		p.tb.Errorf("the status shows %q, %q, want %q, %q", st.Dialect, st.Evidence, want, evidence)
	}
}

// wantRemembered checks that the memory agrees with what the peer is treated as, wherever there was a chat or an answer: an
// invitation alone may come from anybody who can write a datagram, so it leaves nothing behind.
func (p *solo) wantRemembered(want string) {
	p.tb.Helper()
	got := p.env.memory.recall(bobAddr).name
	if half := p.s.snap.HalfOpen() || p.s.snap.Answered; half || !p.s.validated && got == "unknown" && len(only[client.Closed](p.told)) == 0 {
		if got != "unknown" {
			p.tb.Errorf("%s is remembered of somebody who has only invited", got)
		}
		return
	}
	if p.s.validated && p.s.State() == fsm.Idle {
		return // what the last datagram of a chat shows comes too late to be of use to it
	}
	if got != want {
		p.tb.Errorf("remembered as %s, want %s", got, want)
	}
}

// The rows hold together: names are unique, and each implementation has evidence that leads to it and a recording.
func TestDialects_Rows(t *testing.T) {
	names := make(map[string]bool)
	for _, d := range dialects {
		if names[d.name] {
			t.Errorf("two rows are called %q", d.name)
		}
		names[d.name] = true
		if !d.lettered() {
			continue
		}
		if d.limits == "" {
			t.Errorf("%s: what its users cannot do is not said", d.name)
		}
		if d.shape == shapeless {
			t.Errorf("%s: how its datagrams look is not said", d.name)
		}
		if _, err := os.Stat(filepath.Join(tracesDir, d.trace+".pcap")); err != nil {
			t.Errorf("%s: no recording proves the row: %v", d.name, err)
		}
		if d.trace[:1] != d.name {
			t.Errorf("%s: %s is another one's recording", d.name, d.trace)
		}
		leads := false
		for _, ev := range evidences {
			leads = leads || ev.as == d
		}
		if !leads {
			t.Errorf("%s: no evidence leads to it", d.name)
		}
	}
	for _, ev := range evidences {
		if !ev.as.lettered() {
			t.Errorf("that %s leads to %q, which is none of the implementations", ev.says, ev.as.name)
		}
	}
	if doubtful.name != unknown.name || dialectNamed("unknown") != unknown {
		t.Error("who is only doubtful is not shown, or not remembered, as unknown")
	}
}

// Of each implementation every datagram that was recorded looks as its row says, or tells nothing; and of two rows that look
// alike evidence has to come from the conversation.
func TestDialects_RecordingsLookAsTheRowSays(t *testing.T) {
	looked := make(map[string]int)
	for _, r := range readRecordings(t) {
		for _, d := range r.all {
			got, notes := d.decoded(t)
			row := dialectNamed(r.kind(d.from))
			switch look := shapeOf(&got, notes); look {
			case row.shape:
				looked[row.name]++
			case shapeless:
			case regular:
				t.Errorf("%s: %s of %s looks like any other's", r.name, got, row.name)
			default:
				t.Errorf("%s: %s of %s has the shape %d, want %d", r.name, got, row.name, look, row.shape)
			}
		}
	}
	for _, d := range dialects {
		if d.lettered() && looked[d.name] == 0 {
			t.Errorf("nothing of %s was recorded", d.name)
		}
	}
}
