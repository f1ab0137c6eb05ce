package engine

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// choices is where a random run takes its decisions from: rapid, which shrinks them, or a fuzzer's bytes.
type choices interface{ below(n int) int }

type rapidChoices struct{ t *rapid.T }

func (c rapidChoices) below(n int) int { return rapid.IntRange(0, n-1).Draw(c.t, "choice") }

type byteChoices struct{ b []byte }

func (c *byteChoices) below(n int) int {
	if len(c.b) == 0 {
		return 0
	}
	v := int(c.b[0])
	c.b = c.b[1:]
	return v % n
}

func pick[T any](c choices, all ...T) T { return all[c.below(len(all))] }

// anyToken names no conversation, the present one, or another.
func (p *solo) anyToken(c choices) codec.Token {
	return pick(c, codec.Token{}, p.s.names.Ours, p.s.names.Theirs, codec.TokenFrom(1), codec.TokenFrom(2))
}

// anyDatagram is a datagram that is right, or nearly, or not at all, in any form and as any kind of peer writes it. Never
// announced: native is for peers that say so.
func anyDatagram(tb testing.TB, c choices, announce bool, name codec.Token) []byte {
	kind := pick(c, codec.SYN, codec.SYNACK, codec.ACK, codec.FIN, codec.ERR, codec.CHAT, codec.CHAT, codec.ACK)
	d := codec.Datagram{Kind: kind, Seq: pick(c, uint8(0), 0, 1, 1, 2, 255), User: []byte("bob")}
	switch kind {
	case codec.SYN, codec.SYNACK:
		if announce && c.below(4) > 0 {
			d.Payload, d.Announced = codec.AppendWords(nil, codec.Announcement, name), true
		}
	case codec.ACK:
		if announce && c.below(4) > 0 {
			d.Payload = codec.AppendWords(nil, codec.AckWord(pick(c, codec.SYN, codec.SYNACK, codec.CHAT, codec.FIN)), name)
		}
	case codec.FIN:
		if announce && c.below(4) > 0 {
			d.Payload = codec.AppendWords(nil, pick(c, codec.Left, codec.Declined, codec.Cancelled, codec.Busy, codec.Shutdown).String(), name)
		}
	case codec.ERR:
		d.Payload = []byte(pick(c, busyText, "oops", ""))
	case codec.CHAT:
		d.Payload = []byte(pick(c, "a", "b", "", strings.Repeat("long ", 200)))
	case codec.Invalid:
	}
	b := from(tb, anyWire(c, &d), d)
	switch what := c.below(8); {
	case what == 0: // one byte is wrong
		b[c.below(len(b))] = byte(c.below(256))
	case d.Form == codec.Stub:
	case what == 1:
		clear(b[3:35]) // no name
	case what == 2 && len(b) >= codec.HeaderLen:
		binary.BigEndian.PutUint32(b[35:], uint32(c.below(1<<16)))
	}
	return b
}

// anyWire chooses how the datagram is written, and its form, so that one conversation shows evidence of all kinds of peers.
// What says something that only native peers say is written as they write.
func anyWire(c choices, d *codec.Datagram) codec.Wire {
	if d.Announced || len(d.Payload) > 0 && d.Kind != codec.CHAT && d.Kind != codec.ERR {
		return codec.Canonical
	}
	d.Form = pick(c, codec.Usual, codec.Usual, codec.Usual, codec.FINERR, codec.FINACK, codec.Stub)
	if d.Form == codec.FINERR && d.Kind != codec.FIN || d.Form == codec.FINACK && d.Kind != codec.ACK || d.Form == codec.Stub && d.Kind != codec.ERR {
		d.Form = codec.Usual
	}
	return pick(c, codec.Canonical, codec.Canonical, codec.Canonical, codec.Canonical, codec.Trailing, codec.Spaced, codec.Short)
}

func anyCommand(c choices) client.Command {
	return pick[client.Command](c,
		client.Invite{Peer: bobAddr}, client.Invite{Peer: bobAddr}, client.Accept{Peer: bobAddr}, client.Accept{Peer: bobAddr},
		client.Cancel{Peer: bobAddr}, client.Decline{Peer: bobAddr}, client.Leave{}, client.Leave{Now: true},
		client.Chat{Text: "hello"}, client.Chat{Text: "Grüße 漢 😀"}, client.Chat{Text: strings.Repeat("wörter ", 400)},
		client.Chat{Text: strings.Repeat("x", 3000)},
	)
}

// anyStep lets one random thing happen to the session.
func (p *solo) anyStep(c choices, announce bool) {
	switch c.below(12) {
	case 0, 1, 2, 3, 4:
		b := anyDatagram(p.tb, c, announce, p.anyToken(c))
		if d, _, err := codec.Decode(b); err == nil && (announce || !codec.IsNative(d)) {
			p.raw(b)
		}
	case 5, 6, 7:
		if p.s.attached {
			p.do(anyCommand(c))
		}
	case 8, 9:
		p.pass(pick(c, sec, 5*sec, 31*sec, 6*time.Minute))
	case 10:
		if p.s.attached {
			p.detach()
		} else {
			p.attach(pick(c, "alice", "carol"))
		}
	case 11:
		if p.s.Done() {
			p.again()
		}
	}
}

// drafts are the datagrams that wait until the peer is ready for them, with as what it was treated when they were written.
type drafts map[string]*dialect

// wantSane checks what holds after every step, whatever happened.
func (p *solo) wantSane(announce bool, written drafts) {
	p.tb.Helper()
	for _, s := range p.sent {
		as := written[string(s.raw)]
		if as == nil {
			as = p.s.dialect
		}
		p.wantSaneDatagram(s, as, announce)
	}
	for _, d := range p.s.later {
		if written[string(d.bytes)] == nil {
			written[string(d.bytes)] = p.s.dialect
		}
	}
	if len(p.s.later) == 0 {
		clear(written)
	}
	if n := len(p.s.queue); n > queueLen {
		p.tb.Fatalf("%d datagrams wait, at most %d may", n, queueLen)
	}
	if n := len(p.s.box); n > boxEvents+2 {
		p.tb.Fatalf("%d events wait for a client", n)
	}
	if open := p.s.State() == fsm.Established; !open && len(p.s.queue) > 0 && p.s.State() != fsm.FinWait {
		p.tb.Fatalf("messages wait in %s", p.s.State())
	}
	a, pl := p.env.admit, p.s.places
	if len(a.chats) != btoi(pl.chat) || len(a.ringing) != btoi(pl.ring) || len(a.inviting) != btoi(pl.inviting) ||
		a.boxes != btoi(pl.box) || a.lingering != btoi(pl.linger) {
		p.tb.Fatalf("places held %+v, places given away: %d chats, %d ringing, %d inviting, %d boxes, %d lingering",
			pl, len(a.chats), len(a.ringing), len(a.inviting), a.boxes, a.lingering)
	}
	if p.s.snap.HoldsSlot() != pl.chat || p.s.snap.HalfOpen() != pl.ring {
		p.tb.Fatalf("places held %+v in %s", pl, p.s.snap)
	}
	if _, any := p.s.NextDeadline(); !any && !p.mayRest() {
		p.tb.Fatalf("no timer runs in %s: it can stay like that for ever", p.s.snap)
	}
	for _, fault := range [...]count{dropUnsent, gateRefused} {
		if got := p.env.counters.counts[fault].Load(); got != 0 {
			p.tb.Fatalf("%s = %d", countNames[fault], got)
		}
	}
	p.forget()
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// mayRest reports whether the session needs no timer: nobody waits for anything, or something waits for a client.
func (p *solo) mayRest() bool {
	switch p.s.State() {
	case fsm.Idle:
		return p.s.snap.After == fsm.Forgotten
	case fsm.Established:
		return !p.s.snap.InFlight
	case fsm.SynSent, fsm.SynReceived, fsm.FinWait:
	}
	return false
}

// wantSaneDatagram holds every datagram that leaves to the layout (§1.1), and those to a peer that never announced itself
// to what every implementation survives (§2.5).
func (p *solo) wantSaneDatagram(s sending, as *dialect, announced bool) {
	p.tb.Helper()
	if len(s.raw) > codec.MaxDatagram {
		p.tb.Fatalf("a datagram of %d bytes", len(s.raw))
	}
	d, notes := s.decoded(p.tb)
	for n := range notes.All() {
		counts := as == kindF && (d.Kind == codec.CHAT || d.Kind == codec.FIN)
		echo := n == codec.SeqAbove1 && (d.Kind == codec.ACK || d.Kind == codec.SYNACK || counts)
		utf8 := n == codec.PayloadNotASCII && d.Kind == codec.CHAT && announced
		var theirs bool // they write so, and want it
		switch as.shape {
		case short:
			theirs = n == codec.NoLength || n == codec.LeadingNUL || n == codec.FormFINACK
		case spaced:
			theirs = n == codec.UserPaddedWithSpaces
		case trailing:
			theirs = n == codec.Trailer
		case shapeless, regular:
		}
		if !echo && !utf8 && !theirs {
			p.tb.Fatalf("sent %s with the note %s to a peer treated as %s", d, n, as.name)
		}
	}
	if announced {
		return
	}
	if len(s.raw) < codec.HeaderLen && as.shape != short || len(s.raw) > legacyDatagram {
		p.tb.Fatalf("sent %d bytes to a legacy peer", len(s.raw))
	}
	// Only an echoed number may be a byte above 0x7f.
	clean := slices.Concat(s.raw[:2], s.raw[3:])
	if notes.Has(codec.Trailer) {
		clean = clean[:len(clean)-2] // and that checksum
	}
	if notes.Has(codec.LeadingNUL) {
		clean = slices.Delete(clean, codec.HeaderLen-4, codec.HeaderLen-1) // and a Length of which that kind reads the first byte
	}
	if i := slices.IndexFunc(clean, func(c byte) bool { return c > 0x7f }); i >= 0 {
		p.tb.Fatalf("sent a byte that is not ASCII to a legacy peer: %s", d)
	}
	if d.Announced != (d.Kind == codec.SYN) && d.Kind != codec.FIN { // a FIN is sealed while nobody has answered
		p.tb.Fatalf("sent an announcement where none belongs, or none where one does: %s", d)
	}
	if len(d.Payload) > 0 && !d.Announced && d.Kind != codec.ERR && d.Kind != codec.CHAT {
		p.tb.Fatalf("sent a payload to a legacy peer: %s", d)
	}
}

// wantOrder checks a run's events against what a client may rely on: a chat's messages are numbered without a gap, what is
// delivered or unconfirmed was sent before, once, in order, and nothing is both.
type order struct {
	open                   bool
	message, sent, settled int
}

func (o *order) check(tb testing.TB, events []client.Event) {
	tb.Helper()
	settle := func(n int) {
		if n <= o.settled || n > o.sent {
			tb.Fatalf("message %d is reported on; sent were %d, reported on %d", n, o.sent, o.settled)
		}
		o.settled = n
	}
	for _, ev := range events {
		switch ev := ev.(type) {
		case client.Established:
			if o.open {
				tb.Fatal("a chat opened twice")
			}
			*o = order{open: true}
		case client.Closed:
			for _, u := range ev.Undelivered {
				settle(u.N)
			}
			if o.open && o.settled != o.sent {
				tb.Fatalf("the chat closed, and of %d messages %d were reported on", o.sent, o.settled)
			}
			o.open = false
		case client.Message:
			if o.message++; !o.open || ev.N != o.message {
				tb.Fatalf("message %d, open=%v, want number %d in an open chat", ev.N, o.open, o.message)
			}
		case client.Sent:
			if ev.N <= o.sent {
				tb.Fatalf("message %d sent after %d", ev.N, o.sent)
			}
			o.sent = ev.N
		case client.Delivered:
			settle(ev.N)
		case client.Unconfirmed:
			settle(ev.N)
		}
	}
}

// randomRun plays a random story and checks it after each step. The user's view is checked while one user stays.
func randomRun(tb testing.TB, c choices, steps int, announce bool, change func(*Config)) {
	tb.Helper()
	p := newSolo(tb, change)
	p.tb = tb
	var seen order
	sameUser := true
	written := make(drafts)
	for range steps {
		p.anyStep(c, announce)
		sameUser = sameUser && p.s.attached
		if sameUser {
			seen.check(tb, p.told)
		}
		p.wantSane(announce, written)
	}
	// Left alone, with the client gone, it comes to an end by itself.
	p.detach()
	p.pass(24 * time.Hour)
	p.wantSane(announce, written)
	if !p.s.Done() && len(p.s.box) == 0 && !unattendedChat(p) {
		tb.Fatalf("left alone the session stays in %s", p.s.snap)
	}
}

// unattendedChat reports whether an answering machine has a chat open that its caller does not leave.
func unattendedChat(p *solo) bool { return p.s.State() == fsm.Established && p.s.keep }

// Whatever arrives and whatever the user does, in any order: no panic, bounded queues, no place lost, no state without a
// way out, and only datagrams that everybody survives.
func TestSession_AnythingGoes(t *testing.T) {
	for _, tc := range []struct {
		name     string
		announce bool
		change   func(*Config)
	}{
		{"native", true, nil},
		{"native, auto", true, auto},
		{"legacy", false, nil},
		{"legacy, auto", false, auto},
		{"legacy, never", false, never},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				randomRun(rapidTB{TB: t, r: r}, rapidChoices{r}, 80, tc.announce, tc.change)
			})
		})
	}
}

// rapidTB lets helpers that want a testing.TB fail the rapid run, so that it is shrunk.
type rapidTB struct {
	testing.TB
	r *rapid.T
}

func (t rapidTB) Helper()                      { t.r.Helper() }
func (t rapidTB) Fatal(args ...any)            { t.r.Fatal(args...) }
func (t rapidTB) Fatalf(f string, args ...any) { t.r.Fatalf(f, args...) }
func (t rapidTB) Errorf(f string, args ...any) { t.r.Errorf(f, args...) }

// A session is fed with whatever the fuzzer makes of it. The first byte chooses the daemon's mode.
func FuzzSession(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		seed := make([]byte, 300)
		for i := range seed {
			seed[i] = byte(random.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 || len(b) > 4000 {
			return
		}
		changes := []func(*Config){nil, auto, never, func(c *Config) { c.MaxChats = 2 }}
		randomRun(t, &byteChoices{b[1:]}, len(b), b[0]&1 == 0, changes[int(b[0]>>1)%len(changes)])
	})
}

// FuzzSession_Datagrams feeds an open chat with the fuzzer's own datagrams: two bytes of length before each.
func FuzzSession_Datagrams(f *testing.F) {
	add := func(all ...[]byte) {
		var b []byte
		for _, d := range all {
			b = append(binary.BigEndian.AppendUint16(b, uint16(len(d))), d...)
		}
		f.Add(b)
	}
	add(encode(f, chat(0, "hello")), encode(f, nativeFIN(1, codec.Left)), encode(f, nativeSYN()))
	add(encode(f, nativeACK(codec.CHAT, 0)), shortSYN(), encode(f, plain(codec.SYNACK, 0)))
	for _, b := range badHeaders(f) {
		add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := newSolo(t, nil)
		p.openNative()
		p.do(client.Chat{Text: "hi"})
		written := make(drafts)
		for len(b) > 2 {
			n := min(int(binary.BigEndian.Uint16(b)), len(b)-2, codec.MaxReceive)
			if d, _, err := codec.Decode(b[2 : 2+n]); err == nil {
				p.input(Input{Datagram: &d, Size: n})
			}
			p.pass(sec)
			p.wantSane(true, written)
			b = b[2+n:]
		}
	})
}
