package sim

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"simp/codec/client"
	"simp/engine/double"
	"simp/fsm"
)

// stage is a world with users who act and are watched: whatever they do goes through do, whatever they are told comes to
// hear and see, and every step of a daemon of ours comes to stepped. What is broken is noted as a Violation.
type stage struct {
	*World
	users  []*user
	at     map[netip.AddrPort]*user
	broken []Violation

	// log, if not nil, is told what users do and see, in words.
	log func(who *user, what string)
	// acted, if not nil, is told each act, as a line of a script.
	acted func(Act)
}

// user is somebody on the stage, with a daemon of ours (node) or of another make (guest).
type user struct {
	name  string
	addr  netip.AddrPort
	index int
	node  *Node
	guest *Guest
	kind  double.Kind // 0: ours

	others  []*user
	letters []letter
	to      []relation // by index of the other

	written  int  // messages at random
	worn     bool // of kind a or b: its daemon has to be started anew before it can chat again
	detached bool
	crashes  int
	hears    func(client.Event) // told each event behind the stage, if not nil
	sees     func(double.Shown)
}

// relation is what a user has with another one.
type relation struct {
	next   int           // in letters: behind the last one that the other was shown
	agrees bool          // this user wants the chat that is open or is to be opened
	since  time.Duration // since when, and until when the last time
	until  time.Duration
	agreed int  // how often this user has agreed to a chat
	opened int  // how often a chat has opened at this user's daemon
	mixed  bool // datagrams of one conversation were on their way when the next one began
	forged bool // somebody sent something to the other in this user's name
	sends  contact
}

// disagree notes that the user does not want the chat any more.
func (r *relation) disagree(now time.Duration) {
	if r.agrees {
		r.agrees, r.until = false, now
	}
}

func newStage(w *World) *stage {
	s := &stage{World: w, at: make(map[netip.AddrPort]*user)}
	w.watch = s
	return s
}

// enter puts a party on the stage, at the next address.
func (s *stage) enter(u *user) {
	u.index = len(s.users)
	s.users = append(s.users, u)
	s.at[u.addr] = u
	if u.node != nil {
		u.node.Hear = func(ev client.Event) { s.hear(u, ev) }
	} else {
		u.guest.See = func(shown double.Shown) { s.see(u, shown) }
		u.guest.Act(func(d *double.Double, now time.Time) { d.Login(now, u.name) })
	}
}

// begin is called when all are there.
func (s *stage) begin() {
	for _, u := range s.users {
		u.to = make([]relation, len(s.users))
		for _, o := range s.users {
			if o != u {
				u.others = append(u.others, o)
			}
		}
	}
}

// with is what u has with o.
func (u *user) with(o *user) *relation { return &u.to[o.index] }

// stateOf is where u's conversation with o stands.
func (u *user) stateOf(o *user) fsm.State {
	if u.node != nil {
		if c := u.node.Session(o.addr); c != nil {
			return c.State()
		}
	}
	return fsm.Idle
}

// isAsked reports whether an invitation of o waits for u.
func (u *user) isAsked(o *user) bool {
	if u.node == nil {
		return false
	}
	c := u.node.Session(o.addr)
	return c != nil && c.HalfOpen()
}

// do has a user do something to another one. What a daemon of another make cannot do is not done.
func (s *stage) do(u *user, verb Verb, o *user, text string) {
	if s.acted != nil || s.log != nil {
		s.announce(u, verb, o, text)
	}
	switch {
	case verb == Crashes:
		s.crash(u)
	case u.node == nil:
		s.doAsGuest(u, verb, o, text)
	case verb == Detaches:
		u.detached = true
		s.forgive(u)
		u.node.Detach()
	case verb == Attaches:
		u.detached = false
		u.node.Attach()
	case u.detached: // nobody is there to do anything
	case verb == Says:
		u.letters = append(u.letters, letter{to: o, text: text})
		u.node.Do(o.addr, client.Chat{Peer: o.addr, Text: text, ID: client.NumberID(uint64(len(u.letters)))})
	default:
		s.command(u, verb, o)
	}
}

// command gives u's daemon a command, and notes whether u has agreed to a chat by it.
func (s *stage) command(u *user, verb Verb, o *user) {
	was, asked := u.stateOf(o), u.isAsked(o)
	switch verb {
	case Invites:
		u.node.Do(o.addr, client.Invite{Peer: o.addr})
	case Accepts:
		u.node.Do(o.addr, client.Accept{Peer: o.addr})
	case Declines:
		u.node.Do(o.addr, client.Decline{Peer: o.addr})
	case Cancels:
		u.node.Do(o.addr, client.Cancel{Peer: o.addr})
	case Leaves:
		u.node.Do(o.addr, client.Leave{Peer: o.addr})
	case LeavesNow:
		u.node.Do(o.addr, client.Leave{Peer: o.addr, Now: true})
	case Says, Crashes, Detaches, Attaches, Fires, Partition, Forge:
	}
	is := u.stateOf(o)
	invited := verb == Invites && is == fsm.SynSent && was != fsm.SynSent
	accepted := (verb == Accepts || verb == Invites) && asked && is == fsm.SynReceived // else it was refused
	if r := u.with(o); invited || accepted && !r.agrees {
		r.agrees, r.since = true, s.Elapsed()
		r.agreed++
	}
}

func (s *stage) doAsGuest(u *user, verb Verb, o *user, text string) {
	if verb == Invites || verb == Accepts {
		u.with(o).agreed++
	}
	u.guest.Act(func(d *double.Double, now time.Time) {
		switch verb {
		case Invites:
			d.Invite(now, o.addr)
		case Accepts:
			d.Accept(now)
		case Declines:
			d.Decline(now)
		case Leaves:
			d.Leave(now)
		case Attaches:
			d.Login(now, u.name)
		case Says:
			if d.InChat() { // its client has no place to type otherwise
				u.letters = append(u.letters, letter{to: o, text: text, taken: true, reported: true})
				d.Say(now, text)
			}
		case Cancels, LeavesNow, Crashes, Detaches, Fires, Partition, Forge: // it has no such thing
		}
	})
}

// crash has u's daemon forget everything and start anew.
func (s *stage) crash(u *user) {
	u.crashes++
	if u.node == nil {
		s.renew(u)
		return
	}
	for _, o := range u.others { // what the daemon kept for a client was there, though nobody will see it now
		if c := u.node.Session(o.addr); c != nil {
			for _, ev := range c.Kept() {
				if m, is := ev.(client.Message); is {
					s.reads(u, o, m.Text)
				}
			}
		}
		u.with(o).disagree(s.Elapsed())
		u.with(o).sends = contact{}
	}
	s.forgive(u)
	u.node.Restart()
}

// renew replaces the daemon of a user of another make. Its chance depends on nothing but the seed and how often that was
// done, so that a script of what users did gives the same run as their doing it.
func (s *stage) renew(u *user) {
	u.guest.Double = double.New(u.kind, u.addr, rand.New(rand.NewPCG(s.seed, 2+uint64(u.index)<<32+uint64(u.crashes))))
	u.guest.Act(func(d *double.Double, now time.Time) { d.Login(now, u.name) })
}

// forgive notes that nobody is left to be told what becomes of u's messages so far.
func (s *stage) forgive(u *user) {
	for i := range u.letters {
		u.letters[i].reported = true
	}
}

// announce tells who listens what a user does.
func (s *stage) announce(u *user, verb Verb, o *user, text string) {
	a := Act{At: s.Elapsed(), Who: u.name, Verb: verb, Text: text}
	if o != nil {
		a.Whom = o.name
	}
	if s.acted != nil {
		s.acted(a)
	}
	if s.log != nil {
		s.log(u, "> "+a.deed())
	}
}

// violate notes that a promise was broken between two users; o is nil if it is about nobody else.
func (s *stage) violate(id ID, u, o *user, format string, args ...any) {
	s.broken = append(s.broken, Violation{ID: id, At: s.Elapsed(), Text: fmt.Sprintf(format, args...), between: [2]*user{u, o}})
}
