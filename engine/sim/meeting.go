package sim

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"simp/codec/client"
	"simp/engine"
	"simp/engine/double"
	"simp/fsm"
	"simp/netio"
)

// Meeting is an encounter to simulate: our daemon and one of another make, whose users do at random what users can do.
type Meeting struct {
	Kind    double.Kind
	Faults  netio.Faults
	Acts    int           // of each user
	Pace    time.Duration // mean time between two acts of a user
	Known   bool          // our daemon remembers the other's kind from earlier
	Patient bool          // our user never withdraws an invitation
	Wordy   bool          // users write the same words again, and at length
	Dialect string        // as what the other is treated, if our user says so
	Trace   func(line string)
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
	Restless   string   // the state in which our conversation stays for ever, "" if it comes to rest
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
	seed  uint64
	w     *World
	ours  *Node
	guest *Guest
	out   Outcome

	written [2]int            // by our user, by the guest's
	pending map[string]string // id of a message to its text
	shown   map[string]int    // how often each text was shown to the user for whom it was
	last    [2]int            // number of the last message that each user was shown
	left    bool              // the guest's user has left and not come back
	strays  uint64            // what was ignored when they left
	worn    bool              // the guest's daemon has to be started anew before it can chat again
}

// Run simulates the meeting with a seed, then a calm in which users do nothing and the network is good.
func (m Meeting) Run(seed uint64) Outcome {
	e := &encounter{Meeting: m, seed: seed, w: New(m.Faults, seed), pending: make(map[string]string), shown: make(map[string]int)}
	e.w.Trace = m.Trace
	cfg := engine.Defaults()
	cfg.InvitationExpiry = time.Minute
	if m.Known {
		cfg.Known = map[netip.AddrPort]string{guestAddr: m.Kind.String()}
	}
	if m.Dialect != "" {
		cfg.Dialects = map[netip.AddrPort]string{guestAddr: m.Dialect}
	}
	e.ours = e.w.Add(hostAddr, "alice", cfg)
	e.ours.Hear = e.hear
	e.guest = e.w.Invite(double.New(m.Kind, guestAddr, rand.New(rand.NewPCG(seed, 2))), "bob")
	e.guest.See = e.see
	e.guest.Act(func(d *double.Double, now time.Time) { d.Login(now, "bob") })

	at := time.Duration(0)
	for range m.Acts {
		at += time.Duration(e.w.rand.Int64N(int64(2 * m.Pace)))
		e.w.After(at, e.actOurs)
	}
	at = 0
	for range m.Acts {
		at += time.Duration(e.w.rand.Int64N(int64(2 * m.Pace)))
		e.w.After(at, e.actGuest)
	}
	e.w.Run(time.Duration(2*m.Acts) * m.Pace)
	e.w.SetFaults(netio.Faults{MinDelay: time.Millisecond, MaxDelay: time.Millisecond})
	e.w.Run(20 * time.Minute)
	if s := e.ours.Session(guestAddr); s != nil && !s.AtRest() && s.State() != fsm.SynReceived {
		// What is said to somebody who has gone is repeated until our user leaves.
		e.ours.Do(guestAddr, client.Leave{Peer: guestAddr, Now: true})
		e.w.Run(20 * time.Minute)
		if s := e.ours.Session(guestAddr); s != nil && !s.AtRest() && s.State() != fsm.SynReceived {
			e.out.Restless = s.State().String()
		}
	}
	e.look()
	return e.out
}

// look notes in what circumstances the guest's daemon dies. It is called before anything is noted.
func (e *encounter) look() {
	if e.out.Dead == "" && e.guest.Dead() != "" {
		e.out.Dead, e.out.Unheard = e.guest.Dead(), e.left && e.strays == e.ignored()
	}
}

// ignored is how many FINs our daemon has passed over, whose sender goes on waiting for the ACK.
func (e *encounter) ignored() uint64 { return e.ours.env.Counters()["unexpected/idle/stray-fin"] }

func (e *encounter) violate(format string, args ...any) {
	e.out.Violations = append(e.out.Violations, fmt.Sprintf("%.3fs ", e.w.Elapsed().Seconds())+fmt.Sprintf(format, args...))
}

// write makes the next message of a user: its text says who wrote it and the how manieth it is.
func (e *encounter) write(who int) string {
	e.written[who]++
	name := [...]string{"ours", "theirs"}[who]
	if e.Wordy {
		switch dice := e.w.rand.IntN(6); {
		case dice < 2:
			e.written[who] = max(1, e.written[who]-1)
		case dice < 3:
			return fmt.Sprintf("%s %d%s", name, e.written[who], strings.Repeat(" word", e.w.rand.IntN(50<<(3*(1-who)))))
		}
	}
	return fmt.Sprintf("%s %d", name, e.written[who])
}

func (e *encounter) actOurs() {
	peer := guestAddr
	switch dice := e.w.rand.IntN(20); {
	case dice < 3:
		if s := e.ours.Session(peer); s != nil && (s.State() == fsm.SynSent || s.State() == fsm.FinWait) {
			return // "again" is our user's to say, who may see that the other's is only slow
		}
		if e.Kind == double.B && (e.seed%2 == 1 || e.worn) {
			return // two invitations that cross end it, and so does a second one without a new start
		}
		e.ours.Do(peer, client.Invite{Peer: peer})
	case dice < 6:
		e.ours.Do(peer, client.Accept{Peer: peer})
	case dice < 7:
		e.ours.Do(peer, client.Decline{Peer: peer})
	case dice < 8 && e.Patient:
	case dice < 8:
		e.ours.Do(peer, client.Cancel{Peer: peer})
	case dice < 18:
		for range 1 + e.w.rand.IntN(3) { // also several lines typed at once
			txt := e.write(0)
			id := client.NumberID(uint64(e.written[0]))
			e.pending[id.String()] = txt
			e.ours.Do(peer, client.Chat{Peer: peer, Text: txt, ID: id})
		}
	default:
		e.ours.Do(peer, client.Leave{Peer: peer})
	}
}

func (e *encounter) actGuest() {
	e.look()
	dice := e.w.rand.IntN(20)
	lines := 1 + e.w.rand.IntN(2)
	e.guest.Act(func(d *double.Double, now time.Time) {
		switch {
		case !d.Attached() && e.worn && e.Kind == double.A: // it is about to be started anew
		case !d.Attached():
			e.left = false
			d.Login(now, "bob")
		case e.Kind == double.B && (dice < 4 && (e.seed%2 == 0 || e.worn) || dice == 8 || dice >= 18):
			// It says to nobody that its user has declined or left, so our next datagram would find it without one.
		case dice < 4:
			d.Invite(now, hostAddr)
		case dice < 8:
			d.Accept(now)
		case dice < 9:
			d.Decline(now)
		case dice < 18:
			if !d.InChat() {
				return // its client has no place to type then
			}
			for range lines {
				d.Say(now, e.write(1))
			}
		default:
			e.left, e.strays = true, e.ignored()
			d.Leave(now)
		}
	})
}

// hear is what our user is told.
func (e *encounter) hear(ev client.Event) {
	e.look()
	switch ev := ev.(type) {
	case client.Established:
		e.out.Opened++
	case client.Closed:
		if e.Kind == double.B && ev.Reason != client.CloseRestarted && !e.worn { // whose user is not told, and can only hear of it from ours
			e.worn = true
			e.w.After(time.Minute, e.restartGuest)
		}
	case client.Message:
		e.reads(0, "theirs", ev.Text)
	case client.Recognised:
		e.out.Dialect = ev.Dialect
	case client.Delivered:
		if txt := e.pending[ev.ID.String()]; e.shown[txt] == 0 && e.tells() && e.guest.Dead() == "" {
			e.violate("our user hears that %q is delivered, but it was never shown", txt)
		}
	}
}

// see is what the guest's user is shown. One whose daemon is of no use after a chat starts it anew.
func (e *encounter) see(s double.Shown) {
	if (s.What == double.Closed || s.What == double.Refused) && e.Kind == double.A {
		e.worn = true
		e.w.After(e.restartTime(), e.restartGuest)
	}
	if s.What == double.Message {
		e.reads(1, "ours", s.Text)
	}
}

// restartTime is how long it takes, after a chat, to start a daemon anew: longer than anything is under way, and an answer to it.
func (m Meeting) restartTime() time.Duration {
	oneWay := m.Faults.MaxDelay
	if m.Faults.Reorder > 0 {
		oneWay += m.Faults.MaxHold()
	}
	return 150*time.Millisecond + 2*oneWay // our answers wait, too
}

// restartGuest replaces the guest's daemon, as its user would who has read what it can.
func (e *encounter) restartGuest() {
	if e.guest.Dead() != "" {
		return
	}
	e.worn = false
	e.guest.Double = double.New(e.Kind, guestAddr, rand.New(rand.NewPCG(e.w.rand.Uint64(), 2)))
	if e.Trace != nil {
		e.w.trace("bob      starts the daemon anew")
	}
	e.guest.Act(func(d *double.Double, now time.Time) { d.Login(now, "bob") })
}

// tells reports whether the guest's user is shown the messages at all.
func (e *encounter) tells() bool { return e.Kind != double.B }

// reads checks a message that a user is shown.
func (e *encounter) reads(who int, from, txt string) {
	var name string
	var n int
	if _, err := fmt.Sscanf(txt, "%s %d", &name, &n); err != nil || name != from {
		if !e.tells() {
			return // it reflects what we sent
		}
		e.violate("user %d is shown %q, which nobody wrote to them", who, txt)
		return
	}
	e.out.Shown++
	if e.shown[txt]++; e.shown[txt] > 1 && !e.showsCopies(who) {
		e.violate("user %d is shown %q again", who, txt)
	}
	if n < e.last[who] {
		e.violate("user %d is shown %q after message %d", who, txt, e.last[who])
	}
	e.last[who] = max(n, e.last[who])
}

// showsCopies reports whether copies of a message have to be expected on the screen of a user. Two originals show every copy
// that they receive, and one forgets what it has shown when its user leaves and comes back without our noticing. One repeats its own messages in a way that cannot be told from new ones for certain, once two copies
// in a row are lost. One counts for both directions together, with two threads that do not wait for each other: when users write
// at once, or after a loss, nobody can say whether a message of ours has moved its counter, and a copy that tries the other
// value is shown if it had.
func (e *encounter) showsCopies(who int) bool {
	lossy := e.Faults.Drop > 0
	if who == 0 {
		return e.Kind == double.A && lossy
	}
	return slices.Contains([]double.Kind{double.A, double.D, double.E}, e.Kind) || e.Kind == double.C && lossy
}
