package engine

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// habit is how a kind of peer writes what we answer, and numbers it.
type habit struct {
	dialect     *dialect
	syn, synack uint8 // numbers
	final       func(hs uint8) uint8
	first       uint8 // of its messages
	second      uint8
	acks        func(seq uint8) uint8
}

func echo(seq uint8) uint8 { return seq }

func always(n uint8) func(uint8) uint8 { return func(uint8) uint8 { return n } }

func habits() []habit {
	return []habit{
		{unknown, 0, 0, echo, 0, 1, echo},
		{standard, 0, 0, echo, 0, 1, echo},
		{native, 0, 0, echo, 0, 1, echo},
		{kindA, 0, 1, always(0), 0, 0, always(1)},
		{kindB, 0, 1, echo, 0, 0, echo},
		{kindC, 0, 0, echo, 0, 1, echo},
		{kindD, 0, 0, echo, 1, 0, echo},
		{kindE, 0, 0, echo, 0, 1, echo},
		{kindF, 3, 3, echo, 4, 5, echo},
	}
}

func (h habit) write(tb testing.TB, d codec.Datagram) []byte {
	if h.dialect != native {
		return from(tb, h.dialect.wire, d)
	}
	switch d.Kind {
	case codec.SYN:
		d = nativeSYN()
	case codec.SYNACK:
		d = nativeSYNACK()
	default: // looks as any other's
	}
	return from(tb, codec.Canonical, d)
}

// writing is the table of what goes to one kind of peer.
type writing struct {
	habit
	t *testing.T
	w *strings.Builder
}

// scene begins a conversation with a peer of the kind, remembered or not. A peer that is only known by the user's word is
// that in any case.
func (x *writing) scene() *solo {
	p := newSolo(x.t, func(c *Config) {
		switch {
		case x.dialect == standard:
			c.Dialects = map[netip.AddrPort]string{bobAddr: standard.name}
		case x.dialect != unknown:
			knownAs(x.dialect.name)(c)
		}
	})
	p.env.memory.sent(bobAddr, 41, true) // in an earlier chat
	return p
}

func (x *writing) hears(p *solo, d codec.Datagram) {
	p.raw(x.write(x.t, d))
	p.pass(sec)
}

// called, opened: a chat that the peer asked for, and one that ours did.
func (x *writing) called() *solo {
	p := x.scene()
	x.hears(p, plain(codec.SYN, x.syn))
	p.do(client.Accept{Peer: bobAddr})
	p.pass(sec)
	if x.dialect == native {
		p.receive(nativeACK(codec.SYNACK, 0))
	} else {
		x.hears(p, plain(codec.ACK, x.final(p.s.snap.HsSeq)))
	}
	p.wantState(fsm.Established)
	p.forget()
	return p
}

func (x *writing) opened() *solo {
	p := x.scene()
	inviting(p)
	x.hears(p, plain(codec.SYNACK, x.synack))
	p.wantState(fsm.Established)
	p.forget()
	return p
}

func (x *writing) acked(p *solo, seq uint8) {
	if x.dialect == native {
		p.receive(nativeACK(codec.CHAT, seq))
		return
	}
	x.hears(p, plain(codec.ACK, x.acks(seq)))
}

// row writes down what has gone out since the last one.
func (x *writing) row(what string, p *solo) {
	x.t.Helper()
	p.pass(sec)
	if len(p.sent) == 0 {
		fmt.Fprintf(x.w, "  %-36s nothing\n", what)
	}
	for _, s := range p.sent {
		d, _ := s.decoded(x.t)
		fmt.Fprintf(x.w, "  %-36s %-62s %s\n", what, layout(s.raw, &d), summary(d))
		what = ""
	}
	p.forget()
}

// layout shows type, operation and number, the name with what pads it, Length, and the last two bytes if they are a checksum
// behind the payload.
func layout(b []byte, d *codec.Datagram) string {
	pad := "no padding"
	if len(d.User) < codec.UserLen {
		pad = fmt.Sprintf("%dx%02x", codec.UserLen-len(d.User), b[34])
	}
	l := fmt.Sprintf("%3d bytes: % x %q %s", len(b), b[:3], d.User, pad)
	if len(b) == codec.HeaderLen-4 {
		return l
	}
	l += fmt.Sprintf(" %x", b[codec.HeaderLen-4:codec.HeaderLen])
	if len(b) > codec.HeaderLen && b[codec.HeaderLen] == 0 {
		l += " 00"
	}
	if _, notes, err := codec.Decode(b); err == nil && notes.Has(codec.Trailer) {
		l += fmt.Sprintf(" ..% x", b[len(b)-2:])
	}
	return l
}

// How each kind of peer is written to: every sort of datagram, in the situations in which there is something to decide.
func TestDialects_Written(t *testing.T) {
	var w strings.Builder
	for _, h := range habits() {
		x := &writing{habit: h, t: t, w: &w}
		fmt.Fprintf(&w, "to %s\n", h.dialect.name)
		x.opening()
		x.chatting()
		x.ending()
		x.refusing()
		fmt.Fprintln(&w)
	}
	golden(t, "kinds", w.String())
}

func (x *writing) opening() {
	p := x.scene()
	inviting(p)
	x.row("SYN", p)
	x.hears(p, plain(codec.SYNACK, x.synack))
	x.row("ACK of its SYN+ACK", p)
	p = x.scene()
	x.hears(p, plain(codec.SYN, x.syn))
	x.row("before our user has answered", p)
	p.do(client.Accept{Peer: bobAddr})
	x.row("SYN+ACK", p)
}

func (x *writing) chatting() {
	for _, begin := range [...]struct {
		name string
		of   func() *solo
	}{{"we have called", x.opened}, {"it has called", x.called}} {
		p := begin.of()
		says("one")(p)
		x.row("first CHAT, "+begin.name, p)
		if !p.s.snap.InFlight || p.s.snap.Unsure {
			continue // it has to be known first which number the peer expects
		}
		x.acked(p, p.s.snap.TxSeq)
		p.forget()
		says("two")(p)
		x.row("second CHAT", p)
	}
	p := x.called()
	x.hears(p, chat(x.first, "hi"))
	x.row("ACK of its first CHAT", p)
	p.pass(4 * sec)
	x.hears(p, chat(x.first, "hi"))
	x.row("ACK of a copy, 5 s later", p)
	x.hears(p, chat(x.second, "ho"))
	x.row("ACK of its second CHAT", p)
}

func (x *writing) ending() {
	p := x.called()
	x.hears(p, x.fin(codec.Left))
	x.row("ACK of its FIN", p)
	p = x.called()
	p.do(client.Leave{})
	x.row("our user leaves", p)
}

// fin is how the peer ends something.
func (x *writing) fin(why codec.Reason) codec.Datagram {
	if x.dialect == native {
		return nativeFIN(0, why)
	}
	return plain(codec.FIN, x.syn)
}

func (x *writing) refusing() {
	p := x.scene()
	x.hears(p, plain(codec.SYN, x.syn))
	p.forget()
	p.do(client.Decline{Peer: bobAddr})
	x.row("our user declines", p)

	p = x.scene()
	other := NewSession(p.env, numbered(1), true)
	var out Outbox
	other.Handle(p.now, Input{Command: client.Invite{Peer: numbered(1)}}, &out)
	ack := nativeSYNACK()
	other.Handle(p.now, Input{Datagram: &ack, Size: 60}, &out)
	x.hears(p, plain(codec.SYN, x.syn))
	x.row("our user is busy", p)

	p = x.scene()
	inviting(p)
	p.forget()
	p.do(client.Cancel{Peer: bobAddr})
	x.row("our user cancels, nothing was heard", p)

	p = x.scene()
	x.hears(p, plain(codec.SYN, x.syn))
	p.do(client.Accept{Peer: bobAddr})
	p.pass(sec)
	p.forget()
	p.do(client.Cancel{Peer: bobAddr})
	x.row("our user takes back the acceptance", p)

	p = x.scene()
	inviting(p)
	p.forget()
	x.hears(p, x.fin(codec.Declined))
	x.row("it declines", p)
	x.hears(p, x.fin(codec.Declined))
	x.row("it declines again", p)
}
