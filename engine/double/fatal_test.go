package double

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// peer is who writes to the double in these tests, stranger is somebody else.
var (
	self     = netip.MustParseAddrPort(bob)
	peer     = netip.MustParseAddrPort(alice)
	stranger = netip.MustParseAddrPort(carol)
)

func control(op, seq byte) []byte       { return pack(typeControl, op, seq, "alice", 0, "") }
func chat(seq byte, text string) []byte { return pack(typeChat, opChat, seq, "alice", 0, text) }

// summed appends B's checksum.
func summed(b []byte) []byte {
	sum := trailer(b)
	return append(b, sum[:]...)
}

// with returns the datagram with one byte replaced.
func with(b []byte, at int, c byte) []byte {
	b = append([]byte(nil), b...)
	b[at] = c
	return b
}

// state is how far a double is when the fatal datagram comes.
type state func(d *Double)

func fresh(*Double)    {}
func idle(d *Double)   { d.Login(at(0), "bob"); d.Expire(at(1)) }
func called(d *Double) { idle(d); d.Invite(at(2), peer) }

func from(d *Double, when float64, packets ...[]byte) {
	for _, b := range packets {
		d.Receive(at(when), peer, b)
	}
}

func asked(syn []byte) state {
	return func(d *Double) { idle(d); from(d, 2, syn) }
}

// invited is in a chat to which the peer invited it; ack is the final one.
func invited(syn, ack []byte) state {
	return func(d *Double) { asked(syn)(d); d.Accept(at(3)); from(d, 4, ack) }
}

// starter is in a chat to which it invited the peer.
func starter(synAck []byte) state {
	return func(d *Double) { called(d); from(d, 3, synAck) }
}

// left has sent its FIN and has its answer, if it sends any.
func left(before state, answer []byte) state {
	return func(d *Double) { before(d); d.Leave(at(5)); from(d, 6, answer) }
}

func then(before state, packets ...[]byte) state {
	return func(d *Double) { before(d); from(d, 7, packets...) }
}

// TestFatal: what kills an original kills its double, and nothing near it does.
func TestFatal(t *testing.T) {
	t.Parallel()
	syn, ack, fin, errs, synAck := control(opSyn, 0), control(opAck, 0), control(opFin, 0), control(opErr, 0), control(opSynAck, 0)
	bSyn, bAck := summed(control(opSyn, 0)), summed(control(opAck, 1))
	bChat := invited(bSyn, bAck)
	eSyn, eAck := syn[:lengthAt], ack[:lengthAt]
	high := byte(0x80)

	tests := []struct {
		kind   Kind
		name   string
		state  state
		packet []byte
		dead   string // part of the reason; "" it lives
	}{
		{A, "two bytes", idle, []byte{1, 2}, "under 3 bytes"},
		{A, "nothing at all", idle, []byte{}, "under 3 bytes"},
		{A, "type 3", idle, with(syn, 0, 3), "type other than"},
		{A, "type 0", idle, with(syn, 0, 0), "type other than"},
		{A, "seq 2", idle, with(syn, 2, 2), "sequence number above 1"},
		{A, "name above 0x7f", idle, with(syn, 5, high), "in the name"},
		{A, "payload above 0x7f", idle, chat(0, "caf\xe9"), "in the payload"},
		{A, "the trailer of B on a SYN", idle, bSyn, "in the payload"},
		{A, "Length above 0x7f", idle, with(syn, 38, high), ""},
		{A, "unknown operation", idle, with(syn, 1, 0x0c), ""},
		{A, "35 bytes", idle, syn[:35], ""},
		{A, "SYN before login", fresh, syn, ""},
		{A, "FIN before login", fresh, fin, "no client"},
		{A, "ERR before login", fresh, errs, "no client"},
		{A, "ACK before login", fresh, ack, "no client"},
		{A, "SYN+ACK before login", fresh, synAck, "no client"},
		{A, "CHAT before login", fresh, chat(0, "x"), ""},
		{A, "SYN+ACK unasked", idle, synAck, "nobody waits for"},
		{A, "ACK unasked opens a ghost chat", idle, ack, ""},
		{A, "a message in it has nobody to go to", then(idle, ack), chat(0, "x"), "without a partner"},
		{A, "FIN to an idle client", idle, fin, ""},
		{A, "a second FIN", then(idle, fin), fin, "no client"},
		{A, "ERR and FIN to a caller", then(called, errs), fin, "no client"},
		{A, "ERR to a caller", called, errs, ""},
		{A, "FIN in a chat", invited(syn, ack), fin, ""},
		{A, "a second FIN after a chat", then(invited(syn, ack), fin), fin, "no client"},
		{A, "a FIN after its own", left(starter(synAck), ack), fin, "no client"},
		{A, "an ACK after its own FIN's", left(starter(synAck), ack), ack, "no client"},
		{A, "ERR in a chat", invited(syn, ack), errs, ""},
		{A, "FIN while asked waits", asked(syn), fin, ""},
		{A, "two bytes while asked wait", asked(syn), []byte{1, 2}, ""},

		{B, "a plain SYN", idle, syn, "a SYN that it refused"},
		{B, "a SYN whose payload ends in the checksum", idle, summed(pack(typeControl, opSyn, 0, "gopher", 0, "x")), ""},
		{B, "SYN in order", idle, bSyn, ""},
		{B, "SYN before login", fresh, bSyn, "nobody is logged in"},
		{B, "SYN again", then(idle, bSyn), bSyn, "a SYN that it refused"},
		{B, "SYN with number 1", idle, summed(control(opSyn, 1)), "a SYN that it refused"},
		{B, "SYN+ACK unasked", idle, summed(control(opSynAck, 1)), "a SYN+ACK that it refused"},
		{B, "SYN+ACK with number 0", called, summed(control(opSynAck, 0)), "a SYN+ACK that it refused"},
		{B, "SYN+ACK in order", called, summed(control(opSynAck, 1)), ""},
		{B, "ACK with the wrong number for its SYN+ACK", then(idle, bSyn), summed(control(opAck, 0)), "while it has no partner"},
		{B, "ACK with the wrong number in a chat", bChat, summed(control(opAck, 1)), ""},
		{B, "ACK without a checksum in a chat", bChat, ack, ""},
		{B, "CHAT in order", bChat, summed(chat(0, "hello")), ""},
		{B, "CHAT with the wrong number", bChat, summed(chat(1, "hello")), "a CHAT that it refused"},
		{B, "CHAT repeated", then(bChat, summed(chat(0, "hello"))), summed(chat(0, "hello")), "a CHAT that it refused"},
		{B, "CHAT without a checksum", bChat, chat(0, "hello"), "a CHAT that it refused"},
		{B, "CHAT of 257 bytes", bChat, summed(chat(0, strings.Repeat("x", 257))), "a CHAT that it refused"},
		{B, "CHAT of 256 bytes", bChat, summed(chat(0, strings.Repeat("x", 256))), ""},
		{B, "CHAT of nothing", bChat, summed(chat(0, "")), "a CHAT that it refused"},
		{B, "CHAT above 0x7f", bChat, summed(chat(0, "caf\xe9")), ""},
		{B, "CHAT after its user left", left(bChat, nil), summed(chat(0, "hello")), "a CHAT while nobody is logged in"},
		{B, "FIN after its user left", left(bChat, nil), summed(control(opFin, 0)), "a FIN while nobody is logged in"},
		{B, "FIN, and no ACK yet", bChat, summed(control(opFin, 0)), ""},
		{B, "ERR without a checksum", bChat, errs, ""},
		{B, "ERR above 0x7f", bChat, summed(pack(typeControl, opErr, 0, "alice", 0, "\xe9")), "an ERR with a byte above 0x7f"},
		{B, "two bytes", idle, []byte{1, 2}, ""},

		{C, "two bytes", idle, []byte{1, 2}, ""},
		{C, "a name above 0x7f", idle, with(syn, 5, high), ""},
		{C, "a Length too large", idle, with(syn, 38, 9), ""},
		{C, "FIN unasked", fresh, fin, ""},
		{C, "a second FIN", then(invited(syn, ack), fin), fin, ""},

		{D, "two bytes", idle, []byte{1, 2}, "under 3 bytes"},
		{D, "three bytes", idle, []byte{1, 2, 0}, ""},
		{D, "type 3", idle, with(syn, 0, 3), "type other than"},
		{D, "operation 0x0c", idle, with(syn, 1, opFinAck), "operation other than"},
		{D, "operation 3", idle, with(syn, 1, 3), "operation other than"},
		{D, "operation 9", idle, with(syn, 1, opFinErr), ""},
		{D, "name above 0x7f", idle, with(syn, 5, high), "in the name"},
		{D, "payload above 0x7f", idle, chat(0, "caf\xe9"), "in the payload"},
		{D, "seq 7", idle, with(fin, 2, 7), ""},
		{D, "SYN before login", fresh, syn, ""},
		{D, "FIN before login", fresh, fin, "no client was ever attached"},
		{D, "ERR before login", fresh, errs, "no client was ever attached"},
		{D, "0x09 before login", fresh, control(opFinErr, 0), "while none is attached"},
		{D, "SYN+ACK before login", fresh, synAck, "while none is attached"},
		{D, "CHAT before login", fresh, chat(0, "x"), "no client was ever attached"},
		{D, "FIN with number 1 before login", fresh, control(opFin, 1), ""},
		{D, "ACK before login", fresh, ack, ""},
		{D, "FIN after its client left", left(idle, ack), fin, "while none is attached: closed"},
		{D, "CHAT after its client left", left(idle, ack), chat(0, "x"), "while none is attached: message"},
		{D, "a second FIN", then(invited(syn, ack), control(opFin, 1)), control(opFin, 1), ""},

		{E, "two bytes in a chat", invited(eSyn, eAck), []byte{1, 2}, "under 3 bytes in a chat"},
		{E, "three bytes in a chat", invited(eSyn, eAck), []byte{1, 2, 0}, ""},
		{E, "two bytes in the menu", idle, []byte{1, 2}, ""},
		{E, "two bytes for an answer", called, []byte{1, 2}, ""},
		{E, "a text above 0x7f", invited(eSyn, eAck), chat(0, "\x00caf\xe9"), "text of a CHAT"},
		{E, "a name above 0x7f", invited(eSyn, eAck), with(chat(0, "\x00x"), 5, high), "name of a CHAT"},
		{E, "a SYN's name above 0x7f", invited(eSyn, eAck), with(eSyn, 5, high), "name of a SYN"},
		{E, "a FIN's name above 0x7f", invited(eSyn, eAck), with(fin, 5, high), "name of a FIN"},
		{E, "a Length of 2 GB", invited(eSyn, eAck), with(chat(0, "\x00x"), lengthAt, high), "name of a CHAT"},
		{E, "CHAT with number 2", invited(eSyn, eAck), chat(2, "\x00x"), "CHAT with a number above 1"},
		{E, "FIN with number 2", invited(eSyn, eAck), control(opFin, 2), "FIN with a number above 1"},
		{E, "ACK with number 2", invited(eSyn, eAck), control(opAck, 2), ""},
		{E, "an unknown operation", invited(eSyn, eAck), control(opFinErr, 0), ""},
		{E, "39 bytes of FIN", invited(eSyn, eAck), fin, ""},

		{F, "two bytes", idle, []byte{1, 2}, ""},
		{F, "FIN unasked", fresh, fin, ""},
		{F, "a name above 0x7f", idle, with(syn, 5, high), ""},
		{F, "any number", invited(syn, ack), chat(200, "x"), ""},
		{F, "SYN again while asked", asked(syn), syn, ""},
	}
	for _, tt := range tests {
		t.Run(tt.kind.String()+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			d := New(tt.kind, self, nil)
			tt.state(d)
			if d.Dead() != "" {
				t.Fatalf("dead before the test: %s", d.Dead())
			}
			d.Take()
			d.Receive(at(10), peer, tt.packet)
			switch {
			case tt.dead == "" && d.Dead() != "":
				t.Fatalf("died of %q", d.Dead())
			case tt.dead != "" && !strings.Contains(d.Dead(), tt.dead):
				t.Fatalf("dead: %q, want: %q", d.Dead(), tt.dead)
			case tt.dead != "":
				stays(t, d)
			}
		})
	}
}

// stays checks that the dead do nothing, keep their reason and need no time.
func stays(t *testing.T, d *Double) {
	t.Helper()
	reason := d.Dead()
	d.Take()
	d.Login(at(20), "bob")
	d.Invite(at(21), stranger)
	d.Accept(at(22))
	d.Receive(at(23), stranger, control(opSyn, 0))
	d.Expire(at(100))
	sent, shown := d.Take()
	if len(sent)+len(shown) > 0 {
		t.Errorf("the dead sent %v and showed %v", sent, shown)
	}
	if _, ok := d.NextDeadline(); ok {
		t.Error("the dead wait for something")
	}
	if d.Dead() != reason {
		t.Errorf("the reason changed to %q", d.Dead())
	}
}

// TestFatal_InTime: the deaths that need time, or an act of the user.
func TestFatal_InTime(t *testing.T) {
	t.Parallel()
	syn, ack := control(opSyn, 0), control(opAck, 0)
	bChat := invited(summed(control(opSyn, 0)), summed(control(opAck, 1)))
	bFin := summed(control(opFin, 0))
	tests := []struct {
		kind  Kind
		name  string
		state state
		after func(d *Double)
		dead  string
	}{
		{A, "what waited while it was asked", then(asked(syn), []byte{1, 2}), func(d *Double) { d.Accept(at(8)) }, "under 3 bytes"},
		{B, "no ACK for its FIN", then(bChat, bFin), func(d *Double) { d.Expire(at(12)) }, "no ACK within 5 s"},
		{B, "no ACK for its FIN yet", then(bChat, bFin), func(d *Double) { d.Expire(at(11.9)) }, ""},
		{B, "an ACK for its FIN", then(bChat, bFin, summed(control(opAck, 1))), func(d *Double) { d.Expire(at(60)) }, ""},
		{B, "something else for its FIN", then(bChat, bFin, summed(chat(1, "x"))), func(d *Double) { d.Expire(at(60)) }, ""},
		{D, "no ACK for its 0x09 before any login", then(fresh, syn), func(d *Double) { d.Expire(at(22)) }, "no ACK for the 0x09"},
		{D, "no ACK for its 0x09 yet", then(fresh, syn), func(d *Double) { d.Expire(at(21.9)) }, ""},
		{D, "an ACK for its 0x09", then(fresh, syn, ack), func(d *Double) { d.Expire(at(60)) }, ""},
		{D, "SYN+ACK for a SYN with number 2", then(idle, with(syn, 2, 2)), func(d *Double) { d.Accept(at(8)) }, "number above 1"},
		{E, "two bytes as a client attaches", then(fresh, []byte{1, 2}), func(d *Double) { d.Login(at(8), "bob") }, "while a client attaches"},
	}
	for _, tt := range tests {
		t.Run(tt.kind.String()+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			d := New(tt.kind, self, nil)
			tt.state(d)
			if d.Dead() != "" {
				t.Fatalf("dead before the test: %s", d.Dead())
			}
			tt.after(d)
			switch {
			case tt.dead == "" && d.Dead() != "":
				t.Fatalf("died of %q", d.Dead())
			case tt.dead != "" && !strings.Contains(d.Dead(), tt.dead):
				t.Fatalf("dead: %q, want: %q", d.Dead(), tt.dead)
			}
		})
	}
}

// TestFirstSyn: the SYN whose payload ends in the checksum of what stands before
// it is an invitation for everybody, and a plain one for everybody but B.
func TestFirstSyn(t *testing.T) {
	t.Parallel()
	announced := pack(typeControl, opSyn, 0, "gopher", 0, "simp/1 AAO]")
	for _, kind := range Kinds() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			d := New(kind, self, nil)
			idle(d)
			d.Receive(at(2), peer, announced)
			d.Accept(at(3))
			sent, _ := d.Take()
			if d.Dead() != "" || len(sent) != 1 || sent[0].To != peer || sent[0].Bytes[1] != opSynAck {
				t.Errorf("sent %v, died of %q", sent, d.Dead())
			}
		})
	}
}

// FuzzDouble: whatever arrives, in whatever state, a double neither panics nor
// runs for ever; it lives or says why not.
func FuzzDouble(f *testing.F) {
	f.Add(byte('A'), []byte{0, 0, 1, 2, 0, 39}, control(opSyn, 0))
	f.Add(byte('B'), []byte{0, 5, 3}, summed(control(opSyn, 0)))
	f.Add(byte('D'), []byte{0, 1, 5, 4}, control(opSynAck, 0))
	f.Add(byte('E'), []byte{0, 6, 1, 5, 4, 3}, control(opFin, 0)[:lengthAt])
	f.Fuzz(func(t *testing.T, kind byte, script, packet []byte) {
		k := A + Kind(kind%6)
		d := New(k, self, nil)
		now := at(0)
		for i, c := range script[:min(len(script), 200)] {
			now = now.Add(time.Duration(c) * 10 * time.Millisecond)
			b := append([]byte(nil), packet...)
			if len(b) > 2 {
				b[i%3] ^= c & 0x0f
			}
			switch c % 8 {
			case 0:
				d.Login(now, "bob")
			case 1:
				d.Invite(now, peer)
			case 2:
				d.Accept(now)
			case 3:
				d.Decline(now)
			case 4:
				d.Say(now, "text")
			case 5:
				d.Receive(now, peer, b)
			case 6:
				d.Receive(now, stranger, summed(b))
			case 7:
				d.Leave(now)
			}
			if next, ok := d.NextDeadline(); ok && next.Before(now) {
				t.Fatalf("%v: a deadline in the past after act %d", k, i)
			}
		}
	})
}
