package engine

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"simp/codec/client"
	"simp/netio"
)

// Client is one client of the daemon, attached once its Connect was taken. Do may be called by one goroutine, Next by
// another; Close by any.
type Client struct {
	engine *Engine
	user   string      // set by connect, on Do's goroutine
	watch  *watcher    // set by Watch, likewise; nil: it does not watch
	local  func() bool // whether it is on this host; nil: it is in this process

	mu     sync.Mutex
	change sync.Cond // events came, were taken, or the client was closed
	events []client.Event
	before int  // how many events came before the answer to connect
	held   bool // nothing may be taken yet: the answer to connect comes first
	closed bool

	waiting int // bytes of the datagrams among the events of one that watches
	missed  int // what it was not told for want of room
}

// NewClient returns a client that is not attached yet.
func (e *Engine) NewClient() *Client {
	c := &Client{engine: e}
	c.change.L = &c.mu
	return c
}

// Next waits for events and returns all there are, in order; false once the client is closed and everything was taken.
// The slice may be given back as spare.
func (c *Client) Next(spare []client.Event) ([]client.Event, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for (len(c.events) == 0 || c.held) && !c.closed {
		c.change.Wait()
	}
	got := c.events
	if c.missed > 0 && len(got) > 0 && !c.held {
		got = append(got, client.Missed{N: c.missed})
		c.missed = 0
	}
	c.waiting = 0
	clear(spare)
	c.events = spare[:0]
	c.change.Broadcast()
	return got, len(got) > 0
}

// push hands one event to the client.
func (c *Client) push(event client.Event) {
	c.queue([]client.Event{event})
	c.wake()
}

// queue hands events to the client; wake has to follow. It never waits: a client that does not take them is closed when
// too many wait.
func (c *Client) queue(events []client.Event) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.events = append(c.events, events...)
	stalled := len(c.events) > clientStall
	c.mu.Unlock()
	if stalled {
		c.engine.env.counters.add(clientsStalled)
		c.Close()
	}
}

// wake lets Next see what was queued.
func (c *Client) wake() { c.change.Broadcast() }

// hold keeps events back until the answer to connect is in front of them; false if the client is closed.
func (c *Client) hold() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = !c.closed
	c.before = len(c.events)
	return c.held
}

// hasRoom reports whether messages may still be handed to the client.
func (c *Client) hasRoom() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.closed && len(c.events) < clientQueue
}

// isClosed reports whether the client has been closed.
func (c *Client) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// waitRoom waits until the client has read enough of what it was sent to be listened to again; false when it is closed.
func (c *Client) waitRoom() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.events) >= clientQueue && !c.closed {
		c.change.Wait()
	}
	return !c.closed
}

// Close ends the client: its chats are left, its invitations cancelled (6.7). Events that it has not taken stay
// available to Next.
func (c *Client) Close() {
	c.mu.Lock()
	was := c.closed
	c.closed = true
	c.held = false
	c.change.Broadcast()
	c.mu.Unlock()
	if !was {
		c.engine.watchers.remove(c)
		c.engine.detach(c)
	}
}

// Do carries out a command. Its answer comes through Next.
func (c *Client) Do(cmd client.Command) {
	e := c.engine
	switch cmd.(type) {
	case client.Ping:
		c.push(client.Pong{Daemon: e.env.cfg.Version})
		return
	case client.Quit:
		c.Close()
		return
	}
	if c.watch != nil {
		c.refuse(cmd, client.ReasonWatching, client.Facts{})
		return
	}
	if e.env.stop.Load() {
		c.refuse(cmd, client.ReasonShuttingDown, client.Facts{})
		return
	}
	if connect, is := cmd.(client.Connect); is {
		c.connect(connect)
		return
	}
	if _, is := cmd.(client.Watch); is {
		c.startWatch(cmd)
		return
	}
	if c.user == "" {
		c.refuse(cmd, client.ReasonNotConnected, client.Facts{})
		return
	}
	switch is := cmd.(type) { // cmd itself goes on, not is: putting it back into an interface would allocate
	case client.StatusQuery:
		all := ask(e.all(), letterQuery)
		sortCensus(all)
		c.push(client.Status{User: c.user, Chats: all.chats, Pending: all.pending, Counters: e.Counters()})
	case client.Invite:
		if reason, facts := e.cannotInvite(is.Peer); reason != "" {
			c.refuse(cmd, reason, facts)
			return
		}
		c.post(cmd, is.Peer, true)
	case client.Cancel:
		c.post(cmd, is.Peer, false)
	case client.Accept:
		c.post(cmd, is.Peer, false)
	case client.Decline:
		c.post(cmd, is.Peer, false)
	case client.Chat:
		if !utf8.ValidString(is.Text) || is.Text == "" || strings.ContainsRune(is.Text, 0) {
			c.refuse(cmd, client.ReasonBadText, client.Facts{})
			return
		}
		if peer, ok := c.meant(cmd, is.Peer); ok {
			c.post(cmd, peer, false)
		}
	case client.Leave:
		if peer, ok := c.meant(cmd, is.Peer); ok {
			c.post(cmd, peer, false)
		}
	}
}

func (c *Client) refuse(cmd client.Command, reason client.ErrorReason, facts client.Facts) {
	c.push(client.NewError(cmd.Op(), reason, facts))
}

// meant finds the chat that a command means which names no peer.
func (c *Client) meant(cmd client.Command, named netip.AddrPort) (netip.AddrPort, bool) {
	if named.IsValid() {
		return named, true
	}
	peer, chats := c.engine.env.admit.onlyChat()
	switch chats {
	case 1:
		return peer, true
	case 0:
		c.refuse(cmd, client.ReasonNoChat, client.Facts{})
	default:
		c.refuse(cmd, client.ReasonSeveralChats, client.Facts{})
	}
	return peer, false
}

// cannotInvite says why nobody can be invited at an address, or "".
func (e *Engine) cannotInvite(peer netip.AddrPort) (client.ErrorReason, client.Facts) {
	own := e.conn.LocalAddr()
	facts := client.Facts{Peer: peer}
	switch {
	case peer == own:
		return client.ReasonSelf, facts
	case netio.NotUnicast(peer.Addr()) != "":
		facts.Detail = "Nobody can be invited at " + peer.Addr().String() + ": " + netio.NotUnicast(peer.Addr()) + ". Give the address of one host."
		return client.ReasonBadAddress, facts
	case peer.Addr().Is4() != own.Addr().Is4():
		facts.Detail = "This daemon's address is " + own.Addr().String() + ", and " + peer.Addr().String() +
			" is of the other IP version. Give an address of the same version, or run a daemon on the other one."
		return client.ReasonBadAddress, facts
	}
	return "", facts
}

// post gives a command to the peer's actor. For an invitation the actor is made.
func (c *Client) post(cmd client.Command, peer netip.AddrPort, create bool) {
	e := c.engine
	for {
		// Posted under the registry's lock, as the end of the client is: a command behind that could begin an invitation
		// that nobody would ever cancel.
		e.mu.RLock()
		a, result := e.peers[peer], postedClosed
		ours := e.client.Load() == c
		if ours && a != nil {
			result = a.box.post(letter{kind: letterCommand, command: cmd})
		}
		e.mu.RUnlock()
		switch {
		case !ours:
			return
		case a == nil && !create:
			c.refuseStranger(cmd, peer)
			return
		case a == nil:
			if c.introduce(cmd, peer) {
				return
			}
		case result == postedOK:
			return
		case result == postedFull:
			e.env.counters.add(commandsOverloaded)
			c.refuse(cmd, client.ReasonOverloaded, client.Facts{Peer: peer})
			return
		}
		// The actor has just retired, or the peer has one by now.
	}
}

// introduce makes an actor for a peer that has none, with its first command. It returns false if the peer has one by now,
// or the client is not the daemon's any more.
func (c *Client) introduce(cmd client.Command, peer netip.AddrPort) bool {
	e := c.engine
	e.mu.Lock()
	if e.env.stop.Load() {
		e.mu.Unlock() // first: refusing may end the client, which takes the lock
		c.refuse(cmd, client.ReasonShuttingDown, client.Facts{})
		return true
	}
	defer e.mu.Unlock()
	if e.peers[peer] != nil || e.client.Load() != c {
		return false
	}
	a := newActor(e, NewSession(e.env, peer, true))
	if e.observed() {
		a.birth = a.session.Birth()
	}
	a.box.post(letter{kind: letterCommand, command: cmd}) // before it starts: without anything to do it would retire
	e.start(a)
	return true
}

// refuseStranger answers a command about a peer with whom there is nothing: as its idle session would, without one.
func (c *Client) refuseStranger(cmd client.Command, peer netip.AddrPort) {
	reason := client.ReasonNoChat
	switch cmd.(type) {
	case client.Accept, client.Decline:
		reason = client.ReasonNoInvitation
	case client.Cancel:
		reason = client.ReasonNotInviting
	}
	c.refuse(cmd, reason, client.Facts{Peer: peer})
}

// connect makes the client the daemon's user.
func (c *Client) connect(cmd client.Connect) {
	if c.user != "" {
		c.refuse(cmd, client.ReasonAlreadyConnected, client.Facts{User: c.user})
		return
	}
	user, err := client.ParseUser(cmd.User)
	if err != nil {
		c.refuse(cmd, client.ReasonBadUser, client.Facts{Detail: err.Error()})
		return
	}
	holder := c.engine.attach(c, user)
	if s := c.engine.legacy.Load(); holder != "" && s != nil {
		s.look() // nobody shall be refused for a client that is gone
		holder = c.engine.attach(c, user)
	}
	if holder != "" {
		c.engine.env.counters.add(clientsTaken)
		c.refuse(cmd, client.ReasonTaken, client.Facts{User: holder})
	}
}

// attach makes c the daemon's client and returns "", or the name of the user who holds it.
//
// From the moment that c is in place actors hand it their events, but c holds them back until the answer to its connect,
// which lists what waits, is in front of them. Setting it and writing to the actors is one step under the registry's
// lock: whoever begins later knows the client, whoever is there gets a letter, and the letters of clients that come and
// go arrive in the order in which they do.
func (e *Engine) attach(c *Client, user string) (holder string) {
	e.mu.Lock()
	if held := e.client.Load(); held != nil {
		e.mu.Unlock()
		return held.user
	}
	if !c.hold() { // closed meanwhile: it would hold the daemon for ever
		e.mu.Unlock()
		return ""
	}
	c.user = user
	e.env.user.Store(&user)
	e.client.Store(c)
	all := new(census)
	for _, a := range e.peers {
		all.ask(a, letterAttach)
	}
	e.mu.Unlock()

	all.wg.Wait()
	sortCensus(all)
	answer := client.Connected{User: user, Daemon: e.env.cfg.Version, Addr: e.Addr(), Pending: all.pending}
	c.mu.Lock()
	c.events = slices.Insert(c.events, c.before, client.Event(answer))
	c.held = false
	c.change.Broadcast()
	c.mu.Unlock()
	e.env.cfg.Log.Info().Str("user", user).Msg("client attached")
	return ""
}

// detach ends c's hold on the daemon, if it has one.
func (e *Engine) detach(c *Client) {
	e.mu.Lock()
	holds := e.client.CompareAndSwap(c, nil)
	if holds {
		for _, a := range e.peers {
			a.box.post(letter{kind: letterDetach})
		}
	}
	e.mu.Unlock()
	if holds {
		e.env.cfg.Log.Info().Str("user", c.user).Msg("client gone")
	}
}
