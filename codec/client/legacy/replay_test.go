package legacy_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/codec/client"
	"simp/codec/client/legacy"
)

var (
	start = time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC)
	bob   = netip.MustParseAddrPort("127.0.0.2:7777")
	carla = netip.MustParseAddrPort("127.0.0.3:7777")
)

func connected(pending ...client.Pending) client.Event {
	return client.Connected{User: "x", Pending: pending}
}
func invitation(user string) client.Event  { return client.Invitation{Peer: bob, User: user} }
func established(user string) client.Event { return client.Established{Peer: bob, User: user} }
func said(text string) client.Event        { return client.Message{Peer: bob, Text: text} }
func closed(at netip.AddrPort, why client.CloseReason) client.Event {
	return client.Closed{Peer: at, Reason: why}
}

// replay is a recording of an unmodified client with a stand-in for its daemon. Our dialogue is given the client's
// datagrams, and the events that fit them.
type replay struct {
	name   string
	events map[int][]client.Event // what happens after the client's datagram of that number, counted for all its sources
	late   map[int]bool           // where the events come only after a while
	other  map[int]string         // where we answer something else, and why
	until  int                    // not 0: from this datagram on, the client reacts to what we do not send
	taken  bool                   // the daemon has another client
}

// TestReplay: our answers are those of the stand-in wherever that served the client as it wants to be served.
func TestReplay(t *testing.T) {
	left := make(map[string]bool)
	for _, name := range recordedClients(t) {
		left[name] = true
	}
	for _, r := range replays() {
		delete(left, r.name)
		t.Run(r.name, func(t *testing.T) { r.run(t) })
	}
	for name := range left {
		t.Errorf("%s is not replayed", name)
	}
}

func replays() []replay {
	const words = "other words for the same"
	return []replay{
		{name: "client-a-start", events: map[int][]client.Event{
			1: {connected()}, 3: {established("bob")}, 4: {said("hi there"), said("two in a row")},
		}},
		{name: "client-a-wait", events: map[int][]client.Event{
			1: {connected()}, 2: {invitation("bob")}, 5: {invitation("bob")}, 6: {established("bob"), said("first")}, 7: {closed(bob, client.CloseLeft)},
		}},
		{name: "client-a-pending", events: map[int][]client.Event{
			1: {connected(client.Pending{Peer: bob, User: "bob"})}, 2: {established("bob")},
		}},
		{
			name: "client-a-error", events: map[int][]client.Event{1: {connected()}, 3: {closed(bob, client.CloseBusy)}},
			other: map[int]string{3: words},
		},
		{
			name: "client-a-reask", events: map[int][]client.Event{1: {connected()}, 3: {invitation("bob")}},
			other: map[int]string{3: "the stand-in shortens the question", 4: "the stand-in shortens the question"},
		},
		{name: "client-a-second_client", events: map[int][]client.Event{1: {connected()}}},
		{
			name: "client-a-connreq_early", events: map[int][]client.Event{1: {connected(), invitation("bob")}},
			other: map[int]string{1: "the stand-in asks too early, on purpose", 2: "here the client can be asked"},
			until: 3,
		},

		{
			name: "client-b-start", events: map[int][]client.Event{
				2: {connected()}, 4: {established("bob")}, 6: {said("hi lisa")}, 8: {said("quick reply")}, 10: {closed(bob, client.CloseLeft)},
				11: {closed(carla, client.CloseDeclined)},
			},
			other: map[int]string{11: words},
		},
		{
			name: "client-b-wait", events: map[int][]client.Event{
				2: {connected()}, 4: {invitation("alice")}, 7: {invitation("alice")}, 8: {established("alice"), said("hello lisa")},
				10: {said("second")}, 12: {closed(bob, client.CloseLeft)},
			},
			late: map[int]bool{8: true},
		},
		{name: "client-b-busy", taken: true},
		{
			name: "client-b-pipe", events: map[int][]client.Event{2: {connected()}, 4: {established("bob")}, 6: {said("x|y")}},
			other: map[int]string{6: "the client shows the text up to the bar only"},
		},
		{
			name: "client-b-pending", events: map[int][]client.Event{2: {connected(client.Pending{Peer: bob, User: "bob"})}},
			other: map[int]string{2: "with any other welcome the client never opens its menu"},
			until: 3,
		},
		{
			name: "client-b-crash", events: map[int][]client.Event{2: {connected()}, 4: {invitation("alice")}, 5: {established("alice"), said("hello")}},
			late: map[int]bool{5: true}, other: map[int]string{5: "without a name in front the first message ends the client"},
		},
		{
			name:  "client-b-noack",
			other: map[int]string{0: "the stand-in is silent, on purpose"}, until: 1,
		},
		{
			name: "client-b-unsolicited", events: map[int][]client.Event{2: {connected()}, 4: {established("bob"), said("unsolicited")}},
			other: map[int]string{5: "the stand-in sends a message while the client is typing, on purpose", 6: "now it can be sent"},
			until: 7,
		},
	}
}

func (r replay) run(t *testing.T) {
	type answers struct {
		Client string
		Daemon []string
	}
	var theirs, ours []answers
	dialogues := make(map[netip.AddrPort]*desk)
	now := start
	for i, rec := range recording(t, r.name) {
		if i > 0 && !rec.fromC {
			theirs[len(theirs)-1].Daemon = append(theirs[len(theirs)-1].Daemon, ackAsOurs(rec.datagram))
			continue
		}
		n := len(theirs)
		theirs = append(theirs, answers{Client: rec.datagram})
		if r.until != 0 && n >= r.until {
			break
		}
		now = later(now, start.Add(rec.at))
		d := dialogues[rec.client]
		switch {
		case d == nil:
			d = open(t, now, rec.datagram, r.taken || len(dialogues) > 0)
			dialogues[rec.client] = d
		case d.gone:
		default:
			d.receive(now, rec.datagram)
		}
		if r.late[n] {
			now = now.Add(time.Minute)
			d.expire(now)
		}
		for _, ev := range r.events[n] {
			d.tell(now, ev)
		}
		ours = append(ours, answers{Client: rec.datagram, Daemon: d.take()})
	}
	for n, o := range ours {
		same := cmp.Equal(o, theirs[n])
		switch why := r.other[n]; {
		case !same && why == "":
			t.Errorf("datagram %d (-the stand-in's +our answer):\n%s", n, cmp.Diff(theirs[n], o))
		case same && why != "":
			t.Errorf("datagram %d is answered as by the stand-in, although %s", n, why)
		}
	}
}

// ackAsOurs writes the stand-in's ACK as B's own daemon does.
func ackAsOurs(s string) string {
	if s == "ACK|" {
		return "ACK"
	}
	return s
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// desk is a dialogue with what it has put out.
type desk struct {
	t         *testing.T
	d         legacy.Dialogue
	out       legacy.Output
	datagrams []string
	commands  []client.Command
	gone      bool
	anew      bool
	doubt     bool
	ignored   int
}

func open(t *testing.T, now time.Time, first string, taken bool) *desk {
	t.Helper()
	return openAt(t, now, first, legacy.Circumstances{Taken: taken})
}

func openAt(t *testing.T, now time.Time, first string, at legacy.Circumstances) *desk {
	t.Helper()
	d := &desk{t: t}
	if d.d = legacy.Open(now, []byte(first), at, &d.out); d.d == nil {
		t.Fatalf("%q begins no dialogue", first)
	}
	d.collect()
	return d
}

func (d *desk) collect() {
	for _, b := range d.out.Datagrams {
		d.datagrams = append(d.datagrams, string(b))
	}
	d.commands = append(d.commands, d.out.Commands...)
	d.gone, d.anew, d.doubt = d.gone || d.out.Gone, d.anew || d.out.Anew, d.doubt || d.out.Doubt
	if d.out.Ignored {
		d.ignored++
	}
	d.out.Reset()
}

func (d *desk) receive(now time.Time, s string)      { d.d.Receive(now, []byte(s), &d.out); d.collect() }
func (d *desk) tell(now time.Time, ev client.Event)  { d.d.Tell(now, ev, &d.out); d.collect() }
func (d *desk) expire(now time.Time)                 { d.d.Expire(now, &d.out); d.collect() }
func (d *desk) take() (all []string)                 { all, d.datagrams = d.datagrams, nil; return all }
func (d *desk) takeCommands() (all []client.Command) { all, d.commands = d.commands, nil; return all }

// want checks what was sent since the last call.
func (d *desk) want(datagrams ...string) {
	d.t.Helper()
	if got := d.take(); !slices.Equal(got, datagrams) {
		d.t.Fatalf("the client is sent %q, want %q", got, datagrams)
	}
}

// asks checks what the daemon was asked for since the last call.
func (d *desk) asks(commands ...client.Command) {
	d.t.Helper()
	if got := d.takeCommands(); !slices.Equal(got, commands) {
		d.t.Fatalf("the daemon is asked for %+v, want %+v", got, commands)
	}
}

// wantPart checks that one datagram was sent, which begins and ends like this.
func (d *desk) wantPart(front, back string) {
	d.t.Helper()
	if got := d.take(); len(got) != 1 || !strings.HasPrefix(got[0], front) || !strings.HasSuffix(got[0], back) {
		d.t.Fatalf("the client is sent %q, want %q...%q", got, front, back)
	}
}

func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
