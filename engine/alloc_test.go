package engine

import (
	"testing"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

func decodeOf(tb testing.TB, d codec.Datagram) codec.Datagram {
	tb.Helper()
	got, _, err := codec.Decode(encode(tb, d))
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

// stepOnly is what an actor does with a session, without what a test's own books would cost.
func (p *solo) stepOnly(in Input) {
	p.s.Handle(p.now, in, &p.out)
	p.out.Reset()
}

// chatStep is one thing that chat traffic consists of, to be run again and again on an open chat.
type chatStep struct {
	name   string
	allocs float64 // each, at most
	start  func(tb testing.TB, p *solo) func()
}

func chatSteps() []chatStep {
	arrives := func(ds ...codec.Datagram) func(testing.TB, *solo) func() {
		return func(tb testing.TB, p *solo) func() {
			all := make([]codec.Datagram, len(ds))
			for i, d := range ds {
				all[i] = decodeOf(tb, d)
			}
			i := 0
			return func() {
				p.stepOnly(Input{Datagram: &all[i%len(all)], Size: codec.HeaderLen + len(all[i%len(all)].Payload)})
				i++
			}
		}
	}
	return []chatStep{
		// The first one is taken, all others are duplicates: each is answered by an ACK.
		{"duplicate", 0, arrives(chat(0, "hello"))},
		// An ACK while nothing is in flight.
		{"ack-of-nothing", 0, arrives(nativeACK(codec.CHAT, 1))},
		// A message that is taken: its text becomes a string, its event goes into an interface.
		{"message", 2, arrives(chat(0, "hello"), chat(1, "hello"))},
		// A message of ours and its ACK: the queue's one place, the command in an interface, the events sent and
		// delivered.
		{"say-and-ack", 4, func(tb testing.TB, p *solo) func() {
			acks := [2]codec.Datagram{decodeOf(tb, nativeACK(codec.CHAT, 0)), decodeOf(tb, nativeACK(codec.CHAT, 1))}
			i := 0
			return func() {
				p.stepOnly(Input{Command: client.Chat{Peer: bobAddr, Text: "hello"}})
				p.stepOnly(Input{Datagram: &acks[i&1], Size: 43})
				i++
			}
		}},
		// A copy that the timer sends; telling of it takes one event.
		{"repeat", 1, func(_ testing.TB, p *solo) func() {
			p.do(client.Chat{Peer: bobAddr, Text: "hello"})
			return func() {
				p.now = p.now.Add(5 * time.Second)
				p.s.Expire(p.now, &p.out)
				p.out.Reset()
			}
		}},
	}
}

// What a step costs in allocations is part of the design: nothing but what is handed to the user.
func TestStepAllocates(t *testing.T) {
	for _, s := range chatSteps() {
		t.Run(s.name, func(t *testing.T) {
			p := newSolo(t, nil)
			p.openNative()
			step := s.start(t, p)
			for range 4 { // so that what is reused is there
				step()
			}
			if got := testing.AllocsPerRun(1000, step); got > s.allocs {
				t.Errorf("%g allocations a step, want at most %g", got, s.allocs)
			}
			if got := p.env.counters.counts[dropUnsent].Load() + p.env.counters.counts[gateRefused].Load(); got != 0 {
				t.Errorf("%d steps failed", got)
			}
		})
	}
}

// BenchmarkStep is a session's step for each kind of chat traffic, without socket, goroutine or log.
func BenchmarkStep(b *testing.B) {
	for _, s := range chatSteps() {
		b.Run(s.name, func(b *testing.B) {
			p := newSolo(b, nil)
			p.openNative()
			step := s.start(b, p)
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
		})
	}
}

// openToClose is the life of a session in which nothing is said: invited, accepted, opened, left. Four changes of state.
func openToClose(b *testing.B) func() {
	b.Helper()
	p := newSolo(b, nil)
	in := []codec.Datagram{decodeOf(b, nativeACK(codec.SYN, 0)), decodeOf(b, nativeSYNACK())}
	bye := decodeOf(b, nativeACK(codec.FIN, 0))
	return func() {
		p.s = NewSession(p.env, bobAddr, true)
		p.stepOnly(Input{Command: client.Invite{Peer: bobAddr}})
		for i := range in {
			p.stepOnly(Input{Datagram: &in[i], Size: 60})
		}
		p.stepOnly(Input{Command: client.Leave{Peer: bobAddr}})
		p.stepOnly(Input{Datagram: &bye, Size: 42})
		if p.s.State() != fsm.Idle {
			b.Fatalf("the session ends in %s", p.s.State())
		}
		p.s.leaveAll()
	}
}

// BenchmarkOpenToClose is a whole conversation of one session, and the gate's share of it: its changes of state, asked of
// the gate once more and timed alone.
func BenchmarkOpenToClose(b *testing.B) {
	life := openToClose(b)
	gate := fsm.NewGate()
	changes := make([]*fsm.Rule, 0, 4)
	rules := fsm.Rules()
	for i := range rules {
		switch rules[i].ID() {
		case "idle/invite", "syn-sent/accepted", "established/leave", "fin-wait/goodbye-acked":
			changes = append(changes, &rules[i])
		}
	}
	if len(changes) != 4 {
		b.Fatalf("%d of the 4 changes of state are in the table", len(changes))
	}
	var asked time.Duration
	b.ReportAllocs()
	for b.Loop() {
		life()
	}
	lives := b.Elapsed()
	start := time.Now()
	for range b.N {
		for _, r := range changes {
			if err := gate.Pass(r.From, r, r.To); err != nil {
				b.Fatal(err)
			}
		}
	}
	asked = time.Since(start)
	b.ReportMetric(asked.Seconds()/lives.Seconds(), "gate-share")
}
