package follow

import (
	"container/heap"
	"net/netip"
	"slices"
	"time"

	"simp/codec"
	"simp/fsm"
)

// Watcher is told what a Follower makes of packets, in the order of time.
type Watcher interface {
	// Seen is told each packet.
	Seen(s *Seen)
	// Missing is told each datagram that should have come, when the time for it is up.
	Missing(m *Missing)
	// Ended is told that there will be no more of a conversation: it is over and forgotten, another one has taken its
	// place, or the capture has ended.
	Ended(c *Conversation)
}

// Options say what to go by. The zero value is right for SIMP as it is specified.
type Options struct {
	Retransmit time.Duration // time without an answer until a datagram is sent again; 0: 5 s
	Remember   time.Duration // how long a conversation that is over, or in which nothing was ever understood, is remembered; 0: 60 s
}

// Port is the port on which daemons talk to each other.
const Port = 7777

// BetweenDaemons reports whether a packet belongs to the traffic of daemons, which have this port.
func BetweenDaemons(from, to netip.AddrPort, port uint16) bool {
	return from.Port() == port || to.Port() == port
}

// Follower reads conversations off the wire. See the package's description.
type Follower struct {
	opts    Options
	watcher Watcher
	open    map[pair]*Conversation
	inChat  map[netip.AddrPort]int // in how many chats an address is
	cal     calendar
	now     time.Time
	count   int

	seen     Seen
	miss     Missing
	answered Ask // what Seen.Answers and the like point to
	passed   Ask
	pushed   Ask
}

// New returns a Follower that tells w.
func New(o Options, w Watcher) *Follower {
	if o.Retransmit <= 0 {
		o.Retransmit = 5 * time.Second
	}
	if o.Remember <= 0 {
		o.Remember = time.Minute
	}
	return &Follower{opts: o, watcher: w, open: make(map[pair]*Conversation), inChat: make(map[netip.AddrPort]int)}
}

// Open is how many conversations are followed.
func (f *Follower) Open() int { return len(f.open) }

// Advance lets time pass without a packet, and reports what is missing by then.
func (f *Follower) Advance(now time.Time) {
	if now.After(f.now) {
		f.now = now
	}
	for len(f.cal) > 0 && !f.cal[0].wake.After(f.now) {
		c := heap.Pop(&f.cal).(*Conversation) //nolint:forcetypeassert // the calendar holds nothing else
		c.wake = time.Time{}
		f.fallDue(c, f.now)
		if c.Over() && f.now.Sub(c.Last) >= f.opts.Remember {
			f.forget(c)
			continue
		}
		f.arm(c)
	}
}

// NextDue returns when Advance has something to do next; false if never.
func (f *Follower) NextDue() (time.Time, bool) {
	if len(f.cal) == 0 {
		return time.Time{}, false
	}
	return f.cal[0].wake, true
}

// Packet takes the next packet of the capture.
func (f *Follower) Packet(p Packet) {
	f.Advance(p.At)
	s := &f.seen
	*s = Seen{Packet: p}
	s.Datagram, s.Notes, s.Err = codec.Decode(p.Bytes)
	c := f.find(s)
	s.Conversation, s.By = c, c.Side(p.From)
	c.Packets++
	c.Last = f.now
	c.Parties[s.By].Sent++
	s.Was = c.states()
	chats := f.inChat[p.From]
	if c.Parties[s.By].State == fsm.Established {
		chats--
	}
	s.Elsewhere = chats > 0
	if s.Err == nil {
		if s.Strayed = c.strays(&s.Datagram); s.Strayed {
			s.Of = codec.AckOf(s.Datagram.Payload)
		} else {
			f.understand(c, s)
		}
	}
	s.Is = c.states()
	f.watcher.Seen(s)
	f.arm(c)
}

// Finish ends the capture: what is awaited still is reported as such.
func (f *Follower) Finish() {
	all := make([]*Conversation, 0, len(f.open))
	for _, c := range f.open {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *Conversation) int { return a.ID - b.ID })
	for _, c := range all {
		f.await(c)
		f.watcher.Ended(c)
	}
	clear(f.open)
	clear(f.inChat)
	f.cal = nil
}

// Awaited calls yield with what is awaited in a conversation, soonest first, and what a person has to decide last.
func (f *Follower) Awaited(c *Conversation, yield func(*Missing)) {
	var all []Missing
	for side := range c.asks {
		for kind := range c.asks[side] {
			a := &c.asks[side][kind]
			for w := range want(numWants) {
				if !a.due[w].IsZero() {
					all = append(all, c.missing(a, w))
				}
			}
			if a.Kind == codec.SYN && a.Open() && c.Parties[side].State == fsm.SynSent {
				m := c.missing(a, wantAnswer)
				m.Due = time.Time{}
				all = append(all, m)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Missing) int {
		switch {
		case a.Due.IsZero() || b.Due.IsZero():
			return btoi(a.Due.IsZero()) - btoi(b.Due.IsZero())
		}
		return a.Due.Compare(b.Due)
	})
	for i := range all {
		all[i].Awaited = true
		yield(&all[i])
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (f *Follower) await(c *Conversation) { f.Awaited(c, f.watcher.Missing) }

// find returns the conversation to which a packet belongs, a new one if it begins one.
func (f *Follower) find(s *Seen) *Conversation {
	key := pairOf(s.From, s.To)
	c := f.open[key]
	if c != nil && !f.replacedBy(c, s) {
		return c
	}
	f.count++
	anew := &Conversation{ID: f.count, Began: f.now, First: s.N, key: key}
	anew.Late = s.Err != nil || s.Datagram.Kind != codec.SYN
	for i, addr := range [2]netip.AddrPort{s.From, s.To} {
		anew.Parties[i] = Party{Addr: addr, InUse: f.inChat[addr] > 0}
	}
	if c != nil {
		anew.Close = f.now.Sub(c.Last) < 4*f.opts.Retransmit
		anew.inherit(c)
		f.forget(c)
		for i := range anew.Parties {
			anew.Parties[i].InUse = f.inChat[anew.Parties[i].Addr] > 0 // a chat of the two that it ends does not count
		}
	}
	f.open[key] = anew
	s.Begins = true
	return anew
}

// inherit takes over what is known of the two from their earlier conversation.
func (c *Conversation) inherit(old *Conversation) {
	for i := range c.Parties {
		c.Parties[i].Name = old.Parties[old.Side(c.Parties[i].Addr)].Name
	}
	c.past = old.past
	for i := range old.Parties {
		if t := old.Parties[i].Token; t != (codec.Token{}) {
			copy(c.past[1:], c.past[:])
			c.past[0] = t
		}
	}
}

// replacedBy reports whether a packet begins another conversation of the same two.
func (f *Follower) replacedBy(c *Conversation, s *Seen) bool {
	d := &s.Datagram
	if s.Err != nil || d.Kind != codec.SYN || c.strays(d) {
		return false
	}
	by := c.Side(s.From)
	own, other := &c.Parties[by], &c.Parties[by.Other()]
	syn := &c.asks[by][codec.SYN]
	switch {
	case syn.same(s.Bytes) || syn.First != 0 && syn.says(d) && own.State == fsm.SynSent:
		name, _ := d.Name()
		return name == (codec.Token{}) && f.anew(c, by, s.At.Sub(syn.Sent))
	case syn.First != 0: // it has invited before
		return true
	case other.State == fsm.SynSent: // both invite
		return false
	}
	return c.Packets > 0
}

// anew reports whether a SYN that names nothing, and so has the same bytes as the one before, is a new invitation: it is
// behind the end, and in a chat, where it says that its sender has lost it, unless it comes when a copy would.
func (f *Follower) anew(c *Conversation, by Side, gap time.Duration) bool {
	left := c.asks[by][codec.FIN].First > c.asks[by][codec.SYN].Last
	again := gap > f.opts.Retransmit*9/10 && gap < f.opts.Retransmit*6/5 && c.Parties[by].Messages == 0
	return c.Over() || left || c.Opened && gap > f.opts.Retransmit/2 && !again
}

// forget ends a conversation.
func (f *Follower) forget(c *Conversation) {
	for i := range c.Parties {
		f.setState(c, Side(i), fsm.Idle)
	}
	if !c.wake.IsZero() {
		heap.Remove(&f.cal, c.slot)
		c.wake = time.Time{}
	}
	delete(f.open, c.key)
	f.watcher.Ended(c)
}

// setState notes where a side stands.
func (f *Follower) setState(c *Conversation, side Side, to fsm.State) {
	p := &c.Parties[side]
	switch {
	case p.State == to:
		return
	case to == fsm.Established:
		f.inChat[p.Addr]++
		c.Opened = true
	case p.State == fsm.Established:
		if f.inChat[p.Addr]--; f.inChat[p.Addr] == 0 {
			delete(f.inChat, p.Addr)
		}
	}
	p.State = to
}

// fallDue reports what is missing by a time, the earliest first.
func (f *Follower) fallDue(c *Conversation, now time.Time) {
	for {
		var first *Ask
		var what want
		for side := range c.asks {
			for kind := range c.asks[side] {
				a := &c.asks[side][kind]
				for w := range want(numWants) {
					if due := a.due[w]; !due.IsZero() && !due.After(now) && (first == nil || due.Before(first.due[what])) {
						first, what = a, w
					}
				}
			}
		}
		if first == nil {
			return
		}
		f.report(c, first, what)
	}
}

// report tells that something is missing.
func (f *Follower) report(c *Conversation, a *Ask, w want) {
	f.miss = c.missing(a, w)
	a.due[w] = time.Time{}
	a.told = a.told || w == wantAnswer
	f.watcher.Missing(&f.miss)
}

// arm sees to it that the calendar comes to the conversation in time.
func (f *Follower) arm(c *Conversation) {
	at, any := c.nextDue()
	if c.Over() {
		if end := c.Last.Add(f.opts.Remember); !any || end.Before(at) {
			at, any = end, true
		}
	}
	switch {
	case !any || !c.wake.IsZero() && !at.Before(c.wake):
	case c.wake.IsZero():
		c.wake = at
		heap.Push(&f.cal, c)
	default:
		c.wake = at
		heap.Fix(&f.cal, c.slot)
	}
}

// calendar orders conversations by when something falls due in them. Each is there once at most, and not later than it has
// to be.
type calendar []*Conversation

func (c calendar) Len() int           { return len(c) }
func (c calendar) Less(i, j int) bool { return c[i].wake.Before(c[j].wake) }
func (c calendar) Swap(i, j int) {
	c[i], c[j] = c[j], c[i]
	c[i].slot, c[j].slot = i, j
}
func (c *calendar) Push(x any) {
	last := x.(*Conversation) //nolint:forcetypeassert // nothing else is pushed
	last.slot = len(*c)
	*c = append(*c, last)
}
func (c *calendar) Pop() any {
	old := *c
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*c = old[:len(old)-1]
	return last
}
