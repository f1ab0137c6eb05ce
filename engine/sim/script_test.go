package sim

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"simp/engine"
	"simp/engine/double"
	"simp/fsm"
	"simp/netio"
)

// everything is a script with everything that a script can say.
const everything = `# A story
# in two lines.

# This comment belongs to nobody.
node alice
node bob plain dialect=standard accept=auto max-chats=3 expiry=1m retransmit=2s # and this one neither
peer carol kind=a
network drop=20% duplicate=0.5% reorder=10% delay=20ms..2s ordered
seed 42
random 7 pace=1s crash crashes=2 partition=10s..30s
until 2m
calm 15m

0s      alice invites bob
+1.5s   bob accepts alice
+0s     alice says bob   hello # bob, how are "you"?
3s      alice fires bob retransmit
3s      alice crashes
4s      bob detaches
5s      bob attaches
6s      bob leaves-now alice
7s      partition alice bob for 30s
8s      forge 10.9.0.1 alice 0102ff
8s      forge bob alice 00
9s      carol declines alice
fate alice bob 3 lost
fate bob alice 1 after 2s 3s
`

func TestParse(t *testing.T) {
	got, err := Parse(everything)
	if err != nil {
		t.Fatal(err)
	}
	alice, bob := NewNode("alice"), NewNode("bob")
	bob.Plain, bob.Dialect, bob.Accept, bob.MaxChats, bob.Expiry, bob.Retransmit = true, "standard", engine.AcceptAuto, 3, time.Minute, 2*time.Second
	want := &Script{
		Prose:   []string{"A story", "in two lines."},
		Parties: []Party{alice, bob, {Name: "carol", Kind: double.A}},
		Network: netio.Faults{Drop: 0.2, Duplicate: 0.005, Reorder: 0.1, MinDelay: 20 * time.Millisecond, MaxDelay: 2 * time.Second},
		Ordered: true,
		Seed:    42,
		Random:  Random{Acts: 7, Pace: time.Second, Crash: true, Crashes: 2, Partition: [2]time.Duration{10 * time.Second, 30 * time.Second}},
		Until:   2 * time.Minute,
		Calm:    15 * time.Minute,
		Acts: []Act{
			{At: 0, Who: "alice", Verb: Invites, Whom: "bob"},
			{At: 1500 * time.Millisecond, Who: "bob", Verb: Accepts, Whom: "alice"},
			{At: 1500 * time.Millisecond, Who: "alice", Verb: Says, Whom: "bob", Text: `hello # bob, how are "you"?`},
			{At: 3 * time.Second, Who: "alice", Verb: Fires, Whom: "bob", Timer: fsm.Retransmit},
			{At: 3 * time.Second, Who: "alice", Verb: Crashes},
			{At: 4 * time.Second, Who: "bob", Verb: Detaches},
			{At: 5 * time.Second, Who: "bob", Verb: Attaches},
			{At: 6 * time.Second, Who: "bob", Verb: LeavesNow, Whom: "alice"},
			{At: 7 * time.Second, Who: "alice", Verb: Partition, Whom: "bob", For: 30 * time.Second},
			{At: 8 * time.Second, Who: "10.9.0.1", Verb: Forge, Whom: "alice", Bytes: []byte{1, 2, 255}},
			{At: 8 * time.Second, Who: "bob", Verb: Forge, Whom: "alice", Bytes: []byte{0}},
			{At: 9 * time.Second, Who: "carol", Verb: Declines, Whom: "alice"},
		},
		Fates: []Fate{
			{From: "alice", To: "bob", N: 3},
			{From: "bob", To: "alice", N: 1, After: []time.Duration{2 * time.Second, 3 * time.Second}},
		},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Party{}, Fate{})); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
	roundTrip(t, got)
}

// roundTrip checks that what is written of a script is read as the same, and written as the same again.
func roundTrip(t interface {
	Helper()
	Fatalf(string, ...any)
}, s *Script) {
	t.Helper()
	text := s.Format()
	again, err := Parse(text)
	if err != nil {
		t.Fatalf("what was written is not read: %v\n%s", err, text)
	}
	if diff := cmp.Diff(s, again, cmp.AllowUnexported(Party{}, Fate{})); diff != "" {
		t.Fatalf("read again (-want +got):\n%s\n%s", diff, text)
	}
	if text2 := again.Format(); text2 != text {
		t.Fatalf("written again:\n%s\nwant:\n%s", text2, text)
	}
}

// Every mistake is answered by the number of its line and a sentence.
func TestParse_Mistakes(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"dance", `line 1: "dance" begins no statement`},
		{"\n\nnode", "line 3: a node needs a name"},
		{"node 1st", `line 1: "1st" is no name`},
		{"node seed", `line 1: "seed" cannot be a name`},
		{"node a\nnode a", "line 2: there are two of the name a"},
		{"node a loud", `line 1: a node has no "loud"`},
		{"node a plain=yes", "line 1: plain takes no value"},
		{"node a dialect=x", "line 1: there is no dialect \"x\""},
		{"node a accept=some", `line 1: invitations can be accepted with ask, auto or never, not "some"`},
		{"node a max-chats=0", "line 1: max-chats needs a number from 1"},
		{"node a expiry=soon", `line 1: "soon" is not a time`},
		{"node a expiry=1s", "line 1: an invitation must live at least as long"},
		{"node a retransmit=0s", "line 1: the retransmission time must be at least 1ms"},
		{"node a expiry=15m", "the calm (20m) has to last twice as long as the invitations of a (15m)"},
		{"peer a", "line 1: a peer needs a kind"},
		{"peer a kind=z", `line 1: "z" is no kind`},
		{"peer a plain", `line 1: a peer has no "plain"`},
		{"network drop=120%", `line 1: "120%" is not a probability`},
		{"network drop=NaN", `line 1: "NaN" is not a probability`},
		{"network delay=2s..1s", "line 1: the range 2s..1s ends before it begins"},
		{"network delay=2h", "line 1: a delay is at most 1h0m0s"},
		{"network delay=..1s", `line 1: "..1s" is no time and no range`},
		{"network colour=red", `line 1: a network has no "colour"`},
		{"network ordered=no", "line 1: ordered takes no value"},
		{"seed -1", "line 1: seed needs a number"},
		{"random", "line 1: random needs the number"},
		{"random 5", "a script in which users act by themselves needs two"},
		{"random 5 pace=0s", "line 1: users who act at random need some time"},
		{"random 5 crash=2", "line 1: crash takes no value; crashes=2 means so many"},
		{"random 5 partition=0s", "line 1: a partition lasts some time"},
		{"random 5 loud", `line 1: random has no "loud"`},
		{"talk", "line 1: talk needs the number"},
		{"node a\npeer b kind=c\ntalk 3", "peers do not talk by themselves"},
		{"until", "line 1: until needs a time"},
		{"calm", "line 1: calm needs a time"},
		{"calm 1s", "a calm of less than 1m is none"},
		{"1001h a crashes", "line 1: \"1001h\" begins no statement"},
		{"1000h a crashes\n+1s a crashes", "line 2: a script takes at most"},
		{"1s a", "line 1: behind the time comes who does what"},
		{"node a\nnode b\n1s a dances b", `line 3: nobody can do "dances"`},
		{"1s a invites", "line 1: behind invites stands one name"},
		{"1s a crashes b", "line 1: nothing stands behind crashes"},
		{"1s a fires b", "line 1: behind fires stand a name and a timer"},
		{"1s a fires b alarm", `line 1: "alarm" is no timer`},
		{"1s a says b", "line 1: behind says stand a name and a text"},
		{"1s a says b " + strings.Repeat("x", 501), "line 1: a text has at most 500 bytes"},
		{"1s a says b \xff", "line 1: a script is UTF-8"},
		{"node a\n1s a invites b", `line 2: nobody is called "b"`},
		{"node a\n1s a invites a", "line 2: a and a are the same"},
		{"node a\npeer b kind=a\n1s b cancels a", "line 3: b is of another make, in which nobody cancels"},
		{"node a\npeer b kind=a\n1s b says a grüß dich", "line 3: b is of another make, which writes ASCII only"},
		{"1s partition a b 30s", "line 1: a partition needs two names and how long"},
		{"1s partition a b for ever", `line 1: "ever" is not a time`},
		{"1s forge a b", "line 1: a forgery needs whose name"},
		{"1s forge a b xyz", `line 1: "xyz" are not the bytes`},
		{"node b\n1s forge 10.9.0.300 b 00", `line 2: nobody is called "10.9.0.300"`},
		{"fate a b 1", "line 1: a fate needs who sends"},
		{"fate a b 0 lost", "line 1: fate needs a number from 1"},
		{"fate a b 1 lost twice", "line 1: a datagram is lost, or arrives after"},
		{"fate a b 1 after", "line 1: a datagram is lost, or arrives after"},
		{"fate a b 1 after noon", `line 1: "noon" is not a time`},
		{"node a\nnode b\nfate a b 1 lost\nfate a b 1 after 1s", "line 4: datagram 1 from a to b has two fates"},
		{"node a\nfate a a 1 lost", "line 2: a sends nothing to itself"},
	} {
		_, err := Parse(test.text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q gives %v, want %q in it", test.text, err, test.want)
		}
	}
}

// Every probability is written so that it is read as the same number, and as percent where people would write percent.
func TestFormat_Probability(t *testing.T) {
	for p, want := range map[float64]string{0.3: "30%", 0.07: "7%", 0.005: "0.5%", 1: "100%"} {
		if got := formatProbability(p); got != want {
			t.Errorf("%v is written as %s, want %s", p, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(0, 1).Draw(t, "p")
		if got, err := readProbability(formatProbability(p)); err != nil || got != p {
			t.Fatalf("%v is written as %s and read as %v, %v", p, formatProbability(p), got, err)
		}
	})
}

// FuzzScript: whatever is read can be written and read again as the same, and nothing makes the parser fail.
func FuzzScript(f *testing.F) {
	f.Add(everything)
	f.Add("node a\nnode b\ntalk 3\n")
	f.Add("0s a says b #")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 0 || syntax.Line > strings.Count(text, "\n")+1 || syntax.Sentence == "" {
				t.Fatalf("the error is %v", err)
			}
			return
		}
		s.Prose = slices.Clip(s.Prose)
		roundTrip(t, s)
	})
}
