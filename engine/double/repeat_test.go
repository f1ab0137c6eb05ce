package double

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sentTimes lets a double run alone and returns when it sent chats (or, with
// op, control datagrams of that operation), in seconds.
func sentTimes(d *Double, typ, op byte, until float64) (times []float64, numbers []byte) {
	note := func(now time.Time) {
		sent, _ := d.Take()
		for _, s := range sent {
			if s.Bytes[0] == typ && s.Bytes[1] == op {
				times = append(times, now.Sub(epoch).Round(100*time.Millisecond).Seconds())
				numbers = append(numbers, s.Bytes[2])
			}
		}
	}
	for {
		next, ok := d.NextDeadline()
		if !ok || next.After(at(until)) {
			return times, numbers
		}
		d.Expire(next)
		note(next)
	}
}

// TestRepeats: who repeats what, how often, when nobody answers.
func TestRepeats(t *testing.T) {
	t.Parallel()
	syn, ack, synAck := control(opSyn, 0), control(opAck, 0), control(opSynAck, 0)
	talking := func(before state) state {
		return func(d *Double) {
			before(d)
			d.Say(at(10), "one")
			d.Say(at(10), "two")
		}
	}
	tests := []struct {
		kind    Kind
		name    string
		state   state
		typ, op byte
		want    []float64 // after the first copy, at 10 s
		numbers []byte
	}{
		{A, "a chat, for ever", talking(invited(syn, ack)), typeChat, opChat,
			[]float64{15.4, 20.8, 26.1, 31.5, 36.9}, []byte{0, 0, 0, 0, 0}},
		{B, "nothing", talking(invited(summed(syn), summed(control(opAck, 1)))), typeChat, opChat, nil, nil},
		{C, "nothing; the second message has the number of the first", talking(invited(syn, ack)), typeChat, opChat,
			[]float64{10.1}, []byte{0}},
		{D, "a chat twice", talking(invited(syn, ack)), typeChat, opChat, []float64{15, 20}, []byte{1, 1}},
		{D, "an 0x09 after that, for ever", talking(invited(syn, ack)), typeControl, opFinErr,
			[]float64{25, 30, 35, 40}, []byte{1, 1, 1, 1}},
		{E, "a chat twice, then the next", talking(invited(syn[:lengthAt], ack[:lengthAt])), typeChat, opChat,
			[]float64{15, 20, 25, 30.1, 35.1}, []byte{0, 0, 1, 1, 1}},
		{F, "the starter's first chat, for ever", talking(starter(synAck)), typeChat, opChat,
			[]float64{15, 20, 25, 30, 35, 40}, []byte{1, 1, 1, 1, 1, 1}},
		{F, "not the invited one's", talking(invited(syn, ack)), typeChat, opChat, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.kind.String()+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			d := New(tt.kind, self, nil)
			tt.state(d)
			d.Take()
			times, numbers := sentTimes(d, tt.typ, tt.op, 41)
			if diff := cmp.Diff(tt.want, times); diff != "" {
				t.Errorf("times (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.numbers, numbers); diff != "" {
				t.Errorf("numbers (-want +got):\n%s", diff)
			}
			if d.Dead() != "" {
				t.Errorf("died of %q", d.Dead())
			}
		})
	}
}

// TestLossOnPurpose: with a random source D loses about a fifth of its copies.
func TestLossOnPurpose(t *testing.T) {
	t.Parallel()
	const runs = 2000
	random := rand.New(rand.NewPCG(1, 2))
	first := 0
	for range runs {
		d := New(D, self, random)
		asked(control(opSyn, 0))(d)
		d.Take()
		d.Accept(at(3))
		sent, _ := d.Take()
		first += len(sent)
	}
	if lost := 1 - float64(first)/runs; lost < .17 || lost > .23 {
		t.Errorf("%.0f %% of the SYN+ACKs were lost, want 20", 100*lost)
	}
}

// answers returns the operations and numbers of the control datagrams that a
// double sent since the last look, and what it showed.
func answers(d *Double) (ops [][2]byte, shown []What) {
	sent, seen := d.Take()
	for _, s := range sent {
		ops = append(ops, [2]byte{s.Bytes[1], s.Bytes[2]})
	}
	for _, s := range seen {
		shown = append(shown, s.What)
	}
	return ops, shown
}

// TestCopies: what a copy of a datagram does, which a network may always make.
func TestCopies(t *testing.T) {
	t.Parallel()
	type sent = [][2]byte
	short := func(op, seq byte) []byte { return control(op, seq)[:lengthAt] }
	tests := []struct {
		kind  Kind
		name  string
		state state
		copy  []byte
		after func(d *Double)
		sent  sent
		shown []What
	}{
		{A, "SYN while asked is a second question", asked(control(opSyn, 0)), control(opSyn, 0),
			func(d *Double) { d.Accept(at(9)) }, sent{{opSynAck, 1}}, []What{Invitation}},
		{A, "CHAT is shown again", then(invited(control(opSyn, 0), control(opAck, 0)), chat(0, "x")), chat(0, "x"),
			nil, sent{{opAck, 1}}, []What{Message}},
		{C, "CHAT is passed over", then(invited(control(opSyn, 0), control(opAck, 0)), chat(0, "x")), chat(0, "x"),
			nil, nil, nil},
		{D, "CHAT is passed over", then(invited(control(opSyn, 0), control(opAck, 0)), chat(1, "x")), chat(1, "x"),
			nil, nil, nil},
		{E, "SYN is taken for the ACK, and the setup fails", asked(short(opSyn, 0)), short(opSyn, 0),
			func(d *Double) { d.Accept(at(9)) }, sent{{opSynAck, 0}}, []What{Refused}},
		{E, "CHAT is shown again", then(invited(short(opSyn, 0), short(opAck, 0)), chat(0, "\x00x")), chat(0, "\x00x"),
			nil, sent{{opAck, 0}}, []What{Message}},
		{E, "FIN spoils its next invitation", then(invited(short(opSyn, 0), short(opAck, 0)), short(opFin, 0)), short(opFin, 0),
			func(d *Double) { d.Invite(at(9), stranger) }, sent{{opSyn, 0}}, []What{Refused}},
		{F, "SYN while asked is refused, and accepted all the same", asked(control(opSyn, 0)), control(opSyn, 0),
			func(d *Double) { d.Accept(at(9)) }, sent{{opFin, 0}, {opSynAck, 0}}, []What{Opened}},
		{F, "CHAT is acknowledged, not shown", then(invited(control(opSyn, 0), control(opAck, 0)), chat(0, "x")), chat(0, "x"),
			nil, sent{{opAck, 0}}, nil},
		{F, "FIN is acknowledged", then(invited(control(opSyn, 0), control(opAck, 0)), control(opFin, 1)), control(opFin, 1),
			nil, sent{{opAck, 1}}, []What{Refused}},
	}
	for _, tt := range tests {
		t.Run(tt.kind.String()+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			d := New(tt.kind, self, nil)
			tt.state(d)
			d.Take()
			d.Receive(at(8), peer, tt.copy)
			if tt.after != nil {
				tt.after(d)
			}
			ops, shown := answers(d)
			if diff := cmp.Diff(tt.sent, ops); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.shown, shown); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
			if d.Dead() != "" {
				t.Errorf("died of %q", d.Dead())
			}
		})
	}
}
