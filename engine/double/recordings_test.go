package double

import (
	"math"
	"net/netip"
	"time"
)

// epoch is the time of a recording's first packet.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return epoch.Add(time.Duration(math.Round(seconds*1e6)) * time.Microsecond)
}

// act is what a user does, at a time of the recording.
type act struct {
	host int // index of the host
	at   float64
	do   func(d *Double, now time.Time)
}

func login(host int, at float64, name string) act {
	return act{host, at, func(d *Double, now time.Time) { d.Login(now, name) }}
}

func invite(host int, at float64, peer string) act {
	return act{host, at, func(d *Double, now time.Time) { d.Invite(now, netip.MustParseAddrPort(peer)) }}
}

func say(host int, at float64, text string) act {
	return act{host, at, func(d *Double, now time.Time) { d.Say(now, text) }}
}

func accept(host int, at float64) act  { return act{host, at, (*Double).Accept} }
func decline(host int, at float64) act { return act{host, at, (*Double).Decline} }
func leave(host int, at float64) act   { return act{host, at, (*Double).Leave} }

// freeze is a host that does not run: what comes waits for the thaw.
type freeze struct {
	host     int
	from, to float64
}

const never = 1e6

const (
	alice = "127.0.0.1:7777"
	bob   = "127.0.0.2:7777"
	carol = "127.0.0.3:7777"
	bobF  = "127.0.0.1:8888" // F tells its partners apart by port
	carF  = "127.0.0.1:6666"
)

// chances is a random source that answers the double's questions in order:
// true, what is asked about happens. After the last one nothing happens.
type chances struct{ answers []bool }

func (c *chances) Uint64() uint64 {
	if len(c.answers) == 0 {
		return math.MaxUint64
	}
	yes := c.answers[0]
	c.answers = c.answers[1:]
	if yes {
		return 0
	}
	return math.MaxUint64
}

type recording struct {
	file   string
	kinds  string   // one letter a host; the file's first letter for all if empty
	hosts  []string // nil: alice, bob
	acts   []act
	frozen []freeze
	chance map[int][]bool
	dead   map[int]string // host: what it dies of

	standIn int     // host that is a script, and no original; 0: none
	until   float64 // where the script does to an original what nobody can; 0: all can be replayed
}

func recordings() []recording {
	const no, yes = false, true
	return []recording{
		{file: "a-busy", hosts: []string{alice, bob, carol}, acts: []act{
			login(1, .036, "bob"), login(0, .566, "alice"), invite(0, .631, bob), accept(1, .691),
			login(2, 2.214, "carol"), invite(2, 2.302, bob), say(0, 2.953, "still there?"), say(1, 3.013, "yes"),
		}},
		{file: "a-chat", acts: []act{
			login(1, .072, "bob"), login(0, .602, "alice"), invite(0, .663, bob), accept(1, .693),
			say(0, 1.274, "hello bob"), say(1, 1.803, "hi alice"), say(0, 2.461, "second"),
			say(0, 2.935, "third without waiting"), say(1, 3.443, "reply two"), leave(0, 4.084),
			// The second chat that fails: bob's listener still thinks that it is in the first.
			login(1, 5.363, "carol"), login(0, 5.894, "dave"), invite(0, 5.954, bob),
		}},
		{file: "a-decline", acts: []act{
			login(1, .064, "bob"), login(0, .599, "alice"), invite(0, .657, bob), decline(1, .718),
			login(0, 2.392, "dave"), invite(0, 2.452, bob), accept(1, 2.512),
		}},
		{file: "a-pending", acts: []act{
			login(0, .039, "alice"), invite(0, .1, bob), login(1, 1.26, "bob"), accept(1, 1.29),
			say(0, 1.751, "hello"), say(1, 1.785, "hello2"),
		}},
		{file: "a-respquit", acts: []act{
			login(1, .171, "bob"), login(0, .704, "alice"), invite(0, .762, bob), accept(1, .822),
			say(1, 1.386, "responder first"), leave(1, 1.849),
		}},
		{file: "a-retransmit", acts: []act{
			login(1, .095, "bob"), login(0, .666, "alice"), invite(0, .716, bob), accept(1, .78),
			say(0, 1.341, "before"), say(0, 2.175, "while frozen"), say(1, 16.205, "back"),
			say(0, 17.926, "after"), leave(0, 19.106),
		}, frozen: []freeze{{1, 2.1, 14.18}}},
		{file: "a-synfrozen", acts: []act{
			login(1, .014, "bob"), login(0, .51, "alice"), invite(0, .6, bob), accept(1, 12.644),
		}, frozen: []freeze{{1, .5, 12.6}}},
		{file: "a-calls-b", kinds: "ab", acts: []act{
			login(0, .021, "alice"), login(1, .184, "bob"), invite(0, .745, bob),
		}, dead: map[int]string{1: "a SYN that it refused: bad checksum, wrong number, or not in order"}},

		{file: "b-busy", hosts: []string{alice, bob, carol}, acts: []act{
			login(0, .068, "alice"), login(1, .103, "bob"), invite(0, 1.719, bob),
			login(2, 3.412, "carol"), invite(2, 3.473, bob),
		}},
		// The 657 copies of the recording are those of bob's daemon to itself,
		// on the client port. On the daemons' port it ends with alice's death.
		{file: "b-chat", acts: []act{
			login(0, .067, "alice"), login(1, .097, "bob"), invite(0, 1.658, bob), say(0, 2.869, "hello bob"),
		}, dead: map[int]string{0: "a CHAT that it refused: bad checksum, wrong number, or not in order"}},
		{file: "b-decline", acts: []act{
			login(0, .043, "alice"), login(1, .066, "bob"), invite(0, 1.628, bob), decline(1, 2.083),
		}},
		{file: "b-idle", acts: []act{
			login(0, .06, "alice"), login(1, .09, "bob"), invite(0, .151, bob), say(0, 2.242, "hello from alice"),
		}, chance: map[int][]bool{1: {yes, no}}, // the client thread got the first acknowledgement
			dead: map[int]string{0: "a CHAT that it refused: bad checksum, wrong number, or not in order"}},
		{file: "b-pending", acts: []act{
			login(0, .038, "alice"), invite(0, .098, bob), login(1, 3.251, "bob"),
		}, dead: map[int]string{1: "a SYN while nobody is logged in"}},
		{file: "b-quitfirst", acts: []act{
			login(0, .04, "alice"), login(1, .07, "bob"), invite(0, 1.631, bob), leave(0, 3.083),
		}},
		{file: "b-retransmit", acts: []act{
			login(0, .072, "alice"), login(1, .102, "bob"), invite(0, 1.663, bob), say(0, 3.618, "while frozen"),
		}, frozen: []freeze{{1, 3, 15.634}},
			dead: map[int]string{0: "a CHAT that it refused: bad checksum, wrong number, or not in order"}},
		{file: "b-synfrozen", acts: []act{
			login(0, .026, "alice"), login(1, .051, "bob"), invite(0, 1.942, bob),
		}, frozen: []freeze{{1, 1.8, 14.04}}},
		{file: "b-calls-a", kinds: "ab", acts: []act{login(1, .1, "bob"), invite(1, .74, alice)},
			dead: map[int]string{0: "a byte above 0x7f in the payload"}},

		{file: "c-auto", acts: []act{
			login(0, 0, "alice"), invite(0, .061, bob), say(0, .891, "hello"),
			login(1, 1.953, "bob"), say(0, 2.483, "after login"),
		}},
		{file: "c-busy", hosts: []string{alice, bob, carol}, acts: []act{
			login(0, 0, "alice"), login(1, .031, "bob"), invite(0, .121, bob), accept(1, .578), accept(1, .908),
			login(2, 2.493, "carol"), invite(2, 2.554, bob), say(0, 3.085, "still here"),
			say(1, 3.616, "m1"), say(1, 7.925, "m2"), say(1, 12.23, "m3"),
		}, frozen: []freeze{{0, 3.3, never}}},
		{file: "c-chat", acts: []act{
			login(0, 0, "alice"), login(1, .032, "bob"), invite(0, .124, bob), accept(1, .585), accept(1, .915),
			say(0, 2.016, "hello bob"), say(1, 2.446, "hi alice"), say(0, 2.877, "two"), say(0, 3.207, "three"),
			say(1, 3.538, "b two"), leave(0, 3.871), invite(1, 5.532, alice), accept(0, 6.014), say(1, 6.845, "again"),
		}},
		{file: "c-decline", acts: []act{
			login(0, 0, "alice"), login(1, .03, "bob"), invite(0, .122, bob), decline(1, .574),
		}},
		{file: "c-retransmit", acts: []act{
			login(0, 0, "alice"), login(1, .03, "bob"), invite(0, .121, bob), accept(1, .576), accept(1, .906),
			say(0, 2.008, "before"), say(0, 2.639, "frozen one"), say(0, 3.639, "frozen two"), say(0, 19.7, "after"),
		}, frozen: []freeze{{1, 2.5, 14.64}}},

		{file: "d-busy", hosts: []string{alice, bob, carol}, acts: []act{
			login(0, .017, "alice"), login(1, .409, "bob"), invite(0, .82, bob), accept(1, 1.04),
			login(2, 2.377, "carol"), invite(2, 2.781, bob), say(0, 4.024, "still here"), say(1, 4.669, "yes"),
		}},
		{file: "d-chat", acts: []act{
			login(0, .009, "alice"), login(1, .402, "bob"), invite(0, .829, bob), accept(1, 1.033),
			say(0, 2.03, "hello bob"), say(1, 2.664, "hi alice"), say(1, 3.465, "second from bob"),
			say(0, 4.256, "reply"), leave(0, 4.887),
		}, chance: map[int][]bool{0: {
			no, no, // "hello bob" leaves; the client thread gets its ACK
			no, no, // the same for "reply"
			no, yes, // FIN leaves; the listener gets its ACK, hence the copy
		}}},
		{file: "d-decline", acts: []act{
			login(0, .018, "alice"), login(1, .41, "bob"), invite(0, .821, bob), decline(1, 1.042), invite(0, 3.225, bob),
		}},
		{file: "d-noclient", acts: []act{login(0, .029, "alice"), invite(0, .434, bob)},
			chance: map[int][]bool{1: {yes}}}, // the first 0x09 was lost on purpose
		{file: "d-retransmit", acts: []act{
			login(0, .037, "alice"), login(1, .463, "bob"), invite(0, .84, bob), accept(1, .884),
			say(0, 6.853, "before"), say(0, 8.255, "while frozen"), say(1, 26.331, "back"), say(0, 27.485, "after"),
		}, frozen: []freeze{{1, 8, 20.21}}, chance: map[int][]bool{1: {yes}}}, // so was the first SYN+ACK

		{file: "e-busy", hosts: []string{alice, bob, carol}, acts: []act{
			login(0, 0, "alice"), login(1, 1.084, "bob"), invite(0, 2.836, bob), accept(1, 2.866),
			login(2, 3.831, "carol"), invite(2, 4.884, bob), say(0, 4.914, "still"), say(1, 5.345, "yes"),
		}},
		{file: "e-chat", acts: []act{
			login(0, 0, "alice"), login(1, 1.089, "bob"), invite(0, 2.844, bob), accept(1, 2.874),
			say(0, 3.505, "hello bob"), say(1, 4.037, "hi alice"), say(0, 4.567, "two"), say(0, 5.098, "three"),
			say(1, 5.628, "b two"), leave(0, 6.159), invite(1, 8.452, alice), accept(0, 8.482),
			say(1, 9.012, "again"), say(0, 9.543, "again2"),
		}},
		{file: "e-decline", acts: []act{
			login(0, 0, "alice"), login(1, 1.084, "bob"), invite(0, 2.839, bob), decline(1, 2.87),
		}},
		{file: "e-pending", acts: []act{
			login(0, 0, "alice"), invite(0, 1.053, bob), login(1, 2.621, "bob"), accept(1, 2.65), say(0, 3.18, "hello"),
		}},
		{file: "e-retransmit", acts: []act{
			login(0, 0, "alice"), login(1, 1.086, "bob"), invite(0, 2.84, bob), accept(1, 2.87),
			say(0, 3.5, "before"), say(0, 4.231, "while frozen"), say(1, 19.262, "back"), say(0, 19.792, "after"),
		}, frozen: []freeze{{1, 4, 16.23}}},

		// An original with a script in place of its client and of the other daemon.
		{file: "daemon-a-start", kinds: "aa", standIn: 1, acts: []act{
			login(0, .013, "alice"), invite(0, .01305, bob), say(0, .0142, "hello"), leave(0, .01996),
		}},
		{file: "daemon-a-wait", kinds: "aa", standIn: 1, acts: []act{
			login(0, .013, "alice"), decline(0, .325), accept(0, .65),
		}},
		{file: "daemon-b-pending", kinds: "bb", standIn: 1, acts: []act{
			login(0, .058, "lisa"), leave(0, .676), login(0, .695, "eva"),
		}, until: .99}, // then the script answers what b's client cannot
		{file: "daemon-b-second", kinds: "bb", standIn: 1}, // two clients, and no other daemon
		{file: "daemon-b-start", kinds: "bb", standIn: 1, acts: []act{
			login(0, .047, "lisa"), invite(0, .063, bob), say(0, .152, "hello"), say(0, .1679, "a second one at once"),
			leave(0, 1.185), login(0, 2.724, "eva"),
		}},
		{file: "daemon-b-wait", kinds: "bb", standIn: 1, acts: []act{login(0, .067, "lisa")}},

		{file: "f-busy", hosts: []string{alice, bobF, carF}, acts: []act{
			login(0, 0, "alice"), login(1, .181, "bob"), invite(0, .761, bobF), accept(1, .784),
			login(2, 2.485, "carol"), invite(2, 2.595, bobF), say(0, 2.684, "still"),
		}},
		{file: "f-chat", hosts: []string{alice, bobF}, acts: []act{
			login(0, 0, "alice"), login(1, .182, "bob"), invite(0, .784, bobF), accept(1, .839),
			say(0, 1.873, "hello bob"), say(1, 2.607, "hi alice"), say(0, 3.329, "two"),
			say(0, 3.863, "out of turn"), say(1, 4.395, "b two"), leave(0, 5.031),
		}},
		{file: "f-decline", hosts: []string{alice, bobF}, acts: []act{
			login(0, 0, "alice"), login(1, .249, "bob"), invite(0, .845, bobF), decline(1, 1.017),
		}},
		{file: "f-retransmit", hosts: []string{alice, bobF}, acts: []act{
			login(0, 0, "alice"), login(1, .252, "bob"), invite(0, .816, bobF), accept(1, .894),
			say(0, 2.314, "first while frozen"), say(1, 15.349, "back"), say(0, 15.973, "second while frozen"),
		}, frozen: []freeze{{1, 2, 14.306}, {1, 15.9, 27.967}}},
	}
}
