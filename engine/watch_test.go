package engine

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"simp/codec"
	"simp/codec/client"
)

// watch has a client watch the node's daemon and returns a node that collects what it is told.
func (n *node) watch() *node {
	w := &node{t: n.t, engine: n.engine, addr: n.addr, client: n.engine.NewClient()}
	w.collect(w.client)
	w.client.Do(client.Watch{})
	return w
}

// said writes down what a watcher was told, a line each, with the time since begun.
func said(begun time.Time, events []client.Event) []string {
	var lines []string
	for _, ev := range events {
		switch ev := ev.(type) {
		case client.Watching:
			line := fmt.Sprintf("watching %s of %q", ev.Addr, ev.User)
			for _, m := range ev.Machines {
				line += fmt.Sprintf(", %s %q %s", m.Peer, m.User, m.State)
			}
			lines = append(lines, line)
		case client.Step:
			lines = append(lines, fmt.Sprintf("%s %s->%s %s on %s seq=%d tries=%d (%s) %s %q",
				ev.At.Sub(begun).Round(millisecond), ev.From, ev.To, ev.Rule, ev.On, ev.Seq, ev.Tries, ev.Cause, ev.Peer.Addr(), ev.User))
		case client.Datagram:
			lines = append(lines, fmt.Sprintf("%s %s %s %s", ev.At.Sub(begun).Round(millisecond), ev.Dir, kindIn(ev.Bytes), ev.Peer.Addr()))
		case client.Error:
			lines = append(lines, fmt.Sprintf("error %s %s", ev.OpName, ev.Reason))
		default:
			lines = append(lines, ev.Name())
		}
	}
	return lines
}

func (n *node) wantSaid(begun time.Time, want ...string) {
	n.t.Helper()
	if diff := cmp.Diff(want, said(begun, n.events())); diff != "" {
		n.t.Errorf("the watcher was told (-want +got):\n%s", diff)
	}
}

// A watcher is told where everything stands, then every datagram and step, in the order in which they happen.
func TestWatch(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		begun := time.Now()
		d := &diary{begun: begun}
		alice, bob := pair(t, newNetwork(), func(c *Config) { c.Observe = d.write })
		w := bob.watch()
		wait()
		w.wantSaid(begun, `watching 10.0.0.2:7777 of "bob"`)
		openChat(t, alice, bob)
		alice.client.Do(client.Chat{Text: "hello"})
		wait()
		w.wantSaid(begun,
			`1.001s in SYN 10.0.0.1`,
			`1.001s idle->syn-received invitation on RecvSYN seq=0 tries=0 (datagram) 10.0.0.1 "alice"`,
			`1.001s out ACK 10.0.0.1`,
			`2s syn-received->syn-received accept on Accept seq=0 tries=1 (command) 10.0.0.1 "alice"`,
			`2s out SYN+ACK 10.0.0.1`,
			`2.002s in ACK 10.0.0.1`,
			`2.002s syn-received->established confirmed on RecvACK seq=0 tries=0 (datagram) 10.0.0.1 "alice"`,
			`3.001s in CHAT 10.0.0.1`,
			`3.001s established->established message on RecvCHAT seq=0 tries=0 (datagram) 10.0.0.1 "alice"`,
			`3.001s out ACK 10.0.0.1`,
		)
		d.mu.Lock()
		if len(d.lines) == 0 {
			t.Error("whoever observes the daemon is told nothing any more")
		}
		d.mu.Unlock()
		late := bob.watch()
		wait()
		late.wantSaid(begun, `watching 10.0.0.2:7777 of "bob", 10.0.0.1:7777 "alice" established`)
		bob.engine.receive([]byte("nonsense"), netip.MustParseAddrPort("10.0.0.9:7777"))
		wait()
		late.wantSaid(begun, `5s in 8 bytes 10.0.0.9`)

		w.client.Do(client.Quit{})
		late.client.Close()
		wait()
		if bob.engine.watchers.any() {
			t.Error("watchers are left")
		}
		w.events()
		alice.client.Do(client.Chat{Text: "anybody?"})
		wait()
		w.wantSaid(begun)
	})
}

// Whoever watches neither is nor becomes the user, and does nothing else.
func TestWatch_TakesNothingElse(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice := startNode(t, newNetwork(), "10.0.0.1:7777", nil)
		w := alice.watch()
		wait()
		w.wantSaid(time.Now(), `watching 10.0.0.1:7777 of ""`)
		for _, cmd := range []client.Command{
			client.Watch{}, client.Connect{User: "alice"}, client.Invite{Peer: bobAddr}, client.StatusQuery{},
		} {
			w.wantRefusal(cmd, client.ReasonWatching)
		}
		w.client.Do(client.Ping{})
		wait()
		w.wantSaid(time.Now(), "pong")
		alice.login("alice")
		wait()
		alice.wantNames("connected")
		alice.wantRefusal(client.Watch{}, client.ReasonAlreadyConnected)
		for range maxWatchers - 1 {
			alice.watch()
		}
		many := alice.watch()
		wait()
		many.wantSaid(time.Now(), "error watch too-many-watchers")
		w.client.Close()
		many.client.Do(client.Watch{})
		wait()
		many.wantNames("watching")
		alice.engine.watchers.mu.Lock()
		all := alice.engine.watchers.all
		alice.engine.watchers.mu.Unlock()
		for _, one := range all[:len(all):len(all)] {
			defer one.client.Close()
		}
	})
}

// A watcher that does not read costs the daemon nothing, misses what there is no room for, and is told how much.
func TestWatch_Missed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice, bob := openPair(t, newNetwork(), nil)
		c := bob.engine.NewClient() // nobody reads
		c.Do(client.Watch{})
		other := bob.watch()
		for i := range watchQueue {
			alice.client.Do(client.Chat{Text: fmt.Sprint(i)})
			time.Sleep(5 * millisecond)
		}
		wait()
		if got := len(only[client.Message](bob.events())); got != watchQueue {
			t.Errorf("%d messages came, want %d", got, watchQueue)
		}
		events, _ := c.Next(nil)
		told, missed := len(events)-2, 0 // the answer and what was missed
		if m, is := events[len(events)-1].(client.Missed); is {
			missed = m.N
		}
		if all := len(other.events()) - 1; missed == 0 || told+missed != all || told > watchQueue {
			t.Errorf("told %d and missed %d, of %d", told, missed, all)
		}
		bob.wantCounter("watch/missed", uint64(missed))
		alice.client.Do(client.Chat{Text: "again"})
		wait()
		events, _ = c.Next(nil)
		if got := names(events); got != "datagram step datagram" {
			t.Errorf("after the gap it was told %q", got)
		}
		c.Close()
		other.client.Close()
	})
}

// Bytes are bounded, too.
func TestWatch_MissedBytes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		bob := startNode(t, newNetwork(), "10.0.0.2:7777", nil)
		c := bob.engine.NewClient()
		c.Do(client.Watch{})
		big := []byte(strings.Repeat("x", 60_000))
		for range 2 * watchBytes / len(big) {
			bob.engine.receive(big, bobAddr)
		}
		events, _ := c.Next(nil)
		bytes := 0
		for _, d := range only[client.Datagram](events) {
			bytes += len(d.Bytes)
		}
		if m := only[client.Missed](events); bytes > watchBytes || len(m) != 1 || m[0].N != 2*watchBytes/len(big)-bytes/len(big) {
			t.Errorf("%d bytes wait, and missed are %v", bytes, m)
		}
		c.Close()
	})
}

// However steps and the beginning of a watch fall together: what the answer says and the steps after it make a chain
// without a gap, for every peer.
func TestWatch_IsConsistent(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		bob := startNode(t, newNetwork(), "10.0.0.2:7777", func(c *Config) { c.MaxChats = 100 })
		bob.login("bob")
		wait()
		invitation, withdrawal := encode(t, plain(codec.SYN, 0)), encode(t, plain(codec.FIN, 0))
		var network sync.WaitGroup
		network.Go(func() {
			for i := range 2000 {
				b := invitation
				if i/8%2 == 1 {
					b = withdrawal
				}
				bob.engine.receive(b, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 1, byte(i % 8)}), 7777))
			}
		})
		var watching []*node
		for range maxWatchers {
			watching = append(watching, bob.watch())
		}
		network.Wait()
		wait()
		for _, w := range watching {
			w.client.Close()
			checkChains(t, w.events())
		}
		bob.client.Close()
	})
}

// What an actor does before it has answered is in its answer, and is not told a second time.
func TestWatch_BeginsAtTheAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		network, begun := newNetwork(), time.Now()
		acting, goOn := make(chan bool), make(chan bool)
		alice := startNode(t, network, "10.0.0.1:7777", nil)
		bob := startNode(t, network, "10.0.0.2:7777", func(c *Config) {
			c.Observe = func(o *Observation) {
				if o.Cause == CauseCommand {
					acting <- true
					<-goOn
				}
			}
		})
		alice.login("alice")
		bob.login("bob")
		alice.client.Do(client.Invite{Peer: bob.addr})
		wait()
		bob.client.Do(client.Accept{Peer: alice.addr})
		<-acting
		w := &node{t: t, engine: bob.engine, addr: bob.addr, client: bob.engine.NewClient()}
		w.collect(w.client)
		w.done.Go(func() { w.client.Do(client.Watch{}) })
		wait()
		w.wantSaid(begun)
		goOn <- true
		wait()
		w.wantSaid(begun,
			`watching 10.0.0.2:7777 of "bob", 10.0.0.1:7777 "alice" syn-received`,
			`2.002s in ACK 10.0.0.1`,
			`2.002s syn-received->established confirmed on RecvACK seq=0 tries=0 (datagram) 10.0.0.1 "alice"`,
		)
		w.client.Close()
	})
}

// checkChains follows each peer from where it stood.
func checkChains(t *testing.T, events []client.Event) {
	t.Helper()
	var stands map[netip.AddrPort]string
	for _, ev := range events {
		switch ev := ev.(type) {
		case client.Watching:
			stands = map[netip.AddrPort]string{}
			for _, m := range ev.Machines {
				stands[m.Peer] = m.State
			}
		case client.Step:
			was, known := stands[ev.Peer]
			if stands == nil || known && was != ev.From || !known && ev.From != "idle" {
				t.Errorf("%s: a step from %s, but it stood at %q", ev.Peer, ev.From, was)
			}
			stands[ev.Peer] = ev.To
		case client.Missed:
			t.Errorf("%d were missed", ev.N)
		}
	}
	if stands == nil {
		t.Error("it was never answered")
	}
}

// Over TCP only this host may watch, whoever else may be a client.
func TestWatch_OnThisHostOnly(t *testing.T) {
	for addr, want := range map[string]bool{"127.0.0.1:5": true, "[::1]:5": true, "192.0.2.7:5": false} {
		if got := onThisHost(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr))); got != want {
			t.Errorf("%s on this host: %t", addr, got)
		}
	}
	if onThisHost(&net.UnixAddr{}) {
		t.Error("an address of another kind is taken for one of this host")
	}
	for addr, want := range map[string]string{
		"127.0.0.1:5": `{"v":1,"ev":"watching","addr":"10.0.0.2:7777",`,
		"192.0.2.7:5": `{"v":1,"ev":"error","op":"watch","reason":"not-local",`,
	} {
		inBubble(t, func(t *testing.T) {
			w := dialFrom(t, startNode(t, newNetwork(), "10.0.0.2:7777", nil), addr)
			if _, err := w.Write([]byte(`{"op":"watch"}` + "\n")); err != nil {
				t.Fatal(err)
			}
			line, err := client.NewLineReader(w, client.MaxEventLine).Next()
			if err != nil || !strings.HasPrefix(string(line), want) {
				t.Errorf("from %s: %s, %v; want %s", addr, line, err, want)
			}
		})
	}
}

// placed is a connection from an address of a test's choice.
type placed struct {
	net.Conn
	addr net.Addr
}

func (p placed) RemoteAddr() net.Addr { return p.addr }

// dialFrom connects to the client port of a daemon.
func dialFrom(t *testing.T, n *node, addr string) net.Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	openPort(t, n).conns <- placed{theirs, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr))}
	t.Cleanup(func() { _ = ours.Close() })
	return ours
}

// A connection over which nothing is read does not hold the daemon up, and does not stay for ever.
func TestWatch_ConnectionStalls(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		alice, bob := openPair(t, newNetwork(), nil)
		w := dialFrom(t, bob, "127.0.0.1:5")
		if _, err := w.Write([]byte(`{"op":"watch"}` + "\n")); err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			alice.client.Do(client.Chat{Text: fmt.Sprint(i)})
			wait()
		}
		if got := len(only[client.Message](bob.events())); got != 10 {
			t.Errorf("%d messages came", got)
		}
		time.Sleep(clientWrite)
		if bob.engine.watchers.any() {
			t.Error("it watches still")
		}
	})
}
