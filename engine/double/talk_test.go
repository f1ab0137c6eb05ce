package double

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// wire is an in-memory network without loss: a datagram takes a millisecond.
type wire struct {
	t     *testing.T
	now   time.Time
	hosts []*Double
	fly   []flying
	seen  []strings.Builder
}

type flying struct {
	at    time.Time
	from  netip.AddrPort
	to    netip.AddrPort
	bytes []byte
}

func newWire(t *testing.T, kind Kind) *wire {
	w := &wire{t: t, now: at(0), seen: make([]strings.Builder, 3)}
	addrs := []string{alice, bob, carol}
	if kind == F {
		addrs = []string{alice, bobF, carF}
	}
	for _, a := range addrs {
		w.hosts = append(w.hosts, New(kind, netip.MustParseAddrPort(a), nil))
	}
	return w
}

// collect puts on the wire what the hosts sent, and writes down what they showed.
func (w *wire) collect() {
	for i, h := range w.hosts {
		sent, shown := h.Take()
		for _, s := range sent {
			w.fly = append(w.fly, flying{w.now.Add(time.Millisecond), h.Addr(), s.To, s.Bytes})
		}
		for _, s := range shown {
			fmt.Fprintf(&w.seen[i], "%s", s.What)
			if s.What == Message {
				fmt.Fprintf(&w.seen[i], "(%s)", s.Text)
			}
			w.seen[i].WriteString(" ")
		}
	}
}

// run lets the given time pass.
func (w *wire) run(d time.Duration) {
	end := w.now.Add(d)
	for {
		w.collect()
		next := end
		if len(w.fly) > 0 && w.fly[0].at.Before(next) {
			next = w.fly[0].at
		}
		for _, h := range w.hosts {
			if when, ok := h.NextDeadline(); ok && when.Before(next) {
				next = when
			}
		}
		if !next.Before(end) {
			w.now = end
			return
		}
		w.now = next
		for _, h := range w.hosts {
			h.Expire(w.now)
		}
		for len(w.fly) > 0 && !w.fly[0].at.After(w.now) {
			f := w.fly[0]
			w.fly = w.fly[1:]
			for _, h := range w.hosts {
				if h.Addr() == f.to {
					h.Receive(w.now, f.from, f.bytes)
				}
			}
		}
	}
}

// do runs steps such as "alice login", "bob say hello", "wait 6s", one second apart.
func (w *wire) do(steps string) {
	for _, line := range strings.Split(steps, ";") {
		line, together := strings.CutSuffix(line, "&") // "&": at the same moment as the next
		f := strings.Fields(line)
		if f[0] == "wait" {
			d, err := time.ParseDuration(f[1])
			if err != nil {
				w.t.Fatal(err)
			}
			w.run(d)
			continue
		}
		names := map[string]int{"alice": 0, "bob": 1, "carol": 2}
		h := w.hosts[names[f[0]]]
		switch f[1] {
		case "login":
			h.Login(w.now, f[0])
		case "invite":
			h.Invite(w.now, w.hosts[names[f[2]]].Addr())
		case "accept":
			h.Accept(w.now)
		case "decline":
			h.Decline(w.now)
		case "say":
			h.Say(w.now, strings.Join(f[2:], " "))
		case "leave":
			h.Leave(w.now)
		default:
			w.t.Fatalf("no step %q", line)
		}
		if !together {
			w.run(time.Second)
		}
	}
}

// TestTalk: two doubles of a kind can do among themselves what two of the
// originals can, and fail where the originals fail.
func TestTalk(t *testing.T) {
	t.Parallel()
	const logins = "alice login; bob login; wait 2s; "
	const open = logins + "alice invite bob; bob accept; "
	tests := []struct {
		kinds string
		name  string
		steps string
		// what the three are shown, and what dies
		alice, bob, carol, dead string
	}{
		{kinds: "AE", name: "messages both ways, the starter leaves",
			steps: open + "alice say one; bob say two; alice say three; bob say four; alice leave",
			alice: "opened message(two) message(four) closed", bob: "invitation opened message(one) message(three) closed"},
		{kinds: "CDF", name: "messages both ways, the starter leaves",
			steps: open + "alice say one; bob say two; alice say three; bob say four; alice leave",
			alice: "opened message(two) message(four)", bob: "invitation opened message(one) message(three) closed"},
		{kinds: "AE", name: "the invited one leaves",
			steps: open + "bob say first; alice say second; bob leave",
			alice: "opened message(first) closed", bob: "invitation opened message(second) closed"},
		{kinds: "CDF", name: "the invited one leaves",
			steps: open + "bob say first; alice say second; bob leave",
			alice: "opened message(first) closed", bob: "invitation opened message(second)"},
		{kinds: "ACE", name: "typed quickly",
			steps: open + "alice say one &; alice say two &; alice say three",
			alice: "opened", bob: "invitation opened message(one) message(two) message(three)"},
		{kinds: "D", name: "typed quickly is one line", // a stream without a frame
			steps: open + "alice say one &; alice say two &; alice say three",
			alice: "opened", bob: "invitation opened message(one) message(twoCHAT three)"},
		{kinds: "ACEF", name: "declined",
			steps: logins + "alice invite bob; bob decline",
			alice: "refused", bob: "invitation"},
		{kinds: "D", name: "declined, and invited again",
			steps: logins + "alice invite bob; bob decline; alice invite bob; bob accept; alice say hello",
			alice: "refused opened", bob: "invitation notice invitation opened message(hello)"},
		{kinds: "AEF", name: "busy",
			steps: open + "carol login; wait 2s; carol invite bob; alice say still; bob say here",
			alice: "opened message(here)", bob: "invitation opened message(still)", carol: "refused"},
		{kinds: "D", name: "busy",
			steps: open + "carol login; wait 2s; carol invite bob; alice say still; bob say here",
			alice: "opened message(here)", bob: "invitation opened notice message(still)", carol: "refused"},
		{kinds: "C", name: "busy, which costs the chat in progress its next message",
			steps: open + "carol login; wait 2s; carol invite bob; alice say still; bob say here",
			alice: "opened", bob: "invitation opened message(still)", carol: "refused refused"},
		{kinds: "AE", name: "invited before the client attached",
			steps: "alice login; wait 2s; alice invite bob; wait 2s; bob login; bob accept; alice say hello",
			alice: "opened", bob: "invitation opened message(hello)"},
		{kinds: "D", name: "invited before the client attached",
			steps: "alice login; alice invite bob; wait 2s; bob login", alice: "refused"},
		{kinds: "C", name: "a second chat, the other way",
			steps: open + "alice say one; alice leave; bob invite alice; alice accept; bob say again; alice say yes",
			alice: "opened invitation opened message(again)", bob: "invitation opened message(one) closed opened message(yes)"},
		{kinds: "E", name: "a second chat, the other way",
			steps: open + "alice say one; alice leave; bob invite alice; alice accept; bob say again; alice say yes",
			alice: "opened closed invitation opened message(again)", bob: "invitation opened message(one) closed opened message(yes)"},
		{kinds: "A", name: "a second chat with the side that received the FIN",
			steps: open + "alice leave; bob login; alice login; alice invite bob",
			alice: "opened closed refused", bob: "invitation opened closed"},
		{kinds: "A", name: "both invite each other",
			steps: logins + "alice invite bob &; bob invite alice; alice accept; bob accept; alice say hello; bob say hi",
			alice: "invitation opened message(hi)", bob: "invitation opened message(hello)"},
		{kinds: "A", name: "both leave at once", steps: open + "alice leave &; bob leave",
			alice: "opened closed", bob: "invitation opened closed", dead: "a: ACK while no client"},
		{kinds: "B", name: "only the first message, and it kills who sent it",
			steps: logins + "alice invite bob; bob accept; alice say hello",
			alice: "opened", bob: "opened", dead: "a: a CHAT that it refused"},
		{kinds: "B", name: "busy is silence",
			steps: logins + "alice invite bob; carol login; carol invite bob; wait 60s", alice: "opened", bob: "opened"},
		{kinds: "B", name: "invited before the client attached",
			steps: "alice login; alice invite bob; bob login", dead: "b: a SYN while nobody is logged in"},
		{kinds: "C", name: "accepts by itself",
			steps: "alice login; alice invite bob; alice say hello", alice: "opened"},
		{kinds: "F", name: "not in turn",
			steps: open + "alice say one; alice say two; bob say three; alice say four",
			alice: "opened notice message(three)", bob: "invitation opened message(one) message(four)"},
		{kinds: "F", name: "the starter who left is busy",
			steps: open + "alice say one; alice leave; bob invite alice",
			alice: "opened", bob: "invitation opened message(one) closed refused"},
	}
	for _, tt := range tests {
		for _, letter := range tt.kinds {
			kind := Kind(letter)
			t.Run(kind.String()+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				w := newWire(t, kind)
				w.do(tt.steps)
				w.collect()
				for i, want := range []string{tt.alice, tt.bob, tt.carol} {
					if got := strings.TrimSpace(w.seen[i].String()); got != want {
						t.Errorf("host %d was shown %q, want %q", i, got, want)
					}
				}
				w.deaths(tt.dead)
			})
		}
	}
}

func (w *wire) deaths(want string) {
	w.t.Helper()
	var got []string
	for i, h := range w.hosts {
		if h.Dead() != "" {
			got = append(got, string(rune('a'+i))+": "+h.Dead())
		}
	}
	if all := strings.Join(got, "; "); (want == "") != (all == "") || !strings.HasPrefix(all, want) {
		w.t.Errorf("deaths: %q, want %q", all, want)
	}
}

// TestInChat: what the daemons think of themselves.
func TestInChat(t *testing.T) {
	t.Parallel()
	for _, kind := range Kinds() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			w := newWire(t, kind)
			check := func(when string, attached, inChat bool) {
				t.Helper()
				for i, h := range w.hosts[:2] {
					if h.Attached() != attached || h.InChat() != inChat {
						t.Errorf("%s: host %d: attached %v, in a chat %v", when, i, h.Attached(), h.InChat())
					}
				}
			}
			check("at first", false, false)
			w.do("alice login; bob login; wait 2s")
			check("logged in", true, false)
			w.do("alice invite bob; bob accept")
			check("in a chat", true, true)
			if w.hosts[0].Kind() != kind {
				t.Errorf("kind is %v", w.hosts[0].Kind())
			}
		})
	}
}
