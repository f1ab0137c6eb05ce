package sim

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"simp/codec/client"
	"simp/engine"
	"simp/engine/double"
)

// pair is a chat with a daemon of one kind at an address where our daemon remembers another.
type pair struct {
	remembered string
	runs       double.Kind
	weCall     bool
	weLeave    bool
	thinks     time.Duration // until the called user answers, longer than usual
}

func (p pair) String() string {
	who, first := "it calls", "it leaves"
	if p.weCall {
		who = "ours calls"
	}
	if p.weLeave {
		first = "ours leaves"
	}
	return fmt.Sprintf("remembered %s, runs %s, %s, %s", p.remembered, p.runs, who, first)
}

// end is how a pair ended.
type end struct {
	dead       string // of what the other daemon died
	rest       bool
	unwritten  uint64 // datagrams of ours that could not be written
	remembered string
	ours       map[string]int // how often each text was shown to our user
	theirs     map[string]int // and to the other's
}

// pairMessages is how many messages each of a pair writes, in turn: so many that a counter has come round.
const pairMessages = 3

// run lets the users meet on a good network, one act after the other, each when there was time for everything before it.
func (p pair) run(trace func(string)) end {
	w := New(goodNetwork, 1)
	w.Trace = trace
	e := end{remembered: p.remembered, ours: make(map[string]int), theirs: make(map[string]int)}
	cfg := engine.Defaults()
	cfg.Known = map[netip.AddrPort]string{guestAddr: p.remembered}
	cfg.Learned = func(_ netip.AddrPort, dialect string) { e.remembered = dialect }
	ours := w.Add(hostAddr, "alice", cfg)
	ours.Hear = func(ev client.Event) {
		if m, is := ev.(client.Message); is {
			e.ours[m.Text]++
		}
	}
	guest := w.Invite(double.New(p.runs, guestAddr, rand.New(rand.NewPCG(1, 2))), "bob")
	guest.See = func(s double.Shown) {
		if s.What == double.Message {
			e.theirs[s.Text]++
		}
	}
	at := time.Duration(0)
	next := func(do func()) {
		at += 700 * time.Millisecond
		w.After(at, do)
	}
	weDo := func(cmd client.Command) { next(func() { ours.Do(guestAddr, cmd) }) }
	itDoes := func(do func(d *double.Double, now time.Time)) { next(func() { guest.Act(do) }) }

	itDoes(func(d *double.Double, now time.Time) { d.Login(now, "bob") })
	if p.weCall {
		weDo(client.Invite{Peer: guestAddr})
		at += p.thinks
		itDoes(func(d *double.Double, now time.Time) { d.Accept(now) })
	} else {
		itDoes(func(d *double.Double, now time.Time) { d.Invite(now, hostAddr) })
		weDo(client.Accept{Peer: guestAddr})
	}
	for i := range pairMessages {
		weDo(client.Chat{Peer: guestAddr, Text: text("ours", i)})
		at += 40 * time.Second // as long as copies may take until it is clear how the other counts
		itDoes(func(d *double.Double, now time.Time) { d.Say(now, text("theirs", i)) })
	}
	at += time.Minute
	if p.weLeave {
		weDo(client.Leave{Peer: guestAddr})
	} else {
		itDoes(func(d *double.Double, now time.Time) { d.Leave(now) })
	}
	w.Run(at + 20*time.Minute)
	ours.Do(guestAddr, client.Leave{Peer: guestAddr, Now: true}) // what is said to somebody who has gone is repeated until then
	w.Run(20 * time.Minute)
	if s := ours.Session(guestAddr); s == nil || s.AtRest() {
		e.rest = true
	}
	e.dead = guest.Dead()
	e.unwritten = ours.env.Counters()["drop/send-failed"]
	return e
}

// mistaken are the pairs in which our daemon cannot tell, from what the other has sent, that it is not the one that it
// remembers, and what comes of it. A row that is not needed fails the test.
var mistaken = map[string]string{
	// Whoever calls with number 0, and has each message acknowledged with 1.
	"d, runs a": "stays",
}

// Behind an address where our daemon remembers one kind another one runs, whoever calls and whoever leaves. It does not
// die, the chat comes to its end, every message arrives, and the memory of the address ends correct.
func TestPairs(t *testing.T) {
	needed := make(map[string]bool)
	asked, ran := 0, 0
	for _, remembered := range engine.DialectNames() {
		if remembered == "standard" {
			continue // is chosen by hand, never remembered
		}
		for _, runs := range double.Kinds() {
			for roles := range 4 {
				p := pair{remembered: remembered, runs: runs, weCall: roles&1 == 0, weLeave: roles&2 == 0}
				asked++
				t.Run(p.String(), func(t *testing.T) {
					ran++
					name := fmt.Sprintf("%s, runs %s", remembered, runs)
					if p.check(t, p.run(nil), mistaken[name]) {
						needed[name] = true
					}
				})
			}
		}
	}
	for name := range mistaken {
		if !needed[name] && ran == asked {
			t.Errorf("remembered %s: nothing is mistaken", name)
		}
	}
}

// check reports whether the pair needed what is known of it.
func (p pair) check(t *testing.T, e end, known string) (needed bool) {
	t.Helper()
	wrong := func(what string, format string, args ...any) {
		t.Helper()
		if strings.Contains(known, what) {
			needed = true
			return
		}
		t.Errorf(format, args...)
	}
	if e.dead != "" {
		wrong("dies", "it dies: %s", e.dead)
		return needed
	}
	if !e.rest {
		t.Error("our conversation does not come to rest")
	}
	if e.unwritten > 0 {
		t.Errorf("%d datagrams could not be written", e.unwritten)
	}
	if e.remembered != p.runs.String() && (p.runs != double.D || e.remembered != "unknown") { // d is told only by what it writes first
		wrong("stays", "remembered as %s", e.remembered)
	}
	for i := range pairMessages {
		if n := e.ours[text("theirs", i)]; n != 1 && p.runs != double.B { // whose user's words go nowhere
			t.Errorf("our user is shown %q %d times", text("theirs", i), n)
		}
		if e.theirs[text("ours", i)] == 0 && p.runs != double.B { // shows nothing to its user
			wrong("silent", "the other user is not shown %q", text("ours", i))
		}
	}
	return needed
}

// The called user takes 12 seconds to answer. Kinds that take a repeated SYN get one by then, and the one that runs there now
// may not: what comes of that chat cannot be foreseen. But it lives, ours comes to rest, and the memory does not stay wrong.
func TestPairs_SlowAnswer(t *testing.T) {
	for _, remembered := range [...]string{"native", "c"} {
		for _, runs := range double.Kinds() {
			p := pair{remembered: remembered, runs: runs, weCall: true, weLeave: true, thinks: 12 * time.Second}
			t.Run(p.String(), func(t *testing.T) {
				e := p.run(nil)
				if e.dead != "" {
					t.Errorf("it dies: %s", e.dead)
				}
				if !e.rest {
					t.Error("our conversation does not come to rest")
				}
				if e.remembered != runs.String() && e.remembered != "unknown" {
					t.Errorf("remembered as %s", e.remembered)
				}
			})
		}
	}
}

// The same where there is no chat: either declines, or ours takes its invitation back. Nothing of it ends the other daemon.
func TestPairs_Refusal(t *testing.T) {
	weInvite := func(n *Node, _ *Guest) { n.Do(guestAddr, client.Invite{Peer: guestAddr}) }
	itInvites := func(_ *Node, g *Guest) {
		g.Act(func(d *double.Double, now time.Time) { d.Invite(now, hostAddr) })
	}
	for _, tc := range []struct {
		name          string
		invites, ends func(*Node, *Guest)
	}{
		{name: "ours declines", invites: itInvites, ends: func(n *Node, _ *Guest) { n.Do(guestAddr, client.Decline{Peer: guestAddr}) }},
		{name: "it declines", invites: weInvite, ends: func(_ *Node, g *Guest) { g.Act((*double.Double).Decline) }},
		{name: "ours cancels", invites: weInvite, ends: func(n *Node, _ *Guest) { n.Do(guestAddr, client.Cancel{Peer: guestAddr}) }},
	} {
		for _, remembered := range engine.DialectNames() {
			for _, runs := range double.Kinds() {
				for _, after := range [...]time.Duration{time.Second, 12 * time.Second} {
					t.Run(fmt.Sprintf("remembered %s, runs %s, %s after %s", remembered, runs, tc.name, after), func(t *testing.T) {
						w := New(goodNetwork, 1)
						cfg := engine.Defaults()
						cfg.Known = map[netip.AddrPort]string{guestAddr: remembered}
						ours := w.Add(hostAddr, "alice", cfg)
						guest := w.Invite(double.New(runs, guestAddr, rand.New(rand.NewPCG(1, 2))), "bob")
						guest.Act(func(d *double.Double, now time.Time) { d.Login(now, "bob") })
						w.After(time.Second, func() { tc.invites(ours, guest) })
						w.After(time.Second+after, func() { tc.ends(ours, guest) })
						w.Run(20 * time.Minute)
						if dead := guest.Dead(); dead != "" {
							t.Errorf("it dies: %s", dead)
						}
						if s := ours.Session(guestAddr); s != nil && !s.AtRest() {
							t.Errorf("our conversation stays in %s", s.State())
						}
					})
				}
			}
		}
	}
}
