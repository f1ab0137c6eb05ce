package engine

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"simp/codec/client"
)

// watchers are the clients that are told everything that happens to conversations. While there are none, that costs
// the look at a number. The lock is taken after the registry's, if at all, and before a client's.
type watchers struct {
	count atomic.Int32
	mu    sync.Mutex
	all   []*watcher
}

// watcher is one client that watches.
//
// What it is told begins with where every conversation stands, and from there nothing is left out. So each actor answers
// for itself, between two steps: what it does before that is in its answer, and is not told; what it does after, is.
type watcher struct {
	client   *Client
	hub      *watchers
	asked    map[netip.AddrPort]bool // those whose answer is still to come
	machines []client.Machine        // the answers
}

// any reports whether anybody watches.
func (w *watchers) any() bool { return w.count.Load() > 0 }

// add lets a client watch; nil if as many do as may.
func (w *watchers) add(c *Client) *watcher {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.all) >= maxWatchers {
		return nil
	}
	one := &watcher{client: c, hub: w, asked: make(map[netip.AddrPort]bool)}
	w.all = append(w.all, one)
	w.count.Store(int32(len(w.all))) //nolint:gosec // no more than maxWatchers
	return one
}

// remove ends what add began, if it did.
func (w *watchers) remove(c *Client) {
	if !w.any() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = slices.DeleteFunc(w.all, func(one *watcher) bool { return one.client == c })
	w.count.Store(int32(len(w.all))) //nolint:gosec // no more than maxWatchers
}

// answer takes down where a conversation stands.
func (one *watcher) answer(s *Session) {
	one.hub.mu.Lock()
	defer one.hub.mu.Unlock()
	delete(one.asked, s.peer)
	one.machines = append(one.machines, client.Machine{Peer: s.peer, User: s.user, State: s.snap.State.String()})
}

// tell hands an observation to everybody who watches. It never waits for any of them.
func (w *watchers) tell(ob *Observation) {
	if !w.any() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var events []client.Event
	var size int
	for _, one := range w.all {
		if one.asked[ob.Peer] {
			continue
		}
		if events == nil {
			events, size = ob.watched()
		}
		one.client.offer(events, size)
	}
}

// watched says an observation in events, in the order in which things happened, and how many bytes of datagrams are in them.
func (o *Observation) watched() (events []client.Event, size int) {
	datagram := func(dir client.Direction, b []byte) {
		size += len(b)
		events = append(events, client.Datagram{At: o.At, Peer: o.Peer, Dir: dir, Bytes: slices.Clone(b)})
	}
	if o.Raw != nil {
		datagram(client.DirectionIn, o.Raw)
	}
	for _, st := range o.Steps {
		events = append(events, client.Step{
			At: o.At, Peer: o.Peer, User: o.User, From: st.From.String(), To: st.To.String(), On: st.On.String(),
			Rule: st.Rule, Seq: int(st.Seq), Tries: st.Tries, Cause: o.Cause.String(),
		})
	}
	for _, b := range o.Sent {
		datagram(client.DirectionOut, b)
	}
	return events, size
}

// offer hands events to a client that watches, all or none of them, and counts those for which there is no room. Once it has
// missed some it misses all until it reads, when it is told how many: so the gap is where it says.
func (c *Client) offer(events []client.Event, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
	case c.missed > 0, len(c.events)+len(events) > watchQueue, c.waiting+size > watchBytes:
		c.missed += len(events)
		for range events {
			c.engine.env.counters.add(watchMissed)
		}
	default:
		c.events = append(c.events, events...)
		c.waiting += size
		c.change.Broadcast()
	}
}

// startWatch makes the client one that watches.
//
// As with a user's client (attach), adding it and writing to the actors is one step under the registry's lock: nobody begins
// or ends in between, and whoever begins later is told from its first step on.
func (c *Client) startWatch(cmd client.Command) {
	e := c.engine
	switch {
	case c.local != nil && !c.local():
		e.env.counters.add(clientsNotAllowed)
		c.refuse(cmd, client.ReasonNotLocal, client.Facts{})
		return
	case c.user != "":
		c.refuse(cmd, client.ReasonAlreadyConnected, client.Facts{User: c.user})
		return
	case !c.hold():
		return // closed meanwhile
	}
	all := new(census)
	e.mu.Lock()
	one := e.watchers.add(c)
	if one != nil {
		all.watch = one
		e.watchers.mu.Lock()
		for peer := range e.peers {
			one.asked[peer] = true
		}
		e.watchers.mu.Unlock()
		for _, a := range e.peers {
			all.ask(a, letterWatch)
		}
	}
	e.mu.Unlock()

	var answer client.Event = client.NewError(cmd.Op(), client.ReasonTooManyWatchers, client.Facts{Limit: maxWatchers})
	if one != nil {
		c.watch = one
		all.wg.Wait()
		answer = one.watching(e)
	}
	c.mu.Lock()
	c.events = slices.Insert(c.events, c.before, answer)
	c.held = false
	c.change.Broadcast()
	closed := c.closed
	c.mu.Unlock()
	if closed { // while it began: its end may have come before it was added
		e.watchers.remove(c)
	}
}

// watching is the answer to Watch, once every actor has given its own.
func (one *watcher) watching(e *Engine) client.Watching {
	one.hub.mu.Lock()
	defer one.hub.mu.Unlock()
	answer := client.Watching{Addr: e.Addr(), Daemon: e.env.cfg.Version, Machines: one.machines}
	if user := e.client.Load(); user != nil {
		answer.User = user.user
	}
	one.machines = nil
	slices.SortFunc(answer.Machines, func(a, b client.Machine) int {
		return cmp.Or(a.Peer.Compare(b.Peer), cmp.Compare(a.State, b.State))
	})
	return answer
}
