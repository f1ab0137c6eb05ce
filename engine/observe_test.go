package engine

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/codec"
	"simp/codec/client"
)

// diary writes down what is observed, a line each.
type diary struct {
	begun time.Time
	mu    sync.Mutex
	lines []string
}

func (d *diary) write(o *Observation) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", o.At.Sub(d.begun).Round(100*millisecond), o.Cause)
	if o.Begins != nil {
		fmt.Fprintf(&b, " begins(%t %s)", o.Begins.Attached, o.Begins.Dialect)
	}
	if o.Command != nil {
		fmt.Fprintf(&b, " %s", o.Command.Op())
	}
	if o.Raw != nil {
		fmt.Fprintf(&b, " %s", kindIn(o.Raw))
	}
	if o.Err != nil {
		fmt.Fprintf(&b, " (%s)", codec.ErrorName(o.Err))
	}
	for _, st := range o.Steps {
		fmt.Fprintf(&b, " | %s->%s by %s on %s seq=%d tries=%d", st.From, st.To, st.Rule, st.On, st.Seq, st.Tries)
	}
	for _, ev := range o.Events {
		fmt.Fprintf(&b, " | tell %s", ev.Name())
	}
	for _, s := range o.Sent {
		fmt.Fprintf(&b, " | send %s", kindIn(s))
	}
	if o.Cause != CauseUnreadable && o.Cause != CauseDropped {
		fmt.Fprintf(&b, " | %s %q %s queued=%d", o.State, o.User, o.Dialect, o.Queued)
	}
	if !o.Deadline.IsZero() {
		fmt.Fprintf(&b, " until %s", o.Deadline.Sub(d.begun).Round(100*millisecond))
	}
	if o.Ends {
		b.WriteString(" ends")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, b.String())
}

func kindIn(b []byte) string {
	d, _, err := codec.Decode(b)
	if err != nil {
		return fmt.Sprintf("%d bytes", len(b))
	}
	return d.Kind.String()
}

func (d *diary) want(t *testing.T, want ...string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if diff := cmp.Diff(want, d.lines); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
	d.lines = nil
}

// Whoever observes a daemon is told each input of each conversation, what came of it and of nothing else, and what was lost.
func TestObserve(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		d := &diary{begun: time.Now()}
		bob := startNode(t, network, "10.0.0.2:7777", func(c *Config) { c.Observe = d.write })
		bob.login("bob")
		alice := startNode(t, network, "10.0.0.1:7777", nil)
		alice.login("alice")
		openChat(t, alice, bob)
		alice.client.Do(client.Chat{Text: "hello"})
		wait()
		d.want(t,
			`0s datagram begins(true unknown) SYN | idle->syn-received by invitation on RecvSYN seq=0 tries=0 | tell invitation | send ACK | syn-received "alice" native queued=0 until 5m0s`,
			`1s command accept | syn-received->syn-received by accept on Accept seq=0 tries=1 | send SYN+ACK | syn-received "alice" native queued=0 until 6s`,
			`1s datagram ACK | syn-received->established by confirmed on RecvACK seq=0 tries=0 | tell established | established "alice" native queued=0`,
			`2s datagram CHAT | established->established by message on RecvCHAT seq=0 tries=0 | tell message | send ACK | established "alice" native queued=0`,
		)
		network.Partition(alice.addr.Addr(), bob.addr.Addr(), true)
		bob.client.Do(client.Chat{Text: "are you there?"})
		time.Sleep(5 * time.Second)
		wait()
		d.want(t,
			`3s command chat | established->established by send on Say seq=0 tries=1 | tell sent | send CHAT | established "alice" native queued=1 until 8s`,
			`8s timer | established->established by repeat-chat on RetransmitDue seq=0 tries=2 | tell retrying | send CHAT | established "alice" native queued=1 until 13s`,
		)
	})
}

// A conversation that leads nowhere ends where it begins, one that has had an actor ends by itself, and what cannot be read is
// told with the reason.
func TestObserve_Ends(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network := newNetwork()
		d := &diary{begun: time.Now()}
		bob := startNode(t, network, "10.0.0.2:7777", func(c *Config) { c.Observe = d.write })
		stranger, err := network.Listen(netip.MustParseAddrPort("10.0.0.1:7777"))
		if err != nil {
			t.Fatal(err)
		}
		defer stranger.Close()
		_ = stranger.WriteTo([]byte("no SIMP"), bob.addr)
		_ = stranger.WriteTo(encode(t, plain(codec.ACK, 0)), bob.addr)
		wait()
		_ = stranger.WriteTo(encode(t, plain(codec.SYN, 0)), bob.addr)
		_ = stranger.WriteTo(encode(t, plain(codec.FIN, 0)), bob.addr)
		wait()
		bob.login("bob")
		wait()
		bob.client.Close()
		time.Sleep(time.Minute)
		d.want(t,
			`0s unreadable 7 bytes (short)`,
			`0s datagram begins(false unknown) ACK | idle->idle by late-ack on RecvACK seq=0 tries=0 | idle "" unknown queued=0 ends`,
			`1s datagram begins(false unknown) SYN | idle->syn-received by invitation on RecvSYN seq=0 tries=0 | syn-received "bob" unknown queued=0 until 5m1s`,
			`1s datagram FIN | syn-received->idle by withdrawn on RecvFIN seq=0 tries=0 | idle "bob" unknown queued=0 until 1.1s`,
			`1.1s timer | send ACK | idle "bob" unknown queued=0 until 31s`,
			`2s attach | idle "bob" unknown queued=0 until 31s`,
			`3s detach | idle->idle by client-gone on Detach seq=0 tries=0 | idle "bob" unknown queued=0 until 31s`,
			`31s timer | idle->idle by forget on LingerDue seq=0 tries=0 | idle "bob" unknown queued=0`,
			`31s end | idle "bob" unknown queued=0 ends`,
		)
	})
}

// What else the daemon counts is among its counters.
func TestCounters_Further(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		bob := startNode(t, newNetwork(), "10.0.0.2:7777", func(c *Config) {
			c.Counters = func(all map[string]uint64) { all["record/lost"] = 3 }
		})
		bob.login("bob")
		if got := bob.status().Counters["record/lost"]; got != 3 {
			t.Errorf("the user is told of %d, want 3", got)
		}
	})
}

// A datagram that finds the mailbox full is told, too.
func TestObserve_Dropped(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		d := &diary{begun: time.Now()}
		bob := startNode(t, newNetwork(), "10.0.0.2:7777", func(c *Config) { c.Observe = d.write })
		peer := netip.MustParseAddrPort("10.0.0.1:7777")
		bob.engine.peers[peer] = newActor(bob.engine, NewSession(bob.engine.env, peer, false)) // it never runs
		for range mailboxDatagrams + 1 {
			bob.engine.receive(encode(t, chat(0, "x")), peer)
		}
		delete(bob.engine.peers, peer)
		d.want(t, `0s dropped CHAT`)
	})
}
