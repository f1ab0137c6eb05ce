package engine

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// learned is what Config.Learned was called with, in order.
type learned struct {
	mu    sync.Mutex
	calls []string
}

func (l *learned) hook(peer netip.AddrPort, dialect string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, fmt.Sprint(peer, " ", dialect))
}

func (l *learned) want(tb testing.TB, want ...string) {
	tb.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if diff := cmp.Diff(want, l.calls); diff != "" {
		tb.Errorf("learned (-want +got):\n%s", diff)
	}
	l.calls = nil
}

func numbered(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), 7777)
}

// What is learned is recalled, corrected and forgotten, and who keeps it on disk hears of each change once.
func TestMemory(t *testing.T) {
	var l learned
	m := newMemory(nil, l.hook)
	if got := m.recall(bobAddr); got != unknown {
		t.Errorf("a stranger is remembered as %s", got.name)
	}
	for _, tc := range []struct {
		learn *dialect
		want  []string
	}{
		{unknown, nil},
		{doubtful, nil},
		{kindA, []string{"10.0.0.2:7777 a"}},
		{kindA, nil},
		{kindD, []string{"10.0.0.2:7777 d"}},
		{native, []string{"10.0.0.2:7777 native"}},
		{doubtful, []string{"10.0.0.2:7777 unknown"}},
		{unknown, nil},
		{kindF, []string{"10.0.0.2:7777 f"}},
		{unknown, []string{"10.0.0.2:7777 unknown"}},
	} {
		m.learn(bobAddr, tc.learn)
		l.want(t, tc.want...)
		want := tc.learn
		if want.open() {
			want = unknown
		}
		if got := m.recall(bobAddr); got != want {
			t.Errorf("learned %s, recalled %s", tc.learn.name, got.name)
		}
	}
	if got := m.recall(numbered(9)); got != unknown {
		t.Errorf("somebody else is remembered as %s", got.name)
	}
}

// Nobody has to listen.
func TestMemory_NobodyListens(t *testing.T) {
	m := newMemory(nil, nil)
	m.learn(bobAddr, kindC)
	m.learn(bobAddr, unknown)
}

// What an earlier run has kept is recalled. A name that no row has is a newer version's or somebody's typing error: it is left
// out, and so is "unknown", which says nothing. Taking it over is no news.
func TestMemory_Known(t *testing.T) {
	var l learned
	known := map[netip.AddrPort]string{numbered(5): "zebra", numbered(6): "", numbered(7): "unknown", numbered(8): "A"}
	want := map[netip.AddrPort]*dialect{numbered(5): unknown, numbered(6): unknown, numbered(7): unknown, numbered(8): unknown}
	for i, name := range DialectNames() {
		known[numbered(10+i)] = name
		want[numbered(10+i)] = dialectNamed(name)
	}
	m := newMemory(known, l.hook)
	for peer, d := range want {
		if got := m.recall(peer); got != d {
			t.Errorf("%q is recalled as %s", known[peer], got.name)
		}
	}
	l.want(t)
}

// The memory is bounded, whatever is kept on disk and whoever calls; and so are the numbers in it. An address that is in it
// already is no further one.
func TestMemory_Bound(t *testing.T) {
	known := make(map[netip.AddrPort]string)
	for i := range maxRemembered + 100 {
		known[numbered(i)] = "a"
	}
	// Whoever keeps it on disk hears of what is forgotten, too.
	disk := make(map[netip.AddrPort]string)
	m := newMemory(known, func(peer netip.AddrPort, as string) {
		if disk[peer] = as; as == unknown.name {
			delete(disk, peer)
		}
	})
	for peer, as := range m.known {
		disk[peer] = as.name
	}
	wantFull := func() {
		t.Helper()
		if len(m.known) != maxRemembered || len(disk) != maxRemembered {
			t.Errorf("%d addresses are remembered, %d on disk, want %d", len(m.known), len(disk), maxRemembered)
		}
	}
	wantFull()
	for i := range 100 {
		peer := numbered(1 << 20).Addr().Next()
		m.learn(netip.AddrPortFrom(peer, uint16(i+1)), kindE)
		if got := m.recall(netip.AddrPortFrom(peer, uint16(i+1))); got != kindE {
			t.Fatalf("what has just been learned is recalled as %s", got.name)
		}
		wantFull()
	}
	for peer := range m.known {
		m.learn(peer, kindB) // must not push anybody out
		break
	}
	wantFull()

	for i := range maxRemembered + 100 {
		m.sent(numbered(i), uint8(i), false)
		if n, any := m.lastSent(numbered(i)); !any || n.number != uint8(i) {
			t.Fatalf("the last number is %d, %v, want %d", n.number, any, uint8(i))
		}
	}
	if len(m.numbers) != maxRemembered {
		t.Errorf("%d numbers are remembered, want %d", len(m.numbers), maxRemembered)
	}
}

// Sessions of one daemon run on different goroutines.
func TestMemory_Concurrently(t *testing.T) {
	var l learned
	m := newMemory(nil, l.hook)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				peer := numbered(i % 10)
				m.learn(peer, [...]*dialect{kindA, kindB, unknown}[(i+g)%3])
				m.recall(peer)
				m.sent(peer, uint8(i), true)
				m.lastSent(peer)
			}
		})
	}
	wg.Wait()
}

// Over several conversations: a kind is learned when the chat opens or the invitation is answered, once; the next conversation
// begins with it; what contradicts it corrects it, and what shows nothing particular any more makes it forgotten.
func TestMemory_OverConversations(t *testing.T) {
	var l learned
	p := newSolo(t, func(c *Config) { c.Learned = l.hook })
	begin := func(wantDialect string) {
		t.Helper()
		p.pass(10 * 60 * sec) // so that the last conversation is forgotten
		p.again()
		if p.s.dialect.name != wantDialect {
			t.Errorf("begins with %s, want %s", p.s.dialect.name, wantDialect)
		}
	}
	end := func() {
		p.do(client.Leave{Now: true})
		p.pass(60 * sec)
		p.wantState(fsm.Idle)
	}

	inviting(p)
	p.raw(from(t, codec.Spaced, plain(codec.SYNACK, 0)))
	l.want(t, "10.0.0.2:7777 c")
	p.raw(from(t, codec.Spaced, chat(0, "hi")))
	l.want(t)
	end()

	begin("c")
	p.raw(from(t, codec.Spaced, plain(codec.SYN, 0)))
	p.do(client.Decline{Peer: bobAddr})
	l.want(t)

	begin("c")
	inviting(p)
	p.receive(plain(codec.SYNACK, 1)) // another program runs there now
	l.want(t, "10.0.0.2:7777 a")
	end()

	begin("a")
	inviting(p)
	p.receive(refusal09()) // and now a third, which refuses
	l.want(t, "10.0.0.2:7777 d")

	begin("d")
	inviting(p)
	p.receive(nativeSYNACK())
	l.want(t, "10.0.0.2:7777 native")
	end()

	begin("native")
	inviting(p)
	p.receive(plain(codec.SYNACK, 0))
	l.want(t, "10.0.0.2:7777 unknown")
	end()

	begin("unknown")
	p.raw(from(t, codec.Short, plain(codec.SYN, 0))) // anybody can write a SYN, also in somebody else's name
	p.pass(10 * 60 * sec)
	l.want(t)
	begin("unknown")
}

// What the course of a chat shows is learned in the middle of it.
func TestMemory_InTheMiddle(t *testing.T) {
	var l learned
	p := newSolo(t, func(c *Config) { c.Learned = l.hook })
	p.openLegacy()
	l.want(t)
	p.receive(chat(1, "hi"))
	l.want(t, "10.0.0.2:7777 d")
	p.receive(chat(2, "ho"))
	l.want(t, "10.0.0.2:7777 f")
	p.receive(chat(2, "ho"))
	l.want(t)
}

// What our user says of a peer beats everything that it sends and everything that is remembered, and is not learned: taken
// back, it leaves nothing behind.
func TestMemory_OurUserDecides(t *testing.T) {
	for _, name := range DialectNames() {
		t.Run(name, func(t *testing.T) {
			var l learned
			p := newSolo(t, func(c *Config) {
				c.Learned = l.hook
				c.Known = map[netip.AddrPort]string{bobAddr: "c"}
				c.Dialects = map[netip.AddrPort]string{bobAddr: name}
			})
			same := func(when string) {
				t.Helper()
				if p.s.dialect.name != name || p.s.evidence != "our user said so" || p.s.snap.Policy != dialectNamed(name).policy {
					t.Errorf("%s: treated as %s, %q", when, p.s.dialect.name, p.s.evidence)
				}
			}
			same("at first")
			for _, w := range [...]codec.Wire{codec.Trailing, codec.Spaced, codec.Short, codec.Canonical} {
				p.raw(from(t, w, plain(codec.SYN, 0)))
				same("a SYN written " + w.Name)
			}
			p.receive(nativeSYN())
			same("an announcement")
			p.do(client.Accept{Peer: bobAddr})
			p.receive(nativeACK(codec.SYNACK, p.s.snap.HsSeq))
			p.wantState(fsm.Established)
			same("the chat is open")
			p.receive(chat(0, "one"), chat(0, "two"), chat(7, "three"))
			same("numbers of all sorts")
			p.receive(refusal09())
			l.want(t)
			if got := p.env.memory.recall(bobAddr).name; got != "c" {
				t.Errorf("remembered as %s, want c as before", got)
			}
		})
	}
}

// Only known names can be said, and nobody can be said to be unknown.
func TestMemory_OurUserIsCorrected(t *testing.T) {
	for _, name := range append(DialectNames(), "zebra", "", "unknown", "A") {
		c := Defaults()
		c.Dialects = map[netip.AddrPort]string{bobAddr: name}
		good := false
		for _, n := range DialectNames() {
			good = good || n == name
		}
		if err := c.Validate(); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// A daemon that does not announce itself takes nobody for native, also whom it remembers so. Other kinds are recognised as
// always.
func TestMemory_Plain(t *testing.T) {
	p := newSolo(t, func(c *Config) {
		c.Plain = true
		c.Known = map[netip.AddrPort]string{bobAddr: "native"}
	})
	if p.s.dialect != unknown {
		t.Fatalf("begins with %s", p.s.dialect.name)
	}
	p.receive(nativeSYN())
	if p.s.dialect != unknown {
		t.Errorf("an announcement makes it %s", p.s.dialect.name)
	}
	p.do(client.Accept{Peer: bobAddr})
	p.pass(sec)
	p.wantSent(`0.05s SYN+ACK seq=0 user="alice"`)

	p.again()
	p.raw(from(t, codec.Trailing, plain(codec.SYN, 0)))
	if p.s.dialect != kindB {
		t.Errorf("taken for %s", p.s.dialect.name)
	}
}

// A daemon that does not announce itself writes its first datagram as the remembered kind does: without the announcement it
// cannot be well-formed for everybody.
func TestMemory_PlainWritesAsIsRemembered(t *testing.T) {
	for _, d := range dialects {
		if !d.lettered() {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			p := newSolo(t, func(c *Config) {
				knownAs(d.name)(c)
				c.Plain = true
			})
			inviting(p)
			got, notes := p.sent[0].decoded(t)
			if got.Kind != codec.SYN || got.Announced || shapeOf(&got, notes) != d.shape {
				t.Errorf("sent %s [%s]", got, notes)
			}
		})
	}
}

// §4.17: where a peer that numbers messages over all chats may have the last of ours or not, the next chat begins with the one
// of 0 and 1 that is new in either case; and if none is, the first message is reported as unconfirmed, whatever comes back.
func TestMemory_FirstNumber(t *testing.T) {
	type sent struct {
		number    uint8
		confirmed bool
	}
	for _, tc := range []struct {
		name   string
		before []sent
		number uint8
		sure   bool
	}{
		{"nothing is known", nil, 0, false},
		{"it has 0", []sent{{0, true}}, 1, true},
		{"it has 1", []sent{{0, true}, {1, true}}, 0, true},
		{"it has 5", []sent{{5, true}}, 0, true},
		{"it has 5 or 6", []sent{{5, true}, {6, false}}, 1, true},
		{"it has 0 or 1", []sent{{0, true}, {1, false}}, 1, false},
		{"it has 1 or 2", []sent{{1, true}, {2, false}}, 0, true},
		{"it has 1, 2 or 3", []sent{{1, true}, {2, false}, {3, false}}, 0, true},
		{"it may have the first", []sent{{0, false}}, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newSolo(t, knownAs("f"))
			for _, m := range tc.before {
				p.env.memory.sent(bobAddr, m.number, m.confirmed)
			}
			inviting(p)
			p.receive(plain(codec.SYNACK, 0))
			p.wantState(fsm.Established)
			if p.s.snap.TxSeq != tc.number {
				t.Errorf("begins with number %d, want %d", p.s.snap.TxSeq, tc.number)
			}
			for range 2 {
				p.do(client.Chat{Text: "hi"})
				p.pass(100 * ms)
				p.receive(plain(codec.ACK, p.s.snap.TxSeq))
			}
			delivered, unconfirmed := len(only[client.Delivered](p.told)), len(only[client.Unconfirmed](p.told))
			if want := 1; !tc.sure && (delivered != want || unconfirmed != want) || tc.sure && (delivered != 2 || unconfirmed != 0) {
				t.Errorf("%d messages delivered, %d unconfirmed, sure: %v", delivered, unconfirmed, tc.sure)
			}
		})
	}
}
