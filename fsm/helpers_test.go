package fsm

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files and the generated documentation")

// golden compares got with a file of testdata/fsm, or rewrites the file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("..", "testdata", "fsm", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with: go test ./fsm -update)", err)
	}
	if diff := diffLines(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; if the change is meant, go test ./fsm -update and read the diff):\n%s", name, diff)
	}
}

func diffLines(want, got string) string {
	return cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n"))
}

// The events as the tests write them. A bare ACK or FIN carries no label, as legacy peers send it.

func act(on Input) Event                { return Event{On: on} }
func verdict(on Input, v Verdict) Event { return Event{On: on, Verdict: v} }
func say() Event                        { return Event{On: Say, Room: true} }
func syn() Event                        { return Event{On: RecvSYN} }
func synACK() Event                     { return Event{On: RecvSYNACK} }
func ackOf(of Packet, seq uint8) Event  { return Event{On: RecvACK, Of: of, Seq: seq} }
func ack(seq uint8) Event               { return Event{On: RecvACK, Seq: seq} }
func fin(why Reason) Event              { return Event{On: RecvFIN, Reason: why} }
func chat(seq uint8) Event              { return Event{On: RecvCHAT, Seq: seq, Room: true} }
func due(t Timer) Event                 { return Event{On: t.Due()} }

// Facts that are added to an event.

func (e Event) more() Event        { e.More = true; return e }
func (e Event) noRoom() Event      { e.Room = false; return e }
func (e Event) repeat() Event      { e.Repeat = true; return e }
func (e Event) seq(n uint8) Event  { e.Seq = n; return e }
func (e Event) num(n uint32) Event { e.Num = n; return e }

// talk is one conversation under test. Its expectations are about the last step, in the words of the golden files:
//
//	c.on(chat(0)).by("message").does("deliver, send ACK seq=0 of=CHAT").now("established rx=1")
type talk struct {
	t    *testing.T
	gate *Gate
	snap Snapshot
	last Event
	rule *Rule
	out  Actions
}

// begin is a conversation that has not begun.
func begin(t *testing.T, p Policy) *talk {
	t.Helper()
	return &talk{t: t, gate: NewGate(), snap: Snapshot{Vars: Vars{Policy: p}}}
}

// on steps the conversation through events, the last of which the expectations are about. The gate witnesses each step.
func (c *talk) on(events ...Event) *talk {
	c.t.Helper()
	for _, e := range events {
		c.out.Reset()
		next, rule := Next(c.snap, e, &c.out)
		if err := c.gate.Pass(c.snap.State, rule, next.State); err != nil {
			c.t.Fatal(err)
		}
		c.snap, c.last, c.rule = next, e, rule
	}
	return c
}

// by expects the rule, by its name within the state.
func (c *talk) by(name string) *talk {
	c.t.Helper()
	if c.rule.Name != name {
		c.t.Errorf("on %s: rule %s fired, want %s", c.last, c.rule.ID(), name)
	}
	return c
}

// does expects exactly these effects, in this order.
func (c *talk) does(want string) *talk {
	c.t.Helper()
	if got := sparing(c.out.String(), want); got != want {
		c.t.Errorf("on %s (%s)\n does %q\n want %q", c.last, c.rule.ID(), got, want)
	}
	return c
}

// now expects exactly this snapshot, the policy aside.
func (c *talk) now(want string) *talk {
	c.t.Helper()
	if got := sparing(c.snap.String(), want); got != want {
		c.t.Errorf("after %s (%s)\n now %q\nwant %q", c.last, c.rule.ID(), got, want)
	}
	return c
}

var numbers = regexp.MustCompile(` (tx-|rx-)?num=\d+`)

// sparing leaves out what only native peers count (§4.19) where a test does not ask for it: most are about both kinds of peer.
func sparing(got, want string) string {
	if strings.Contains(want, "num=") {
		return got
	}
	return numbers.ReplaceAllString(got, "")
}

// unmovedBy takes the steps and expects that none of them changes the snapshot.
func (c *talk) unmovedBy(events ...Event) *talk {
	c.t.Helper()
	for _, e := range events {
		before := c.snap
		c.on(e)
		if c.snap != before {
			c.t.Errorf("on %s (%s): %s became %s, want no change", e, c.rule.ID(), before, c.snap)
		}
	}
	return c
}

// reach leads a new conversation into a state by the shortest way that real events allow. SynReceived waits for our
// user; connecting is the rest of that state. Established was invited by us, so no number of its handshake can return.
func reach(t *testing.T, s State, p Policy) *talk {
	t.Helper()
	c := begin(t, p)
	switch s {
	case Idle:
	case SynSent:
		c.on(act(Invite))
	case SynReceived:
		c.on(syn())
	case Established:
		c.on(act(Invite), synACK())
	case FinWait:
		c.on(act(Invite), synACK(), act(Leave))
	default:
		t.Fatalf("no way to %s", s)
	}
	return c
}

// connecting is a conversation whose SYN+ACK has been sent so many times and is not confirmed.
func connecting(t *testing.T, p Policy, copies int) *talk {
	t.Helper()
	c := reach(t, SynReceived, p).on(act(Accept))
	for range copies - 1 {
		c.on(due(Retransmit))
	}
	return c
}

// policies are the two that every peer starts with.
func policies() map[string]Policy { return map[string]Policy{"native": Native(), "legacy": Legacy()} }

// knownNumbers is the policy towards a legacy peer that is known to count as the specification says.
func knownNumbers() Policy {
	p := Legacy()
	p.TriesOther = false
	return p
}

// named is one of Policies(), by its name.
func named(t *testing.T, name string) Policy {
	t.Helper()
	for _, p := range Policies() {
		if p.Name == name {
			return p.Policy
		}
	}
	t.Fatalf("no policy is called %s", name)
	return Policy{}
}

// underBoth runs a test under each of the two policies.
func underBoth(t *testing.T, test func(*testing.T, Policy)) {
	t.Helper()
	for name, p := range policies() {
		t.Run(name, func(t *testing.T) { test(t, p) })
	}
}

func TestReach_TellsTheTruth(t *testing.T) {
	want := map[State]string{
		Idle: "idle", SynSent: "syn-sent tries=1", SynReceived: "syn-received", Established: "established",
		FinWait: "fin-wait tries=1 goodbye=left",
	}
	underBoth(t, func(t *testing.T, p Policy) {
		for _, s := range States() {
			c := reach(t, s, p)
			if got := sparing(c.snap.String(), want[s]); got != want[s] {
				t.Errorf("reach %s: %q, want %q", s, got, want[s])
			}
			if c.snap.Policy != p {
				t.Errorf("reach %s: the policy changed on the way", s)
			}
		}
		if got, want := connecting(t, p, 3).snap.String(), "syn-received tries=3 answered"; got != want {
			t.Errorf("connecting with 3 copies: %q, want %q", got, want)
		}
	})
}

func TestSnapshot_CountsSlotsAndHalfOpenInvitations(t *testing.T) {
	type held struct{ slot, halfOpen bool }
	got := map[string]held{}
	for _, s := range States() {
		for _, x := range Situations(s) {
			name := s.String()
			if s == SynReceived && x.Answered {
				name += " answered"
			}
			got[name] = held{x.HoldsSlot(), x.HalfOpen()}
		}
	}
	// §5.1: an open chat counts, and an accepted invitation that is not confirmed yet; one that waits does not.
	want := map[string]held{
		"idle": {}, "syn-sent": {}, "syn-received": {halfOpen: true}, "syn-received answered": {slot: true},
		"established": {slot: true}, "fin-wait": {},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(held{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
