package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"simp/cmd/internal/flags"
	"simp/engine"
	"simp/engine/double"
	"simp/engine/sim"
)

type simCommand struct {
	Script string `placeholder:"FILE" help:"Play this script (- is the input) instead of users who act at random."`

	Nodes    *flags.Count `placeholder:"N" help:"Daemons of ours; without it 2, or 1 beside a peer."`
	Peer     []kind       `placeholder:"KIND" help:"A daemon of another make, a to f. May be given several times."`
	Acts     *flags.Count `placeholder:"N" help:"What each user does at random; without it 100 things."`
	Accept   string       `placeholder:"HOW" help:"How daemons of ours accept invitations: ask (their users, the default), auto or never."`
	Messages *flags.Count `placeholder:"N" help:"Instead the first user invites all others, both write so many messages, and the first leaves."`

	Loss      flags.Probability `default:"0" placeholder:"P" help:"Lose this part of all datagrams, such as 30% or 0.3."`
	Duplicate flags.Probability `default:"0" placeholder:"P" help:"Deliver this part twice."`
	Reorder   flags.Probability `default:"0" placeholder:"P" help:"Hold this part back, so that later ones pass."`
	Delay     flags.Delay       `default:"1ms" placeholder:"T" help:"Let each take its time, such as 2ms or 20ms..2s."`
	Partition flags.Delay       `default:"0s" placeholder:"T" help:"Cut two off from each other, once, for so long."`
	Crash     *flags.Count      `placeholder:"N" help:"Kill a daemon and start it again, so many times."`

	Seed  *flags.Seed    `placeholder:"N" help:"Repeat an earlier run, which said the number."`
	Trace bool           `help:"Show each datagram and each transition too."`
	Runs  *flags.Count   `placeholder:"N" help:"Play so many times, with a seed each, on all cores, until a promise is broken."`
	For   flags.Duration `default:"0s" placeholder:"T" help:"The same for so long at most."`
	Save  string         `default:"." type:"path" placeholder:"DIR" help:"Where the script and the capture of a broken promise go."`
}

// Help is shown below the command's usage.
func (simCommand) Help() string {
	return "The daemons' own conversations run in virtual time, over a network as bad as you like. In the end all users rest and the " +
		"network is good; then a verdict says which promises were kept. The same seed gives the same bytes, everywhere. If a " +
		"promise is broken the run is reduced to what is needed for that, and saved as a script, which can be played again, and " +
		"as a capture, which Wireshark opens.\n\n" + sim.Grammar
}

// kind is a make of daemon.
type kind struct{ double.Kind }

// UnmarshalText reads a kind.
func (k *kind) UnmarshalText(text []byte) error {
	for _, known := range double.Kinds() {
		if known.String() == string(text) {
			k.Kind = known
			return nil
		}
	}
	return fmt.Errorf("%q is no kind of daemon: there are a, b, c, d, e and f", text)
}

// errBroken makes the status 1. What was broken is in the verdict.
var errBroken = errors.New("a promise was broken: the verdict says which")

// Run simulates.
func (c simCommand) Run(l lab) error {
	script, err := c.script(l)
	if err != nil {
		return misuse{err}
	}
	if c.Runs != nil || c.For > 0 {
		return c.search(l, script)
	}
	return c.once(l, script)
}

// script is what is to be played: what the file says, or what the flags do.
func (c simCommand) script(l lab) (*sim.Script, error) {
	write := func(lab) (*sim.Script, error) { return c.random() }
	if c.Script != "" {
		write = c.read
	}
	script, err := write(l)
	if err != nil {
		return nil, err
	}
	if err := script.Network.Validate(); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "netio: check faults: "))
	}
	switch {
	case c.Seed != nil:
		script.Seed = uint64(*c.Seed)
	case c.Script == "":
		script.Seed = rand.Uint64N(1_000_000_000) // short enough to be typed
	}
	return script, nil
}

// read reads a script from its file. What the script says, no flag can say otherwise.
func (c simCommand) read(l lab) (*sim.Script, error) {
	for _, flag := range []struct {
		name  string
		given bool
	}{
		{"nodes", c.Nodes != nil}, {"peer", len(c.Peer) > 0}, {"acts", c.Acts != nil}, {"messages", c.Messages != nil},
		{"loss", c.Loss != 0}, {"duplicate", c.Duplicate != 0}, {"reorder", c.Reorder != 0}, {"delay", c.Delay != flags.Delay{Min: time.Millisecond, Max: time.Millisecond}},
		{"partition", c.Partition != flags.Delay{}}, {"crash", c.Crash != nil}, {"accept", c.Accept != ""},
	} {
		if flag.given {
			return nil, fmt.Errorf("a script says itself who is there and what happens: leave out --%s, or --script", flag.name)
		}
	}
	var text []byte
	var err error
	if c.Script == "-" {
		text, err = io.ReadAll(l.stdin)
	} else {
		text, err = os.ReadFile(c.Script)
	}
	if err != nil {
		return nil, fmt.Errorf("the script cannot be read: %w", err)
	}
	script, err := sim.Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Script, err)
	}
	return script, nil
}

// What users do at random when nothing is said of it: so many things each, at most so far apart.
const (
	usualActs = 100
	usualPace = 2 * time.Second
)

// random is the script that the flags describe.
func (c simCommand) random() (*sim.Script, error) {
	s := sim.NewScript()
	nodes := 2
	switch {
	case c.Nodes != nil:
		nodes = int(*c.Nodes)
	case len(c.Peer) > 0:
		nodes = 1
	}
	switch {
	case nodes+len(c.Peer) < 2:
		return nil, errors.New("nobody is there to talk with: give --nodes 2 or more, or a --peer")
	case nodes+len(c.Peer) > sim.MaxParties:
		return nil, fmt.Errorf("at most %d can take part", sim.MaxParties)
	case c.Messages != nil && len(c.Peer) > 0:
		return nil, errors.New("a --peer does not talk by itself: leave out --messages, and all act at random")
	case c.Messages != nil && (c.Acts != nil || c.Crash != nil || c.Partition != flags.Delay{}):
		return nil, errors.New("users either talk (--messages) or act at random (--acts, --crash, --partition)")
	}
	accept := engine.Accept(c.Accept)
	switch accept {
	case "":
		accept = engine.AcceptAsk
	case engine.AcceptAsk, engine.AcceptAuto, engine.AcceptNever:
	default:
		return nil, fmt.Errorf("--accept is ask, auto or never, not %q", c.Accept)
	}
	for i := range nodes {
		n := sim.NewNode(fmt.Sprintf("user%d", i+1))
		if n.Accept = accept; c.Messages != nil && i == 0 {
			n.MaxChats = max(1, nodes-1)
		}
		s.Parties = append(s.Parties, n)
	}
	for i, k := range c.Peer {
		s.Parties = append(s.Parties, sim.Party{Name: fmt.Sprintf("peer%d", i+1), Kind: k.Kind})
	}
	s.Network.Drop, s.Network.Duplicate, s.Network.Reorder = float64(c.Loss), float64(c.Duplicate), float64(c.Reorder)
	s.Network.MinDelay, s.Network.MaxDelay = c.Delay.Min, c.Delay.Max
	if c.Messages != nil {
		s.Talk = int(*c.Messages)
		return s, nil
	}
	s.Random = sim.Random{Acts: usualActs, Pace: usualPace, Partition: [2]time.Duration{c.Partition.Min, c.Partition.Max}}
	if c.Acts != nil {
		s.Random.Acts = int(*c.Acts)
	}
	if c.Crash != nil {
		s.Random.Crashes = int(*c.Crash)
	}
	return s, nil
}

// once plays the script and shows everything.
func (c simCommand) once(l lab, script *sim.Script) error {
	show := func(line string) { _, _ = io.WriteString(l.stdout, line+"\n") }
	show(fmt.Sprintf("Seed %d. What users do (>) and what they see, by the time in the simulation:\n", script.Seed))
	o := sim.Options{Log: show, Harm: l.harm}
	if c.Trace {
		o.Trace = show
	}
	report := script.Play(o)
	show(fmt.Sprintf("\nAfter %s, with %s and %s:\n", report.Elapsed.Round(time.Millisecond), several(report.Chats, "chat"), several(report.Shown, "message")))
	_, _ = io.WriteString(l.stdout, report.String())
	if report.OK() {
		return nil
	}
	return c.reduce(l, script)
}

// base is the name of the files about a run, without what tells them apart.
func (c simCommand) base(seed uint64) string {
	name := "sim"
	if c.Script != "" && c.Script != "-" {
		name = strings.TrimSuffix(filepath.Base(c.Script), filepath.Ext(c.Script))
	}
	return filepath.Join(c.Save, fmt.Sprintf("%s-%d", name, seed))
}

// several is a number of things in words.
func several[N int | uint64](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
