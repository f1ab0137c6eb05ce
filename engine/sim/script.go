package sim

import (
	"net/netip"
	"time"

	"simp/engine"
	"simp/engine/double"
	"simp/fsm"
	"simp/netio"
)

// Grammar describes scripts, for people who write them.
const Grammar = `A script is a text. "#" begins a comment, at the start of a line or behind a blank; blank lines are free.
One statement a line:

  node NAME [plain] [dialect=NAME] [accept=ask|auto|never] [max-chats=N] [expiry=5m] [retransmit=5s]
                  a daemon of ours, with a user of that name; plain: it does not announce itself;
                  dialect: it takes everybody for that kind (simpd --dialect)
  peer NAME kind=a..f
                  a daemon of another make, with its user
                  The n-th of nodes and peers together has the address 10.0.0.n:7777.
  network [drop=20%] [duplicate=5%] [reorder=10%] [delay=20ms..2s] [ordered]
                  what all links do; without it each datagram takes 1ms. On an ordered one
                  no datagram passes another, whatever else is said: it waits.
  seed N          the chance of the network, of names, and of users who act at random
  random N [pace=2s] [crash] [crashes=N] [partition=10s..30s]
                  each user does N things at random, at most one pace apart; with crash
                  daemons are killed too, with crashes so many of them; with partition two
                  are cut off from each other once, for so long
  talk N          the first node invites all others; in each chat both write N messages, and
                  the first leaves when all are there
  until TIME      the calm begins then; without it, after the last act
  calm 20m        the network is good and the users rest for so long; those who have no
                  patience leave at once what still is not at rest; and after as long again
                  the verdict is given

  TIME NAME invites|cancels|accepts|declines|leaves|leaves-now WHOM
  TIME NAME says WHOM TEXT...
                  the rest of the line is the text, "#" included
  TIME NAME crashes
                  forgets everything and starts anew
  TIME NAME detaches|attaches
                  the client goes, or comes
  TIME NAME fires WHOM retransmit|expiry|unanswered|linger
                  a timer falls due, whatever the clock says; nothing if it does not run
  TIME partition NAME NAME for D
                  nothing passes between the two
  TIME forge FROM TO HEX
                  a datagram arrives at TO as if FROM had sent it: a name, or an address of
                  nobody such as 10.9.0.1
  fate FROM TO N lost
                  the N-th datagram (from 1) from FROM to TO is lost, whatever the network
                  says; but in the calm nothing is
  fate FROM TO N after D [D...]
                  it arrives after D, whatever it passes; several: so many copies
  ----            the script ends here; what follows is not read

TIME is a time from the start, such as 0s, 300ms or 1.5s, or +D: behind the line before.
`

// Script is a story to simulate: who is there, what they do, and what the network does to their datagrams. [Parse] reads
// one in the form that [Grammar] describes, and Format writes it.
type Script struct {
	Prose   []string // the comment on top, a line each, for people
	Parties []Party
	Network netio.Faults
	Ordered bool // no datagram passes another, whatever else is said
	Seed    uint64
	Random  Random
	Talk    int           // messages that each user writes in each chat, 0: nobody talks by itself
	Until   time.Duration // when the calm begins; 0: after the last act
	Calm    time.Duration
	Acts    []Act // in the order in which they stand there
	Fates   []Fate
}

// Party is a daemon with its user.
type Party struct {
	Name string
	Kind double.Kind // 0: ours; what follows is for ours only

	Plain      bool   // it does not announce itself
	Dialect    string // as what it treats everybody; "": as what it recognises
	Accept     engine.Accept
	MaxChats   int
	Expiry     time.Duration
	Retransmit time.Duration

	// Mistakes, to see them found out; no script can say them. Table is the protocol by which the daemon decides, nil for the
	// one that ships. Spoil, if not nil, may change each datagram that the daemon sends; it must not change the bytes that it
	// is given, and what it returns nil for is not sent.
	Table *fsm.Table
	Spoil func(b []byte) []byte

	known, dialects map[netip.AddrPort]string // as what it treats others; see engine.Config
}

// Random is what users do at random.
type Random struct {
	Acts      int           // of each user
	Pace      time.Duration // between two acts, at most
	Crash     bool          // a crash is among what can happen at any time
	Crashes   int           // so many, at any time
	Partition [2]time.Duration
}

// Act is something that somebody does at a time.
type Act struct {
	At   time.Duration
	Who  string // who acts; of a partition one of the two, of a forgery whose name is on it
	Verb Verb
	Whom string // for a partition the other of the two, for a forgery who gets it

	Text  string        // Says
	Timer fsm.Timer     // Fires
	For   time.Duration // Partition
	Bytes []byte        // Forge
}

// Verb is what somebody does.
type Verb string

// The verbs. All but the last two stand behind the name of who acts.
const (
	Invites   Verb = "invites"
	Cancels   Verb = "cancels"
	Accepts   Verb = "accepts"
	Declines  Verb = "declines"
	Leaves    Verb = "leaves"
	LeavesNow Verb = "leaves-now"
	Says      Verb = "says"
	Crashes   Verb = "crashes"
	Detaches  Verb = "detaches"
	Attaches  Verb = "attaches"
	Fires     Verb = "fires"
	Partition Verb = "partition"
	Forge     Verb = "forge"
)

// Fate is what becomes of one datagram, whatever the network says.
type Fate struct {
	From, To string
	N        int             // which of the datagrams from From to To, from 1
	After    []time.Duration // when its copies arrive; none: it is lost

	sent time.Duration // of a recorded one: when it was sent, and which of those that were sent at that moment it is
	nth  int
}

// fated names the datagram of a Fate.
type fated struct {
	from, to string
	n        int
}

// The values of what a script does not say.
const (
	defaultCalm = 20 * time.Minute
	defaultPace = 2 * time.Second
)

// good is the network of which nothing is said, and of the calm.
var good = netio.Faults{MinDelay: time.Millisecond, MaxDelay: time.Millisecond}

// NewScript returns a script in which nothing happens.
func NewScript() *Script { return &Script{Network: good, Calm: defaultCalm} }

// NewNode returns a daemon of ours as it is when nothing is said of it.
func NewNode(name string) Party {
	cfg := engine.Defaults()
	return Party{Name: name, Accept: cfg.Accept, MaxChats: cfg.MaxChats, Expiry: cfg.InvitationExpiry, Retransmit: cfg.Retransmit}
}

// config is what the daemon is told.
func (p *Party) config() engine.Config {
	cfg := engine.Defaults()
	cfg.Plain, cfg.Accept, cfg.MaxChats = p.Plain, p.Accept, p.MaxChats
	cfg.InvitationExpiry, cfg.Retransmit = p.Expiry, p.Retransmit
	cfg.Known, cfg.Dialects, cfg.Table = p.known, p.dialects, p.Table
	if p.Dialect != "" {
		cfg.Dialects = make(map[netip.AddrPort]string, MaxParties)
		for n := range MaxParties {
			cfg.Dialects[addrOf(n)] = p.Dialect
		}
	}
	return cfg
}

// party returns the party of a name, nil if there is none.
func (s *Script) party(name string) *Party {
	for i := range s.Parties {
		if s.Parties[i].Name == name {
			return &s.Parties[i]
		}
	}
	return nil
}

// Address returns where a party listens, the zero address if nobody has that name.
func (s *Script) Address(name string) netip.AddrPort {
	for i := range s.Parties {
		if s.Parties[i].Name == name {
			return addrOf(i)
		}
	}
	return netip.AddrPort{}
}

// addrOf is the address of the n-th party, from 0.
func addrOf(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(n + 1)}), port)
}

// port is where all daemons of a script listen.
const port = 7777
