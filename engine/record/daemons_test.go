package record

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"simp/codec/client"
	"simp/engine"
	"simp/netio"
)

// daemon is one that runs, with everything that it records.
type daemon struct {
	*engine.Engine
	addr   netip.AddrPort
	client *engine.Client

	mu   sync.Mutex
	file bytes.Buffer
}

// startDaemon runs a daemon with a client whose user accepts every invitation, and has it recorded.
func startDaemon(t *testing.T, network *netio.Memory, n byte, until context.Context, running *sync.WaitGroup) *daemon {
	t.Helper()
	d := &daemon{addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, n}), 7777)}
	conn, err := network.Listen(d.addr)
	if err != nil {
		t.Fatal(err)
	}
	cfg := engine.Defaults()
	cfg.MaxChats = 8
	start := time.Now()
	w, err := NewWriter(&d.file, NewHead(cfg, d.addr, start))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Observe = func(o *engine.Observation) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if err := w.Write(NewEntry(o, start)); err != nil {
			t.Error(err)
		}
	}
	if d.Engine, err = engine.New(cfg, conn); err != nil {
		t.Fatal(err)
	}
	running.Go(func() { _ = d.Run(until) })
	d.login(running)
	return d
}

// login attaches a client.
func (d *daemon) login(running *sync.WaitGroup) {
	c := d.NewClient()
	d.client = c
	running.Go(func() {
		var events []client.Event
		for more := true; more; {
			events, more = c.Next(events)
			for _, ev := range events {
				if in, is := ev.(client.Invitation); is {
					c.Do(client.Accept{Peer: in.Peer})
				}
			}
		}
	})
	c.Do(client.Connect{User: "user" + d.addr.Addr().String()})
}

// Daemons whose conversations run on goroutines of their own, all at once, are replayed one conversation at a time, and the same
// comes of it: on a bad network, with clients that come and go, to the goodbye.
func TestReplay_Daemons(t *testing.T) {
	causes := make(map[engine.Cause]int)
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := netio.NewMemory(netio.Faults{Drop: 0.1, Duplicate: 0.1, MinDelay: time.Millisecond, MaxDelay: 50 * time.Millisecond}, seed)
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				var running sync.WaitGroup
				var all []*daemon
				for n := range byte(5) {
					all = append(all, startDaemon(t, network, n+1, ctx, &running))
				}
				stranger, err := network.Listen(netip.MustParseAddrPort("10.0.0.99:1"))
				if err != nil {
					t.Fatal(err)
				}
				defer stranger.Close()
				for i, a := range all {
					for _, b := range all[i+1:] {
						a.client.Do(client.Invite{Peer: b.addr})
					}
					_ = stranger.WriteTo([]byte("no SIMP"), a.addr)
				}
				time.Sleep(20 * time.Second)
				for round := range 10 {
					for _, a := range all {
						for _, b := range all {
							a.client.Do(client.Chat{Peer: b.addr, Text: fmt.Sprintf("round %d", round)})
						}
					}
					time.Sleep(time.Duration(round) * time.Second)
				}
				all[0].client.Do(client.Leave{Peer: all[1].addr})
				all[2].client.Close()
				time.Sleep(time.Second)
				all[2].login(&running)
				time.Sleep(time.Minute)
				network.Partition(all[3].addr.Addr(), all[4].addr.Addr(), true) // so that their goodbyes are not heard
				stop()
				running.Wait()
				messages := 0
				for _, d := range all {
					r := replay(t, d.file.String())
					if r.Difference != nil {
						t.Errorf("%s: %s", d.addr, r.Difference)
					}
					if r.LeftOut > 0 || r.Conversations < 2 {
						t.Errorf("%s: %+v", d.addr, r)
					}
					for c := engine.CauseDatagram; c <= engine.CauseEnd; c++ {
						causes[c] += bytes.Count(d.file.Bytes(), []byte(`"cause":"`+c.String()+`"`))
					}
					messages += bytes.Count(d.file.Bytes(), []byte(`"ev":"message"`))
				}
				if messages < 100 {
					t.Errorf("only %d messages were received", messages)
				}
			})
		})
	}
	for c := engine.CauseDatagram; c <= engine.CauseEnd; c++ {
		if causes[c] == 0 && c != engine.CauseDropped { // which takes a daemon that is slower than its network
			t.Errorf("%q has never happened", c)
		}
	}
}
