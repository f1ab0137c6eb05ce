package engine

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
)

// solo is one session whose clock is moved by hand and whose peer is the test: no goroutine, no network. Its user is
// alice, the peer's bob, unless a test says otherwise.
type solo struct {
	tb   testing.TB
	env  *Env
	s    Session
	out  Outbox
	now  time.Time
	sent []sending
	told []client.Event
}

// sending is a datagram that the session sent.
type sending struct {
	at  time.Duration // since the start of the test
	raw []byte
}

func (d sending) decoded(tb testing.TB) (codec.Datagram, codec.Notes) {
	tb.Helper()
	got, notes, err := codec.Decode(d.raw)
	if err != nil {
		tb.Fatalf("the session sent what cannot be read: %v\n%x", err, d.raw)
	}
	return got, notes
}

var (
	soloStart = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	bobAddr   = netip.MustParseAddrPort("10.0.0.2:7777")
)

// newSolo returns a session of an attached client with a peer of whom nothing is known.
func newSolo(tb testing.TB, change func(*Config)) *solo {
	tb.Helper()
	p := newUnattended(tb, change)
	p.attach("alice")
	p.s = NewSession(p.env, bobAddr, true)
	return p
}

// newUnattended is newSolo for a daemon without a client.
func newUnattended(tb testing.TB, change func(*Config)) *solo {
	tb.Helper()
	cfg := Defaults()
	cfg.Random = rand.NewChaCha8([32]byte{1}) // so that a failure can be repeated
	if change != nil {
		change(&cfg)
	}
	p := &solo{tb: tb, env: NewEnv(cfg, ""), now: soloStart}
	p.s = NewSession(p.env, bobAddr, false)
	return p
}

// attach makes a client the daemon's that always has room.
func (p *solo) attach(user string) {
	p.env.user.Store(&user)
	p.input(Input{Attach: true})
}

func (p *solo) detach() { p.input(Input{Detach: true}) }

// again gives the same daemon a new conversation with the same peer, as after the old one was forgotten.
func (p *solo) again() {
	attached := p.s.attached
	p.s.leaveAll()
	p.s = NewSession(p.env, bobAddr, attached)
}

func (p *solo) input(in Input) {
	p.s.Handle(p.now, in, &p.out)
	p.collect()
}

func (p *solo) collect() {
	for b := range p.out.Datagrams {
		p.sent = append(p.sent, sending{at: p.now.Sub(soloStart), raw: append([]byte(nil), b...)})
	}
	p.told = append(p.told, p.out.Events...)
	p.out.Reset()
}

func (p *solo) do(cmds ...client.Command) {
	for _, c := range cmds {
		p.input(Input{Command: c})
	}
}

// raw lets any bytes arrive from the peer.
func (p *solo) raw(b []byte) {
	p.tb.Helper()
	d, notes, err := codec.Decode(b)
	if err != nil {
		p.tb.Fatalf("this never reaches a session: %v", err)
	}
	p.input(Input{Datagram: &d, Size: len(b), Notes: notes})
}

func (p *solo) receive(ds ...codec.Datagram) {
	p.tb.Helper()
	for _, d := range ds {
		p.raw(encode(p.tb, d))
	}
}

// pass moves the clock on, stopping at each deadline on the way.
func (p *solo) pass(d time.Duration) {
	end := p.now.Add(d)
	for {
		at, any := p.s.NextDeadline()
		if !any || at.After(end) {
			break
		}
		p.now = at
		p.s.Expire(p.now, &p.out)
		p.collect()
	}
	p.now = end
}

// lines takes what was sent since the last call, one line each with the time at which it went out.
func (p *solo) lines() []string {
	p.tb.Helper()
	var lines []string
	for _, s := range p.sent {
		d, _ := s.decoded(p.tb)
		lines = append(lines, fmt.Sprintf("%gs %s", s.at.Seconds(), summary(d)))
	}
	p.sent = nil
	return lines
}

// summary is the datagram's, without the name of the conversation (§2.8): it is drawn by chance.
func summary(d codec.Datagram) string {
	if d.Kind != codec.CHAT && d.Kind != codec.ERR {
		d.Payload, _, _ = bytes.Cut(d.Payload, []byte(" "))
	} else if name, _ := d.Name(); name != (codec.Token{}) {
		d.Label = bytes.TrimPrefix(d.Label[len(name):], []byte(" "))
	}
	return d.String()
}

// wantSent compares what was sent since the last call. A line is the time since the start and the datagram's summary.
func (p *solo) wantSent(want ...string) {
	p.tb.Helper()
	if diff := cmp.Diff(want, p.lines()); diff != "" {
		p.tb.Errorf("sent (-want +got):\n%s", diff)
	}
}

// events takes what the user was told since the last call.
func (p *solo) events() []client.Event {
	got := p.told
	p.told = nil
	return got
}

// wantEvents compares what the user was told since the last call.
func (p *solo) wantEvents(want ...client.Event) {
	p.tb.Helper()
	diffEvents(p.tb, want, p.events())
}

// forget drops what was sent and told so far: it is not what the test is about.
func (p *solo) forget() { p.sent, p.told = nil, nil }

func (p *solo) wantState(want fsm.State) {
	p.tb.Helper()
	if got := p.s.State(); got != want {
		p.tb.Fatalf("the session is in %s, want %s", got, want)
	}
}

// openNative and openLegacy put the session into an open chat that our user asked for. A legacy peer's name is not known
// then: only its SYN or its messages tell it.
func (p *solo) openNative() {
	p.tb.Helper()
	p.do(client.Invite{Peer: bobAddr})
	p.receive(nativeSYNACK())
	p.wantState(fsm.Established)
	p.forget()
}

// flush lets what waits go out at once.
func (p *solo) flush() {
	p.s.sendDelayed(p.now.Add(longestPause), &p.out)
	p.collect()
}

func (p *solo) openLegacy() {
	p.tb.Helper()
	p.do(client.Invite{Peer: bobAddr})
	p.receive(plain(codec.SYNACK, 0))
	p.wantState(fsm.Established)
	p.flush()
	p.forget()
}

// What bob sends. Functions, because decoding aliases what it is given.

func nativeSYN() codec.Datagram {
	return codec.Datagram{Kind: codec.SYN, User: []byte("bob"), Payload: []byte(codec.Announcement), Announced: true}
}

func nativeSYNACK() codec.Datagram {
	return codec.Datagram{Kind: codec.SYNACK, User: []byte("bob"), Payload: []byte(codec.Announcement), Announced: true}
}

func nativeACK(of codec.Kind, seq uint8) codec.Datagram {
	return codec.Datagram{Kind: codec.ACK, Seq: seq, User: []byte("bob"), Payload: []byte(codec.AckWord(of))}
}

func nativeFIN(seq uint8, why codec.Reason) codec.Datagram {
	return codec.Datagram{Kind: codec.FIN, Seq: seq, User: []byte("bob"), Payload: []byte(why.Word())}
}

func plain(kind codec.Kind, seq uint8) codec.Datagram {
	return codec.Datagram{Kind: kind, Seq: seq, User: []byte("bob")}
}

func chat(seq uint8, text string) codec.Datagram {
	return codec.Datagram{Kind: codec.CHAT, Seq: seq, User: []byte("bob"), Payload: []byte(text)}
}

func encode(tb testing.TB, d codec.Datagram) []byte {
	tb.Helper()
	seq := d.Seq
	if seq > 1 { // ours never are; the peer's may be
		d.Seq = 0
	}
	b, err := codec.Canonical.Append(nil, d)
	if err != nil {
		tb.Fatal(err)
	}
	b[2] = seq
	return b
}

// eventOptions compare events by value. What an error says to people is package client's business.
var eventOptions = cmp.Options{
	cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
	cmp.Comparer(func(a, b client.ID) bool { return a == b }),
	cmpopts.IgnoreFields(client.Error{}, "Text"),
	cmpopts.EquateEmpty(),
}

func diffEvents(tb testing.TB, want, got []client.Event) {
	tb.Helper()
	if diff := cmp.Diff(want, got, eventOptions); diff != "" {
		tb.Errorf("told (-want +got):\n%s", diff)
	}
}

// only returns the events of one type.
func only[E client.Event](events []client.Event) []E {
	var found []E
	for _, ev := range events {
		if e, is := ev.(E); is {
			found = append(found, e)
		}
	}
	return found
}

// names writes what kinds of events there are, in order.
func names(events []client.Event) string {
	var all []string
	for _, ev := range events {
		all = append(all, ev.Name())
	}
	return strings.Join(all, " ")
}
