package fsm

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Any policy has to be safe, not only those that are made today: those of further dialects are others. Copies of SYN+ACK and
// FIN are at least one, since nothing else would end their wait.
func anyPolicy() *rapid.Generator[Policy] {
	return rapid.Custom(func(t *rapid.T) Policy {
		if rapid.Bool().Draw(t, "common") {
			return rapid.SampledFrom(Policies()).Draw(t, "policy").Policy
		}
		flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
		copies := func(name string, least uint8) uint8 { return rapid.Uint8Range(least, 4).Draw(t, name) }
		p := Policy{
			SYNCopies: copies("SYN copies", 0), SYNACKCopies: copies("SYN+ACK copies", 1), ChatCopies: copies("chat copies", 0),
			FINCopies: copies("FIN copies", 1), RefusalCopies: copies("refusal copies", 1),
			Numbers: rapid.SampledFrom([]Numbering{Alternating, Shared, Counting, Tracked}).Draw(t, "numbers"),
			Rings:   flag("rings"), Labels: flag("labels"), ByNumber: flag("by number"), AnyACK: flag("any ACK"),
			AckRefusal: flag("ack refusal"), QuietFIN: flag("quiet FIN"), Grows: flag("grows"), BusyERROnly: flag("busy ERR only"),
			AcksOnce: flag("acks once"), LateWithdrawal: flag("late withdrawal"), LastWord: flag("last word"), TriesOther: flag("tries other"),
		}
		return sensible(p)
	})
}

// sensible leaves out what contradicts itself: without a last copy there is none behind it.
func sensible(p Policy) Policy {
	p.TriesOther = p.TriesOther && p.ChatCopies > 0
	return p
}

// anyEvent draws an input and what the rest of the daemon may say about it. Half of the time it is one that leads on, or
// few conversations would get as far as a chat.
func anyEvent(s Snapshot) *rapid.Generator[Event] {
	return rapid.Custom(func(t *rapid.T) Event {
		on := rapid.SampledFrom(Inputs()).Draw(t, "input")
		if rapid.Bool().Draw(t, "onwards") {
			on = rapid.SampledFrom(onwards(s)).Draw(t, "onward input")
		}
		e := rapid.SampledFrom(EventsFor(on)).Draw(t, "event")
		if on >= RecvSYN && on <= RecvCHAT && rapid.IntRange(0, 9).Draw(t, "odd number") == 0 {
			e.Seq = rapid.Byte().Draw(t, "number")
		}
		e.Counter = rapid.Byte().Draw(t, "counter")
		return e
	})
}

func onwards(s Snapshot) []Input {
	switch s.State {
	case SynSent:
		return []Input{RecvSYNACK, RecvSYN, RetransmitDue, Invite}
	case SynReceived:
		return []Input{Accept, RecvACK, RecvCHAT, RetransmitDue}
	case Established:
		return []Input{Say, RecvACK, RecvCHAT, RetransmitDue}
	case FinWait:
		return []Input{RetransmitDue, RecvCHAT, RecvACK}
	case Idle:
	}
	return []Input{Invite, RecvSYN}
}

func TestProperty_InvariantsHoldOnAnyPath(t *testing.T) {
	fired := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := newWitness(anyPolicy().Draw(t, "policy"))
		w.fired = fired
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			if err := w.step(anyEvent(w.snap).Draw(t, "event")); err != nil {
				t.Fatal(err)
			}
		}
	})
	if testing.Short() {
		return // rapid draws a fifth of the paths then, too few to judge where they lead
	}
	// Paths that never come anywhere would hold any invariant.
	var never []string
	for _, r := range Rules() {
		if fired[r.ID()] == 0 {
			never = append(never, r.ID())
		}
	}
	t.Logf("%d of %d rules fired; not %v", NumRules()-len(never), NumRules(), never)
	if len(never) > NumRules()/4 {
		t.Errorf("only %d of %d rules fired; the paths are too tame", NumRules()-len(never), NumRules())
	}
}

// Whatever happened before, a conversation comes to rest when nobody says anything any more: timers alone bring it back to
// a stranger's state, or leave a chat open that has nothing in flight. Only a message to a peer that will answer is repeated
// for ever (§4.6), and in SynSent only the user's expiry ends the wait.
func TestProperty_SilenceEnds(t *testing.T) {
	for _, p := range Policies() {
		t.Run(p.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				w := newWitness(p.Policy)
				for range rapid.IntRange(1, 60).Draw(t, "steps") {
					if err := w.step(anyEvent(w.snap).Draw(t, "event")); err != nil {
						t.Fatal(err)
					}
				}
				if w.snap.InFlight && (p.ChatCopies == 0 || w.snap.Acked && !p.AcksOnce) {
					return
				}
				for range 20 {
					for _, timer := range []Timer{Retransmit, Expiry, Linger} {
						if w.timers&running(timer) == 0 {
							continue
						}
						if err := w.step(due(timer)); err != nil {
							t.Fatal(err)
						}
					}
				}
				resting := Snapshot{Vars: Vars{Policy: p.Policy}}
				if w.snap != resting && (w.snap.State != Established || w.snap.InFlight) {
					t.Fatalf("it does not come to rest: %s, timers %04b", w.snap, w.timers)
				}
			})
		})
	}
}

// FuzzNext drives the machine with events that need not make sense together. Three bytes are an event; the first four of
// all are the policy.
func FuzzNext(f *testing.F) {
	for p := range byte(len(Policies())) {
		for _, s := range States() {
			for _, on := range Inputs() {
				f.Add([]byte{p, 0, 0, 0, byte(Invite), 0, 0, byte(RecvSYNACK), 0, 0, byte(s), 1, 2, byte(on), 0x40, 0})
				f.Add([]byte{p, 0xff, 0xff, 0xff, byte(RecvSYN), 0, 0, byte(Accept), 0, 0, byte(RecvACK), 0, byte(SYNACK), byte(Say), 0x40, 0, byte(on), 0x41, byte(s)})
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 4 {
			return
		}
		w := newWitness(fuzzPolicy([4]byte(data)))
		for event := range slices.Chunk(data[4:], 3) {
			if len(event) < 3 {
				break
			}
			if err := w.step(fuzzEvent(event)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// fuzzPolicy starts from one of Policies(), and from there it differs in whatever the other bytes say.
func fuzzPolicy(b [4]byte) Policy {
	all := Policies()
	p := all[int(b[0])%len(all)].Policy
	for i, flag := range []*bool{
		&p.Rings, &p.Labels, &p.ByNumber, &p.AnyACK, &p.AckRefusal, &p.QuietFIN, &p.Grows, &p.BusyERROnly,
		&p.AcksOnce, &p.LateWithdrawal, &p.LastWord, &p.TriesOther,
	} {
		*flag = *flag != (b[1+i/8]>>(i%8)&1 != 0)
	}
	p.Numbers = (p.Numbers + Numbering(b[2]>>4&3)) % (Tracked + 1)
	if b[3] != 0 {
		p.SYNCopies, p.ChatCopies = b[3]&3, b[3]>>2&3
		p.FINCopies, p.RefusalCopies = b[3]>>4&3+1, b[3]>>6&3+1
	}
	return sensible(p)
}

// fuzzEvent reads the input, then flags and number, then what the input's other facts are. Facts that the input does not
// use stay there on purpose: no rule may look at them.
func fuzzEvent(b []byte) Event {
	facts := b[0] / byte(numInputs)
	return Event{
		On: Input(b[0] % byte(numInputs)), Seq: b[1] & 0x0f, Room: b[1]&0x40 != 0, More: b[1]&0x20 != 0, Repeat: b[1]&0x10 != 0,
		Of: Packet(b[2] % byte(CHAT+1)), Reason: Reason(b[2] >> 3 % byte(Misnumbered+1)), Verdict: Verdict(b[2] % byte(Full+1)),
		Counter: b[1] & 0x0f * (facts & 1), Crossed: facts&2 != 0, Old: facts&12 == 12,
	}
}
