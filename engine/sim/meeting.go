package sim

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"simp/codec/client"
	"simp/engine/double"
	"simp/netio"
)

// Meeting is an encounter to simulate: our daemon and one of another make, whose users do at random what users can do.
type Meeting struct {
	Kind    double.Kind
	Faults  netio.Faults
	Acts    int           // of each user
	Pace    time.Duration // mean time between two acts of a user
	Known   bool          // our daemon remembers the other's kind from earlier
	Patient bool          // our user never withdraws an invitation, nor does it expire while users act
	Wordy   bool          // users write the same words again, and at length
	Dialect string        // as what the other is treated, if our user says so
	Trace   func(line string)
	Observe Observe // told what happens to our daemon's conversations
}

const dForgets = "nobody to send its 0x09 to"

// Excused reports whether the other daemon died of something that nobody could have kept from it: what its own user did
// without telling us, or what the network lost.
func (m Meeting) Excused(o Outcome) bool {
	if m.far() {
		for _, prefix := range map[double.Kind][]string{
			// Whoever takes any ACK for that of its FIN is gone when the next one comes, and a FIN that waits unsent is never sent.
			double.A: {"ACK while no client is attached", "FIN or ERR while no client is attached", "SYN+ACK that nobody waits for"},
			double.B: {"a CHAT that it refused"}, // the datagram before it comes behind it
		}[m.Kind] {
			if strings.HasPrefix(o.Dead, prefix) {
				return m.Kind != double.B || m.Faults.Reorder > 0
			}
		}
	}
	for _, prefix := range map[double.Kind][]string{
		double.A: {
			"something to answer in a chat without a partner", "CHAT while no client is attached", // the network lost its FIN
			// The network lost its message, so its FIN has waited unsent behind it, and it took the ACK of the one for that of the other.
			"FIN or ERR while no client is attached",
		},
		double.B: {
			"no ACK within 5 s for the FIN", // the network lost our ACK
			"a SYN that it refused",         // the network lost our FIN, so its counter stands elsewhere
		},
		double.D: {
			"something to tell a client while none is attached", dForgets, "no ACK for what it sent before its client left",
		},
	}[m.Kind] {
		if !strings.HasPrefix(o.Dead, prefix) {
			continue
		}
		// D throws a fifth of what says that its user has left away, on purpose. And where both of its threads send in vain, the
		// first one to give up forgets for both to whom.
		return m.Faults.Drop > 0 || m.Kind == double.D && (o.Unheard || prefix == dForgets)
	}
	return false
}

// far reports whether much can cross on the way.
func (m Meeting) far() bool { return m.Faults.Reorder > 0 || m.Faults.MaxDelay > 50*time.Millisecond }

// Outcome is what came of a Meeting.
type Outcome struct {
	Dead       string   // what the other daemon died of, "" if it lives
	Unheard    bool     // when it died its user had left, and nothing that says so had reached us in vain
	Restless   string   // how our conversation stays for ever, "" if it comes to rest
	Violations []string // of what has to hold where numbers are what they should be
	Shown      int      // messages shown to either user
	Opened     int      // chats
	Dialect    string   // as what the other was recognised in the end, as our user heard it
}

var (
	hostAddr  = netip.MustParseAddrPort("10.0.0.1:7777")
	guestAddr = netip.MustParseAddrPort("10.0.0.2:7777")
)

// encounter is a Meeting under way.
type encounter struct {
	Meeting
	*player
	ours, other *user
	out         Outcome

	left   bool   // the other's user has left and not come back
	strays uint64 // what was ignored when they left
}

// Run simulates the meeting with a seed, then a calm in which users do nothing and the network is good.
func (m Meeting) Run(seed uint64) Outcome {
	alice := NewNode("alice")
	if !m.Patient {
		alice.Expiry = time.Minute // which withdraws it too, of an invitation that nobody answers
	}
	s := &Script{Parties: []Party{alice, {Name: "bob", Kind: m.Kind}}, Network: m.Faults, Seed: seed, Calm: defaultCalm}
	if m.Known {
		s.Parties[0].known = map[netip.AddrPort]string{guestAddr: m.Kind.String()}
	}
	if m.Dialect != "" {
		s.Parties[0].dialects = map[netip.AddrPort]string{guestAddr: m.Dialect}
	}
	p := newPlayer(s, Options{Trace: m.Trace, Observe: m.Observe})
	e := &encounter{Meeting: m, player: p, ours: p.users[0], other: p.users[1]}
	e.ours.hears, e.acted = e.hear, e.act
	e.tend()
	ways := manners{patient: m.Patient, calls: seed%2 == 1, wordy: m.Wordy}
	for _, u := range e.users {
		e.end = max(e.end, e.schedule(u, m.Acts, 2*m.Pace, ways))
	}
	e.World.Run(e.end)
	e.rest()
	for _, v := range e.broken {
		e.blame(v)
	}
	for _, u := range e.users {
		for _, l := range u.letters {
			e.out.Shown += l.shown
		}
	}
	e.look()
	return e.out
}

// look notes in what circumstances the other daemon dies. It is called before anything is noted.
func (e *encounter) look() {
	if e.out.Dead == "" && e.other.guest.Dead() != "" {
		e.out.Dead, e.out.Unheard = e.other.guest.Dead(), e.left && e.strays == e.ignored()
	}
}

// ignored is how many FINs our daemon has passed over, whose sender goes on waiting for the ACK.
func (e *encounter) ignored() uint64 {
	return e.ours.node.env.Counters()["unexpected/idle/stray-fin"]
}

// act is told what a user is about to do.
func (e *encounter) act(a Act) {
	e.look()
	switch {
	case a.Who != e.other.name:
	case a.Verb == Leaves:
		e.left, e.strays = true, e.ignored()
	case a.Verb == Attaches, a.Verb == Crashes:
		e.left = false
	}
}

// hear is what our user is told.
func (e *encounter) hear(ev client.Event) {
	e.look()
	switch ev := ev.(type) {
	case client.Established:
		e.out.Opened++
	case client.Recognised:
		e.out.Dialect = ev.Dialect
	}
}

// blame sorts what was broken into what has to hold with every kind and what can be expected of some.
func (e *encounter) blame(v Violation) {
	switch {
	case v.ID == L1:
		e.out.Restless = v.Text
	case v.ID == S2 && v.between[0] == e.ours && e.showsCopies(1), v.ID == S2 && v.between[0] == e.other && e.showsCopies(0):
	default:
		e.out.Violations = append(e.out.Violations, v.String())
	}
}

// showsCopies reports whether copies of a message have to be expected on the screen of a user. Two originals show every copy
// that they receive, and one forgets what it has shown when its user leaves and comes back without our noticing. One repeats
// its own messages in a way that cannot be told from new ones for certain, once two copies in a row are lost; another waits so
// long for the rest of what it reads that a copy comes when none is expected any more. One counts for both directions
// together, with two threads that do not wait for each other: when users write at once, or after a loss, nobody can say whether
// a message of ours has moved its counter, and a copy that tries the other value is shown if it had.
func (e *encounter) showsCopies(who int) bool {
	lossy := e.Faults.Drop > 0
	if who == 0 {
		return (e.Kind == double.A || e.Kind == double.D) && lossy
	}
	return slices.Contains([]double.Kind{double.A, double.D, double.E}, e.Kind) || e.Kind == double.C && lossy
}
