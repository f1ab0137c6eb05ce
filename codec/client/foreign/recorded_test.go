package foreign

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"simp/codec/client"
)

var (
	start = time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	self  = netip.MustParseAddr("127.0.0.1")
	bob   = netip.MustParseAddrPort("127.0.0.2:7777")
	carol = netip.MustParseAddrPort("127.0.0.3:7777")
)

// act is what the person does just before a datagram of the recording that
// begins with before.
type act struct {
	before string
	do     client.Command
}

// replays says what the person did in each dialogue of each recording. Whoever
// waits does nothing: time alone makes the dialogue wait.
var replays = map[string][]struct {
	acts []act
	// slips are what the recorded person typed and no command can say, each with
	// the daemon's answer to it: they are left out.
	slips map[string]bool
	// instead are datagrams in whose place the dialogue sends another, or none,
	// each with the reason.
	instead map[string]string
	end     string // what the dialogue says last, if the recording ends before the dialogue would
}{
	"daemon-a-start": {{acts: []act{
		{nameA, client.Connect{User: "alice"}}, {startA, client.Invite{Peer: bob}}, {chatA, client.Chat{Text: "hello"}}, {quitA, client.Leave{}}}}},
	"daemon-a-wait": {{acts: []act{
		{nameA, client.Connect{User: "alice"}}, {answerA + "n", client.Decline{Peer: bob}}, {answerA + "y", client.Accept{Peer: bob}}}}},
	"client-a-connreq_early": {{acts: []act{
		{nameA + "a", client.Connect{User: "alice"}}, {answerA + "y", client.Accept{Peer: UnknownPeer}}}}},
	"client-a-error": {{acts: []act{
		{nameA + "a", client.Connect{User: "alice"}}, {startA, client.Invite{Peer: bob}}}}},
	"client-a-pending": {{acts: []act{
		{nameA + "a", client.Connect{User: "alice"}}, {answerA + "y", client.Accept{Peer: bob}}}}},
	"client-a-reask": {{acts: []act{
		{nameA + "a", client.Connect{User: "alice"}}, {answerA + "n", client.Decline{Peer: UnknownPeer}}},
		slips: map[string]bool{menuA + "foo": true, answerA + "maybe": true, menuA + "q": true}}},
	"client-a-second_client": {
		{acts: []act{{nameA + "a", client.Connect{User: "alice"}}}},
		{acts: nil},
	},
	"client-a-start": {{acts: []act{
		{nameA + "a", client.Connect{User: "alice"}}, {startA, client.Invite{Peer: bob}}, {chatA, client.Chat{Text: "hello"}}, {quitA, client.Leave{}}}}},
	"client-a-wait": {{acts: []act{
		{nameA + "a", client.Connect{User: "alice"}}, {answerA + "n", client.Decline{Peer: bob}}, {answerA + "y", client.Accept{Peer: bob}},
		{chatA, client.Chat{Text: "reply"}}}}},

	"daemon-b-start": {
		{acts: []act{{"CONNECT|", client.Connect{User: "lisa"}}, {"CONNECTING|r", client.Invite{Peer: bob}}, {"CHAT|h", client.Chat{Text: "hello"}},
			{"CHAT|a", client.Chat{Text: "a second one at once"}}, {"QUIT|", client.Leave{}}}},
		{acts: []act{{"CONNECT|", client.Connect{User: "eva"}}}, end: "ACK|"},
	},
	"daemon-b-wait": {{acts: []act{{"CONNECT|", client.Connect{User: "lisa"}}}}},
	"daemon-b-pending": {
		{acts: []act{{"CONNECT|", client.Connect{User: "lisa"}}, {"QUIT|", client.Quit{}}}},
		{acts: []act{{"CONNECT|", client.Connect{User: "eva"}}, {"CONNECT|g", client.Accept{Peer: bob}}, {"CHAT|", client.Chat{Text: "hello from eva"}}}},
	},
	"daemon-b-second": {{}, {}},
	"client-b-busy":   {{}},
	"client-b-crash": {{acts: []act{
		{"CONNECT|l", client.Connect{User: "lisa"}}, {"CHAT|", client.Accept{Peer: UnknownPeer}}}}},
	"client-b-noack":   {{}},
	"client-b-pending": {{acts: []act{{"CONNECT|l", client.Connect{User: "lisa"}}}}},
	"client-b-pipe": {{acts: []act{
		{"CONNECT|l", client.Connect{User: "lisa"}}, {"CONNECTING|r", client.Invite{Peer: bob}}, {"CHAT|a", client.Chat{Text: "a|b"}}},
		// The daemon would drop what is behind the bar.
		instead: map[string]string{"CHAT|a|b": "CHAT|a/b"}}},
	"client-b-start": {{acts: []act{
		{"CONNECT|l", client.Connect{User: "lisa"}}, {"CONNECTING|r", client.Invite{Peer: bob}}, {"CHAT|", client.Chat{Text: "hello"}},
		{"CHAT|two", client.Chat{Text: "two"}}, {"QUIT|", client.Leave{}}, {"CONNECTING|request: 127.0.0.3", client.Invite{Peer: carol}},
		{"QUIT|", client.Quit{}}}}},
	"client-b-wait": {{acts: []act{
		{"CONNECT|l", client.Connect{User: "lisa"}}, {"QUIT|", client.Decline{Peer: UnknownPeer}}, {"CHAT|new", client.Accept{Peer: UnknownPeer}},
		{"CHAT|hi", client.Chat{Text: "hi alice"}}, {"CHAT|third", client.Chat{Text: "third"}}}}},
}

// unplayed are the recordings that show what the dialogue must not do.
var unplayed = map[string]string{
	"client-b-unsolicited": "b's client takes a message for the missing ACK of its own, and sends that again; only time makes us repeat",
}

// The recorded clients' bytes come out of the dialogue when the person does the
// same.
func TestRecordedClients(t *testing.T) {
	for _, name := range recordingsOfClients(t) {
		if unplayed[name] != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			all := records(t, name)
			if len(replays[name]) != len(all) {
				t.Fatalf("%d dialogues in the recording, %d known here", len(all), len(replays[name]))
			}
			kind := Kind(name[len("client-")])
			for i, r := range all {
				p := newPlayer(t, kind, Config{Daemon: self})
				want := replays[name][i]
				acts := want.acts
				skip := false
				for j, d := range r.datagrams {
					for len(acts) > 0 && len(acts[0].before) <= len(d.payload) && d.payload[:len(acts[0].before)] == acts[0].before {
						p.command(acts[0].do)
						acts = acts[1:]
						if p.has() {
							break
						}
					}
					where := fmt.Sprintf("dialogue %d, datagram %d", i, j)
					switch {
					case want.slips[d.payload]:
						skip = true
					case d.fromDaemon && skip:
						skip = false
					case d.fromDaemon:
						p.datagram(d.payload)
					default:
						if other, is := want.instead[d.payload]; is {
							d.payload = other
						}
						if got := p.next(); got != d.payload {
							t.Fatalf("%s: %q, want %q", where, got, d.payload)
						}
					}
				}
				if len(acts) > 0 {
					t.Errorf("dialogue %d: the person never came to do %v", i, acts)
				}
				if p.has() && p.sent[0] != want.end || !p.has() && want.end != "" {
					t.Errorf("dialogue %d: it goes on with %q", i, p.sent)
				}
			}
		})
	}
}

// player holds a dialogue, moves its time and keeps what comes out.
type player struct {
	t      *testing.T
	d      Dialogue
	now    time.Time
	sent   []string
	events []client.Event
	ended  bool
}

func newPlayer(t *testing.T, k Kind, cfg Config) *player {
	p := &player{t: t, d: New(k, cfg), now: start}
	p.do(func(out *Outbox) { p.d.Start(p.now, out) })
	return p
}

func (p *player) do(f func(*Outbox)) {
	var out Outbox
	f(&out)
	for _, b := range out.Datagrams {
		p.sent = append(p.sent, string(b))
	}
	p.events = append(p.events, out.Events...)
	p.ended = p.ended || out.Ended
}

func (p *player) command(c client.Command) {
	p.do(func(out *Outbox) { p.d.Command(p.now, c, out) })
}

func (p *player) datagram(s string) {
	p.do(func(out *Outbox) { p.d.Datagram(p.now, []byte(s), out) })
}

// pass lets time pass, deadline by deadline.
func (p *player) pass(t time.Duration) {
	until := p.now.Add(t)
	for {
		at := p.d.Deadline()
		if at.IsZero() || at.After(until) {
			p.now = until
			return
		}
		if at.After(p.now) {
			p.now = at
		}
		p.do(func(out *Outbox) { p.d.Expire(p.now, out) })
	}
}

func (p *player) has() bool { return len(p.sent) > 0 }

// next returns the next datagram for the daemon, and lets time pass until there
// is one.
func (p *player) next() string {
	for range 20 {
		if p.has() {
			first := p.sent[0]
			p.sent = p.sent[1:]
			return first
		}
		at := p.d.Deadline()
		if at.IsZero() {
			break
		}
		p.now = at
		p.do(func(out *Outbox) { p.d.Expire(p.now, out) })
	}
	return ""
}

// take returns the events since the last call.
func (p *player) take() []client.Event {
	all := p.events
	p.events = nil
	return all
}
