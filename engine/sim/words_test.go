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

// words is a chat in which both users write the same word in turn, again and again.
type words struct {
	kind  double.Kind
	gap   time.Duration // between two of the same user
	known bool
	rand  *rand.Rand // of the other daemon
}

// wordRounds is how often each user writes.
const wordRounds = 8

// run returns how many were written to our user, how many shown, of how many more our user was told, and whether the chat was
// ended.
func (x words) run(t *testing.T) (written, shown, told int, ended bool) {
	t.Helper()
	w := New(goodNetwork, 1)
	cfg := engine.Defaults()
	if x.known {
		cfg.Known = map[netip.AddrPort]string{guestAddr: x.kind.String()}
	}
	ours := w.Add(hostAddr, "alice", cfg)
	ours.Hear = func(ev client.Event) {
		switch ev.(type) {
		case client.Message:
			shown++
		case client.Repeated:
			told++
		case client.Unconfirmed:
			if !x.known || x.kind != double.F { // of whom nobody knows what it has from before, for its first message
				t.Error("a message of ours is unconfirmed")
			}
		case client.Closed:
			ended = true
		}
	}
	guest := w.Invite(double.New(x.kind, guestAddr, x.rand), "bob")
	guest.Act(func(d *double.Double, now time.Time) { d.Login(now, "bob") })
	w.After(time.Second, func() { guest.Act(func(d *double.Double, now time.Time) { d.Invite(now, hostAddr) }) })
	w.After(2*time.Second, func() { ours.Do(guestAddr, client.Accept{Peer: guestAddr}) })
	at := 3 * time.Second
	for range wordRounds {
		w.After(at, func() {
			guest.Act(func(d *double.Double, now time.Time) {
				if d.InChat() {
					written++
					d.Say(now, "ok")
				}
			})
		})
		w.After(at+x.gap/2, func() { ours.Do(guestAddr, client.Chat{Peer: guestAddr, Text: "ok"}) })
		at += x.gap
	}
	w.Run(at + 20*time.Minute)
	if dead := guest.Dead(); dead != "" {
		t.Errorf("it dies: %s", dead)
	}
	return written, shown, told, ended
}

// Users of whatever kind who answer "ok" to each "ok" are shown, or told of, every single one, also if they take just as long
// as the original between two copies.
func TestSameWords(t *testing.T) {
	for _, kind := range double.Kinds() {
		for _, gap := range []time.Duration{1500 * time.Millisecond, 4 * time.Second, 5400 * time.Millisecond, 6 * time.Second, 9 * time.Second, 15 * time.Second} {
			for _, known := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s every %s, known=%v", kind, gap, known), func(t *testing.T) {
					written, shown, told, _ := words{kind: kind, gap: gap, known: known}.run(t)
					if written != wordRounds {
						t.Fatalf("written %d, want %d", written, wordRounds)
					}
					if shown != written || told != 0 {
						t.Errorf("written %d, shown %d, told of %d more", written, shown, told)
					}
				})
			}
		}
	}
}

// The same where the other daemon throws away a part of what it sends, and sends it again: three times, then it gives up.
func TestSameWords_SentAgain(t *testing.T) {
	whole := 0
	for seed := range uint64(50) {
		written, shown, told, ended := words{kind: double.D, gap: 25 * time.Second, rand: rand.New(rand.NewPCG(seed, 2))}.run(t)
		if ended || written < wordRounds {
			continue
		}
		if whole++; shown != written || told != 0 {
			t.Errorf("seed %d: written %d, shown %d, told of %d more", seed, written, shown, told)
		}
	}
	if whole < 25 {
		t.Errorf("only %d chats without an end", whole)
	}
}

// Messages of every length that matters arrive whole, in as many pieces as the other reads, and end no daemon: also the lengths
// that would put a byte above 0x7f into a Length field, or exceed what is read.
func TestLongWords(t *testing.T) {
	for _, kind := range double.Kinds() {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, known=%v", kind, known), func(t *testing.T) {
				w := New(goodNetwork, 1)
				cfg := engine.Defaults()
				if known {
					cfg.Known = map[netip.AddrPort]string{guestAddr: kind.String()}
				}
				ours := w.Add(hostAddr, "alice", cfg)
				var heard, shown int
				ours.Hear = func(ev client.Event) {
					switch ev := ev.(type) {
					case client.Message:
						heard += len(ev.Text)
					case client.Repeated: // by d, as long as it is not recognised
						heard += len(ev.Text)
					}
				}
				guest := w.Invite(double.New(kind, guestAddr, nil), "bob")
				guest.See = func(s double.Shown) {
					if s.What == double.Message {
						shown += len(s.Text)
					}
				}
				guest.Act(func(d *double.Double, now time.Time) { d.Login(now, "bob") })
				w.Run(time.Second)
				ours.Do(guestAddr, client.Invite{Peer: guestAddr})
				w.Run(time.Second)
				guest.Act((*double.Double).Accept)
				w.Run(2 * time.Second)
				written, said := 0, 0
				for _, n := range []int{1, 126, 127, 128, 129, 249, 250, 251, 255, 256, 257, 383, 384, 511, 512, 984, 985, 986, 3000} {
					ours.Do(guestAddr, client.Chat{Peer: guestAddr, Text: strings.Repeat("x", n)})
					written += n
					w.Run(2 * time.Minute)
					guest.Act(func(d *double.Double, now time.Time) { d.Say(now, strings.Repeat("y", min(n, 200))) })
					said += min(n, 200)
					w.Run(2 * time.Minute)
				}
				if dead := guest.Dead(); dead != "" {
					t.Errorf("it dies: %s", dead)
				}
				if kind != double.B && shown != written { // shows nothing to its user
					t.Errorf("of our %d bytes %d are shown", written, shown)
				}
				if heard != said {
					t.Errorf("of their %d bytes our user hears %d", said, heard)
				}
			})
		}
	}
}
