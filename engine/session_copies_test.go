package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

const ms = time.Millisecond

// §4.11: which message is a copy of the last one, where its number does not say so. One kind repeats by its timer and never
// changes the number; one counts for both directions, so that the same number can come round; of the others a copy is the
// same number and text at any time. Where it may be none the user is told of it.
func TestIsCopy(t *testing.T) {
	for _, tc := range []struct {
		kind  string
		after time.Duration
		want  verdict
	}{
		{"a", 0, copied},
		{"a", 9 * ms, copied},
		{"a", 10 * ms, another},
		{"a", sec, another},
		{"a", 4999 * ms, another},
		{"a", 5 * sec, perhaps},
		{"a", 5450 * ms, perhaps}, // as was recorded
		{"a", 5800 * ms, perhaps},
		{"a", 5801 * ms, another},
		{"b", 9 * ms, copied},
		{"b", sec, another},
		{"b", 4599 * ms, another},
		{"b", 5011 * ms, perhaps}, // as was recorded
		{"b", 5401 * ms, another},
		{"unknown", sec, perhaps},
		{"unknown", 100 * sec, perhaps},
		{"c", 999 * ms, copied},
		{"c", sec, perhaps}, // it never repeats one, but gives its number to the next if it has not seen our ACK
		{"d", sec, copied},
		{"d", 100 * sec, copied},
		{"e", 100 * sec, copied},
		{"f", sec, copied},
	} {
		t.Run(tc.kind+" "+tc.after.String(), func(t *testing.T) {
			p := chatWith(t, tc.kind)
			p.hearAfter(0, "the same words")
			p.hearAfter(tc.after, "the same words")
			p.wantVerdict(tc.want)
			p.pass(sec)
			acks := 0
			for _, s := range p.sent {
				if d, _ := s.decoded(t); d.Kind == codec.ACK {
					acks++
				}
			}
			if acks != 2 {
				t.Errorf("%d ACKs, want 2: a copy is acknowledged too", acks)
			}
		})
	}
}

// wantVerdict checks what the user was told of a message and another like it.
func (p *solo) wantVerdict(want verdict) {
	p.tb.Helper()
	shown, told := len(only[client.Message](p.told)), len(only[client.Repeated](p.told))
	got := copied
	switch {
	case shown == 2 && told == 0:
		got = another
	case shown == 1 && told == 1:
		got = perhaps
	case shown != 1 || told != 0:
		p.tb.Fatalf("shown %d messages, told of %d more", shown, told)
	}
	if got != want {
		p.tb.Errorf("verdict %d, want %d", got, want)
	}
	if n := p.env.Counters()["message/doubtful-copy"]; (n == 1) != (want == perhaps) {
		p.tb.Errorf("counted %d doubtful copies", n)
	}
}

// The repeats of one kind have no end, but only those that come in time: whoever writes the same words every 6 s is heard.
func TestIsCopy_NoChain(t *testing.T) {
	p := chatWith(t, "a")
	for range 6 {
		p.hearAfter(6*sec, "ok")
	}
	if got := only[client.Message](p.told); len(got) != 6 {
		t.Errorf("shown %d messages, want 6", len(got))
	}
}

// A peer of unknown kind that has been seen to change its number does not reuse it, unless it counts our messages too.
func TestIsCopy_NumbersThatChange(t *testing.T) {
	p := chatWith(t, "unknown")
	p.receive(chat(0, "hello"))
	p.receive(chat(1, "ok"))
	p.pass(5 * sec)
	p.receive(chat(1, "ok"))
	if got := only[client.Repeated](p.told); len(got) != 0 {
		t.Errorf("told %+v of a copy", got)
	}
	p.do(client.Chat{Text: "what?"})
	p.receive(chat(1, "ok"))
	if got := only[client.Repeated](p.told); len(got) != 1 {
		t.Errorf("told %+v, want one that may be a copy", got)
	}
	if got := only[client.Message](p.told); len(got) != 2 {
		t.Errorf("shown %d messages, want 2", len(got))
	}
}

// chatWith is an open chat, which our user asked for, with a remembered kind of peer.
func chatWith(t *testing.T, kind string) *solo {
	t.Helper()
	p := newSolo(t, knownAs(kind))
	h := habits()[0]
	for _, other := range habits() {
		if other.dialect.name == kind {
			h = other
		}
	}
	inviting(p)
	p.raw(h.write(t, plain(codec.SYNACK, h.synack)))
	p.wantState(fsm.Established)
	p.pass(sec)
	p.forget()
	if p.s.dialect != h.dialect {
		t.Fatalf("taken for %s, want %s", p.s.dialect.name, kind)
	}
	return p
}

// hearAfter lets the peer send a message, as it writes, with the number of its first one.
func (p *solo) hearAfter(d time.Duration, text string) {
	p.tb.Helper()
	p.pass(d)
	for _, h := range habits() {
		if h.dialect == p.s.dialect {
			p.raw(h.write(p.tb, chat(h.first, text)))
			return
		}
	}
}

// §4.11: once a message of ours that began after theirs is acknowledged, the peer has heard our ACK and repeats nothing. A
// message of ours that was under way before proves nothing.
func TestIsCopy_OursWasAcknowledged(t *testing.T) {
	for _, tc := range []struct {
		kind  string
		first uint8 // number of the peer's message
		ack   uint8 // of its ACK of ours
	}{
		{"a", 0, 1},
		{"d", 1, 0},
	} {
		for _, after := range []time.Duration{2 * sec, 5 * sec, 5380 * ms, 10 * sec, 25 * sec} {
			want := another
			if tc.kind == "d" && after == 5*sec {
				want = perhaps // of its threads the other one may have read our ACK
			}
			t.Run(fmt.Sprintf("%s %s", tc.kind, after), func(t *testing.T) {
				p := chatWith(t, tc.kind)
				p.hearAfter(0, "yes")
				p.pass(100 * ms)
				p.do(client.Chat{Text: "sure?"})
				p.pass(100 * ms)
				p.receive(plain(codec.ACK, tc.ack))
				if p.s.finished != 1 {
					t.Fatalf("our message is still in flight: %s", p.s.snap)
				}
				p.pass(after - 200*ms)
				p.receive(chat(tc.first, "yes"))
				p.wantVerdict(want)
			})
		}
	}
	t.Run("its counter stood where it was", func(t *testing.T) { // as the second of ours shows, which has the number of theirs
		p := chatWith(t, "d")
		p.do(client.Chat{Text: "sure?"})
		p.receive(chat(1, "yes"))
		p.receive(plain(codec.ACK, p.s.snap.TxSeq))
		p.do(client.Chat{Text: "really?"})
		p.receive(plain(codec.ACK, p.s.snap.TxSeq))
		p.pass(10 * sec)
		p.receive(chat(1, "yes"))
		p.wantVerdict(perhaps)
	})
	for after, want := range map[time.Duration]verdict{299 * sec: perhaps, 301 * sec: another} {
		t.Run(fmt.Sprintf("unknown %s", after), func(t *testing.T) {
			p := chatWith(t, "unknown")
			p.hearAfter(0, "yes")
			p.pass(100 * ms)
			p.do(client.Chat{Text: "sure?"})
			p.receive(plain(codec.ACK, 0))
			p.pass(after - 100*ms)
			p.receive(chat(0, "yes"))
			p.wantVerdict(want)
		})
	}
	t.Run("it was under way before", func(t *testing.T) {
		p := chatWith(t, "a")
		p.do(client.Chat{Text: "sure?"})
		p.hearAfter(0, "yes")
		p.pass(100 * ms)
		p.receive(plain(codec.ACK, 1))
		p.pass(5280 * ms)
		p.receive(chat(0, "yes"))
		p.wantVerdict(perhaps)
	})
}

// §4.11: where both directions share a counter, a message of ours whose ACK is lost may bring the same number round. The same
// text is a copy then only if it comes when copies come.
func TestIsCopy_TheCounterMayHaveComeRound(t *testing.T) {
	for _, tc := range []struct {
		after time.Duration
		want  verdict
	}{
		{30 * ms, copied}, // which the network has doubled
		{2 * sec, another},
		{5 * sec, perhaps},
		{10 * sec, perhaps},
		{25 * sec, perhaps},
		{26 * sec, another},
	} {
		t.Run(tc.after.String(), func(t *testing.T) {
			p := chatWith(t, "d")
			p.receive(chat(1, "yes"))
			p.do(client.Chat{Text: "sure?"})
			p.pass(tc.after)
			p.receive(chat(1, "yes"))
			p.wantVerdict(tc.want)
		})
	}
}

// §11.7: one kind sends our messages back: at once when it takes one, and at times 5 and 10 s later. They are not shown; what
// its user writes is, also the same words, at any other time and at those times if the echo has come.
func TestIsCopy_Echo(t *testing.T) {
	for _, tc := range []struct {
		name  string
		comes []time.Duration // behind our message
		shown int
	}{
		{"at once and twice more", []time.Duration{30 * ms, 5030 * ms, 10040 * ms}, 0},
		{"the first is lost", []time.Duration{5030 * ms}, 0},
		{"a fourth", []time.Duration{30 * ms, 5030 * ms, 10030 * ms, 15030 * ms}, 1},
		{"from both threads", []time.Duration{22 * ms, 30 * ms, 5030 * ms, 5050 * ms}, 0},
		{"the same greeting", []time.Duration{15 * ms, 130 * ms}, 1},
		{"its user agrees", []time.Duration{30 * ms, 2 * sec, 8 * sec}, 2},
		{"its user is slow", []time.Duration{30 * ms, 30 * sec}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := echoing(t)
			p.do(client.Chat{Text: "hello|all"})
			begun := p.now
			ack := func() {
				p.pass(20*ms - p.now.Sub(begun))
				p.from(codec.Trailing, plain(codec.ACK, 0))
			}
			for i, comes := range tc.comes {
				if comes > 20*ms && (i == 0 || tc.comes[i-1] < 20*ms) {
					ack()
				}
				p.pass(comes - p.now.Sub(begun))
				p.from(codec.Trailing, chat(0, "hello")) // it leaves out what stands behind a bar
			}
			if got := only[client.Message](p.told); len(got) != tc.shown {
				t.Errorf("shown %d messages, want %d", len(got), tc.shown)
			}
		})
	}
}

// A message that the peer has not acknowledged comes back whenever it takes it, and one before it not any more once it has.
func TestIsCopy_EchoOfTheNextMessage(t *testing.T) {
	p := echoing(t)
	echo := func(text string) { p.from(codec.Trailing, chat(0, text)) }
	says("first")(p)
	says("second")(p)
	echo("first")
	p.from(codec.Trailing, plain(codec.ACK, 0))
	p.pass(9 * sec) // in which it reads nothing
	echo("second")
	p.from(codec.Trailing, plain(codec.ACK, 1))
	if got := only[client.Delivered](p.told); len(got) != 2 {
		t.Fatalf("%d messages delivered, want 2", len(got))
	}
	p.pass(sec)
	echo("first") // ten seconds behind its echo
	var got []string
	for _, m := range only[client.Message](p.told) {
		got = append(got, m.Text)
	}
	if diff := cmp.Diff([]string{"first"}, got); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
}

// echoing is an open chat with a peer of the kind that sends back what it is sent.
func echoing(t *testing.T) *solo {
	t.Helper()
	p := newSolo(t, knownAs("b"))
	p.from(codec.Trailing, plain(codec.SYN, 0))
	p.do(client.Accept{Peer: bobAddr})
	p.from(codec.Trailing, plain(codec.ACK, p.s.snap.HsSeq))
	p.wantState(fsm.Established)
	return p
}
