package sim

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"simp/engine"
	"simp/engine/double"
	"simp/fsm"
)

// Observe is asked for each daemon of ours who shall be told what happens to its conversations. A timer that a script has fall
// due early is told as if it were due.
type Observe func(node netip.AddrPort, cfg engine.Config) func(*engine.Observation)

// Options say how a script is played, beside what it says itself.
type Options struct {
	Log     func(line string)                                            // told what users do and see
	Trace   func(line string)                                            // told each datagram and transition, too
	Capture func(at time.Time, from, to netip.AddrPort, datagram []byte) // told each datagram when it is sent, also one that is lost
	Record  bool                                                         // Report.Explicit is asked for
	Gate    *fsm.Gate                                                    // shared by many runs, on any goroutines; nil: one for this run

	Observe Observe // told what happens to conversations

	// Harm, if not nil, may change each datagram that is sent; it must not change the bytes that it is given. A test spoils a
	// daemon by it, to see it found out.
	Harm func(b []byte) []byte

	begin  func() // called at the beginning of each run; may be nil
	byTime bool   // fates are those of the datagrams that are sent at their moments
}

// Report is what came of a script.
type Report struct {
	*Verdict
	Elapsed time.Duration // virtual
	Chats   int           // that opened
	Written int           // messages that were taken
	Shown   int           // messages that were shown

	// Explicit is a script that says each act and each fate that was not the good network's, and gives the same run
	// without any chance.
	Explicit *Script

	doubled, overtook int
}

// talkLimit is how long a talk may take.
const talkLimit = 24 * time.Hour

// player is a script that is being played.
type player struct {
	*Script
	*stage
	byName map[string]*user
	talks  []*talk
	record *Script
	end    time.Duration // when the calm begins
	calm   bool          // it has begun
}

// Play performs the script and judges. The same script gives the same outcome, everywhere.
func (s *Script) Play(o Options) Report {
	p := newPlayer(s, o)
	p.plan()
	p.Run(p.end)
	if len(p.talks) > 0 {
		p.Run(talkLimit) // or until nothing is left to happen
		for _, t := range p.talks {
			if t.forsaken() {
				p.Run(talkLimit)
			}
		}
	}
	if p.record != nil {
		p.record.Until = p.Elapsed()
	}
	p.rest()
	return p.outcome()
}

// newPlayer puts everybody on a new stage.
func newPlayer(s *Script, o Options) *player {
	p := &player{Script: s, stage: newStage(New(s.Network, s.Seed)), byName: make(map[string]*user)}
	p.gate = o.Gate
	p.Trace = o.Trace
	if p.worded = o.Log != nil; p.worded {
		p.log = func(who *user, what string) {
			o.Log(fmt.Sprintf("%9.3fs %-8s %s", p.Elapsed().Seconds(), who.name, what))
		}
	}
	p.listen(o)
	p.ordered, p.harm = s.Ordered, o.Harm
	if o.begin != nil {
		o.begin()
	}
	for i := range s.Parties {
		party := &s.Parties[i]
		u := &user{name: party.Name, addr: addrOf(i), kind: party.Kind}
		if party.Kind == 0 {
			cfg := party.config()
			if o.Observe != nil {
				cfg.Observe = o.Observe(u.addr, cfg)
			}
			u.node = p.Add(u.addr, party.Name, cfg)
		} else {
			u.guest = p.Invite(double.New(party.Kind, u.addr, rand.New(rand.NewPCG(s.Seed, 2+uint64(i)<<32))), party.Name)
		}
		p.byName[party.Name] = u
		p.enter(u)
	}
	p.begin()
	p.setFates(o.byTime)
	return p
}

// setFates has the network ask the script first. Datagrams are known by their numbers or, in a script that was recorded,
// by the moment in which they were sent.
func (p *player) setFates(byTime bool) {
	if len(p.Fates) == 0 {
		return
	}
	type key struct {
		ends
		n      int
		moment time.Duration
	}
	fates := make(map[key][]time.Duration, len(p.Fates))
	for _, f := range p.Fates {
		k := key{ends: ends{p.byName[f.From].addr, p.byName[f.To].addr}, n: f.N}
		if byTime {
			k.n, k.moment = f.nth, f.sent
		}
		fates[k] = f.After
	}
	p.fate = func(l *link, n int) (after []time.Duration, said bool) {
		k := key{ends: l.ends, n: n}
		if byTime {
			k.n, k.moment = l.nth, l.moment
		}
		after, said = fates[k]
		return after, said && (!p.calm || len(after) > 0) // in the calm nothing is lost
	}
}

// plan puts everything that is said, and everything that is left to chance, on the calendar.
func (p *player) plan() {
	for i := range p.Acts {
		a := &p.Acts[i]
		p.end = max(p.end, a.At+a.For)
		p.push(item{at: a.At, late: true, do: func() { p.perform(a) }})
	}
	if r := p.Random; r.Acts > 0 {
		m := manners{crash: r.Crash, calls: p.Seed%2 == 1}
		p.tend()
		for _, u := range p.users {
			p.end = max(p.end, p.schedule(u, r.Acts, r.Pace, m))
		}
		p.planAccidents(r)
	}
	if p.Talk > 0 {
		for _, o := range p.users[1:] {
			t := &talk{stage: p.stage, a: p.users[0], b: o, count: p.Talk}
			p.talks = append(p.talks, t)
			p.later(0, t.begin)
		}
	}
	if p.Until > 0 {
		p.end = p.Until
	}
}

// planAccidents chooses when daemons crash and who is cut off from whom.
func (p *player) planAccidents(r Random) {
	during := int64(max(p.end, 1))
	for range r.Crashes {
		u := p.users[p.rand.IntN(len(p.users))]
		p.later(time.Duration(p.rand.Int64N(during)), func() { p.do(u, Crashes, nil, "") })
	}
	if low, high := r.Partition[0], r.Partition[1]; high > 0 {
		a := &Act{Verb: Partition}
		u := p.users[p.rand.IntN(len(p.users))]
		o := u.others[p.rand.IntN(len(u.others))]
		a.Who, a.Whom = u.name, o.name
		a.At = time.Duration(p.rand.Int64N(during))
		a.For = low + time.Duration(p.rand.Int64N(int64(high-low)+1))
		p.end = max(p.end, a.At+a.For)
		p.push(item{at: a.At, late: true, do: func() { p.perform(a) }})
	}
}

// perform has an act done.
func (p *player) perform(a *Act) {
	u, o := p.byName[a.Who], p.byName[a.Whom]
	switch a.Verb {
	case Partition:
		p.note(u, a)
		p.Cut(u.addr, o.addr, a.For)
	case Forge:
		p.note(o, a)
		from, is := stranger(a.Who)
		if !is {
			from = u.addr
			u.with(o).forged = true
		}
		p.Inject(from, o.addr, a.Bytes)
	case Fires:
		p.note(u, a)
		u.node.Fire(o.addr, a.Timer)
	default:
		p.do(u, a.Verb, o, a.Text)
	}
}

// note tells who listens of an act that is not announced by itself.
func (p *player) note(u *user, a *Act) {
	if p.acted != nil {
		p.acted(*a)
	}
	if p.log != nil {
		p.log(u, "> "+a.deed())
	}
}

// rest makes the network good and lets everything come to rest. A chat whose partner has forgotten it is repeated until the
// user leaves, as it says to the user; that is the one thing that may be under way then, and so those users leave.
func (p *player) rest() {
	p.calm = true
	p.SetFaults(good)
	for _, l := range p.links {
		l.cutUntil = 0
	}
	p.Run(p.Calm)
	p.acted = nil // what follows happens by itself in each run
	for _, u := range p.users {
		for _, o := range u.others {
			if u.restless(o) {
				p.do(u, LeavesNow, o, "")
			}
		}
	}
	p.final()
}

// final checks what has to be so in the end (L1 and L2).
func (p *player) final() {
	half := p.Calm / 2
	p.Run(p.Calm - half)
	sent := make(map[*link]int, len(p.links))
	for _, l := range p.links {
		sent[l] = l.sent
	}
	p.Run(half)
	for _, u := range p.users {
		if u.node == nil {
			continue
		}
		for _, o := range u.others {
			if u.restless(o) {
				p.violate(L1, u, o, "the conversation of %s with %s never comes to rest: it stays in %s", u.name, o.name, u.stateOf(o))
			}
			if l := p.links[ends{u.addr, o.addr}]; l != nil && l.sent > sent[l] && u.native() && o.native() {
				p.violate(L1, u, o, "%s still sends datagrams to %s, though nobody does anything", u.name, o.name)
			}
		}
		for i := range u.letters {
			if l := &u.letters[i]; l.taken && !l.reported {
				p.violate(L2, u, l.to, "%s never hears what has become of %q, which was to go to %s", u.name, l.text, l.to.name)
			}
		}
	}
}

// restless reports whether something is under way in u's conversation with o. One that a daemon of another make keeps on
// inviting to is not ours to bring to rest.
func (u *user) restless(o *user) bool {
	if u.node == nil {
		return false
	}
	c := u.node.Session(o.addr)
	return c != nil && !c.AtRest() && (o.node != nil || c.State() != fsm.SynReceived)
}

func (p *player) outcome() Report {
	out := Report{Verdict: p.judge(), Elapsed: p.Elapsed(), Explicit: p.record}
	for i, u := range p.users {
		for _, o := range p.users[i+1:] {
			out.Chats += max(u.with(o).opened, o.with(u).opened)
		}
		for i := range u.letters {
			if u.letters[i].taken {
				out.Written++
			}
			out.Shown += u.letters[i].shown
		}
	}
	for _, l := range p.links {
		out.doubled += l.doubled
		out.overtook += l.overtook
	}
	return out
}
