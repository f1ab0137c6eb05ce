package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"simp/codec"
	"simp/codec/client"
)

// logged is a daemon's log, for a test to read.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// lines returns what was logged since the last call, with this message and from this level on.
func (l *logged) lines(t *testing.T, message string, level zerolog.Level) []map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []map[string]any
	for dec := json.NewDecoder(&l.buf); dec.More(); {
		var line map[string]any
		if err := dec.Decode(&line); err != nil {
			t.Fatalf("the log is no JSON: %v", err)
		}
		at, err := zerolog.ParseLevel(fmt.Sprint(line["level"]))
		if err != nil {
			t.Fatal(err)
		}
		if line["message"] == message && at >= level {
			found = append(found, line)
		}
	}
	return found
}

func (l *logged) config(c *Config) { c.Log = zerolog.New(l) }

// Each step of a conversation is one line with the same fields: changes of state at info, the rest at debug. What
// OnTransition is told is the same.
func TestLog_OneLineAStep(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		log := new(logged)
		var steps []Transition
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", func(c *Config) {
			log.config(c)
			c.OnTransition = func(tr Transition) { steps = append(steps, tr) }
		})
		bob := startNode(t, network, "10.0.0.2:7777", nil)
		alice.login("alice")
		bob.login("bob")
		openChat(t, alice, bob)
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), true)
		alice.client.Do(client.Chat{Text: "x"})
		time.Sleep(6 * time.Second)
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), false)
		time.Sleep(6 * time.Second)
		alice.client.Do(client.Leave{})
		time.Sleep(time.Minute)
		alice.halt()

		type line struct {
			Level, User, From, To, On, Rule string
			Seq, Tries                      int
		}
		want := []line{
			{"info", "", "idle", "syn-sent", "Invite", "invite", 0, 1},
			{"debug", "", "syn-sent", "syn-sent", "RecvACK", "ringing", 0, 1},
			{"info", "bob", "syn-sent", "established", "RecvSYNACK", "accepted", 0, 0},
			{"debug", "bob", "established", "established", "Say", "send", 0, 1},
			{"debug", "bob", "established", "established", "RetransmitDue", "repeat-chat", 0, 2},
			{"debug", "bob", "established", "established", "RetransmitDue", "repeat-chat", 0, 3},
			{"debug", "bob", "established", "established", "RecvACK", "delivered", 0, 0},
			{"info", "bob", "established", "fin-wait", "Leave", "leave", 1, 1},
			{"info", "bob", "fin-wait", "idle", "RecvACK", "goodbye-acked", 1, 0},
			{"debug", "bob", "idle", "idle", "LingerDue", "forget", 0, 0},
		}
		var got []line
		all := log.lines(t, "transition", zerolog.DebugLevel)
		for _, l := range all {
			if l["peer"] != "10.0.0.2:7777" {
				t.Errorf("a line about %v", l["peer"])
			}
			got = append(got, line{
				fmt.Sprint(l["level"]), fmt.Sprint(l["user"]), fmt.Sprint(l["from"]), fmt.Sprint(l["to"]), fmt.Sprint(l["on"]), fmt.Sprint(l["rule"]),
				int(l["seq"].(float64)), int(l["tries"].(float64)),
			})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("logged (-want +got):\n%s", diff)
		}
		if len(steps) != len(all) {
			t.Fatalf("%d transitions reported, %d logged", len(steps), len(all))
		}
		for i, s := range steps {
			l := got[i]
			if diff := cmp.Diff(Transition{"10.0.0.2:7777", l.User, l.From, l.To, l.On, l.Rule, uint8(l.Seq), l.Tries}, s); diff != "" {
				t.Errorf("transition %d (-logged +reported):\n%s", i, diff)
			}
		}
	})
}

// A flood of nonsense is not a flood of lines: warnings come in bursts of ten, then one each second; the rest is counted,
// and a later warning is written again.
func TestLog_WarningsAreLimited(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		log := new(logged)
		alice := startNode(t, newNetwork(), "10.0.0.1:7777", log.config)
		fin := encode(t, plain(codec.FIN, 0))
		const n = 1000
		for i := range n {
			alice.engine.receive(fin, flooder(i))
		}
		lines := log.lines(t, "transition", zerolog.WarnLevel)
		if len(lines) != warnBurst {
			t.Errorf("%d warnings, want %d", len(lines), warnBurst)
		}
		if l := lines[0]; l["level"] != "warn" || l["rule"] != "stray-fin" || l["peer"] != flooder(0).String() {
			t.Errorf("the warning is %v", l)
		}
		alice.wantCounter("log/suppressed", n-warnBurst)
		alice.wantCounter("unexpected/idle/stray-fin", n)
		time.Sleep(2 * warnEvery)
		for i := range n {
			alice.engine.receive(fin, flooder(i))
		}
		if got := len(log.lines(t, "transition", zerolog.WarnLevel)); got != 2 {
			t.Errorf("%d warnings two seconds later, want 2", got)
		}
		synctest.Wait()
		alice.halt()
		if got := log.lines(t, "stopped", zerolog.InfoLevel); len(got) != 1 || got[0]["counters"] == nil {
			t.Errorf("the last line is %v, want the counters", got)
		}
	})
}

// At level info chat traffic writes nothing.
func TestLog_QuietAtInfo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		log := new(logged)
		network := newNetwork()
		alice := startNode(t, network, "10.0.0.1:7777", func(c *Config) { c.Log = zerolog.New(log).Level(zerolog.InfoLevel) })
		bob := startNode(t, network, "10.0.0.2:7777", nil)
		alice.login("alice")
		bob.login("bob")
		openChat(t, alice, bob)
		log.lines(t, "transition", zerolog.DebugLevel)
		for range 10 {
			wantChatWorks(t, alice, bob)
		}
		if got := log.lines(t, "transition", zerolog.DebugLevel); len(got) != 0 {
			t.Errorf("messages wrote %d lines: %v", len(got), got)
		}
	})
}

// Counters that are named in the documentation exist, each under one name only.
func TestCounters_NamesAreDistinct(t *testing.T) {
	var all []string
	all = append(all, countNames[:]...)
	for _, err := range decodeErrors {
		all = append(all, "drop/"+codec.ErrorName(err))
	}
	for i := range codec.NumNotes {
		all = append(all, "note/"+codec.Note(i).String())
	}
	slices.Sort(all)
	if got := len(slices.Compact(slices.Clone(all))); got != len(all) {
		t.Errorf("%d names for %d counters: %v", got, len(all), all)
	}
}

// Whatever Decode refuses a datagram for, there is a counter of that name.
func TestCounters_EveryDecodeErrorHasOne(t *testing.T) {
	c := newCounters()
	for _, b := range [][]byte{nil, make([]byte, 10), make([]byte, codec.MaxReceive+1), make([]byte, 39), append([]byte{1, 3}, make([]byte, 37)...)} {
		_, _, err := codec.Decode(b)
		if err == nil {
			t.Fatalf("%d bytes are read", len(b))
		}
		c.unreadable(err)
		if got := c.snapshot()["drop/"+codec.ErrorName(err)]; got != 1 {
			t.Errorf("%v is counted %d times", err, got)
		}
	}
	if got := c.snapshot()["drop/unreadable"]; got != uint64(len(decodeErrors)) {
		t.Errorf("%d unreadable in all, want %d", got, len(decodeErrors))
	}
}
