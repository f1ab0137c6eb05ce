package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"simp/fsm"
	"simp/fsm/check"
)

type checkCommand struct {
	Case []string `arg:"" optional:"" help:"Names of cases, in quotes; see --list. Without one: those that take seconds."`

	List   bool `help:"List the cases."`
	Deep   bool `help:"Search the cases that take minutes and gigabytes as well."`
	Faults bool `help:"List the faults."`

	Fault string `placeholder:"ID" help:"Search with this fault in the rule table, to see the shortest run that shows it; in the case that is known to, unless one is named."`

	Network  string `placeholder:"NAME" help:"For a case of one's own: lossy (the default), duplicating or reordering."`
	Peers    string `placeholder:"WHAT" help:"Whether the two are native and know it (the default), strangers, or legacy."`
	Messages *each  `placeholder:"A,B" help:"Messages that each user writes, up to 3; without it 1,0."`
	Invites  *each  `placeholder:"A,B" help:"Invitations that each user sends, up to 3; without it 1,0."`
	Crashes  *each  `placeholder:"A,B" help:"How often each daemon is killed, up to 1; without it 0,0."`
	Room     *int   `placeholder:"N" help:"Datagrams on their way in one direction, 1 to 3; without it 2."`
	Limit    int    `default:"0" placeholder:"N" help:"Stop after so many states; without it never."`
}

// Help is shown below the command's usage.
func (checkCommand) Help() string {
	return "Everything that two users, their daemons and the network can do within the bounds of a case is tried. What must hold is numbered in ARCHITECTURE.md. " +
		"A violation is shown as the shortest run that leads there, and as a script for simplab sim. Status 0: all hold; 1: one does not, or a search was cut short."
}

// each is a number for each of the two users.
type each [2]uint8

// UnmarshalText reads "2,1".
func (e *each) UnmarshalText(text []byte) error {
	a, b, two := strings.Cut(string(text), ",")
	for i, s := range []string{a, b} {
		n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 8)
		if err != nil || !two || n > 3 {
			return fmt.Errorf("%q is no number for each of two users: write two from 0 to 3, such as 2,1", text)
		}
		e[i] = uint8(n)
	}
	return nil
}

var errViolated = errors.New("not everything holds: see above")

// Run searches.
func (c checkCommand) Run(l lab) error {
	switch {
	case c.List:
		return l.print(listCases())
	case c.Faults:
		return l.print(listFaults())
	}
	cases, err := c.cases()
	if err != nil {
		return misuse{err}
	}
	bad := false
	for _, k := range cases {
		start := time.Now()
		r := check.Search(k)
		took := time.Since(start).Round(10 * time.Millisecond)
		verdict := "holds"
		switch {
		case r.Story != nil:
			verdict = "VIOLATES " + string(r.Story.Property)
		case !r.Complete:
			verdict = "no violation so far"
		}
		bad = bad || !r.Complete
		said := fmt.Sprintf("%-50s %s: %d states, %d moves deep, %s network, %s\n", k.Name, verdict, r.States, r.Depth, k.Network, took)
		if r.Story != nil {
			said += fmt.Sprintf("\n%s\nThe same as a script for simplab sim:\n\n%s", r.Story, r.Story.Script())
		}
		if err := l.print(said); err != nil {
			return err
		}
	}
	if bad {
		return errViolated
	}
	return nil
}

// cases are the searches that the flags ask for.
func (c checkCommand) cases() ([]check.Case, error) {
	var cases []check.Case
	fault, err := c.fault()
	if err != nil {
		return nil, err
	}
	if flag := c.describes(); flag != "" && len(c.Case) > 0 {
		return nil, fmt.Errorf("a case says itself what can happen: leave out --%s, or the name of the case", flag)
	}
	switch {
	case c.describes() != "":
		own, err := c.own()
		if err != nil {
			return nil, err
		}
		cases = append(cases, own)
	case len(c.Case) > 0:
		for _, name := range c.Case {
			k, known := check.Named(name)
			if !known {
				return nil, fmt.Errorf("there is no case %q: simplab check --list shows them", name)
			}
			cases = append(cases, k)
		}
	case fault != nil && fault.By != "":
		k, _ := check.Named(fault.By)
		cases = append(cases, k)
	default:
		for _, k := range check.Cases() {
			if c.Deep || !k.Deep {
				cases = append(cases, k)
			}
		}
	}
	for i := range cases {
		cases[i].Limit = c.Limit
		if fault != nil {
			cases[i].Next = fault.Table().Next
		}
	}
	return cases, nil
}

func (c checkCommand) fault() (*check.Fault, error) {
	if c.Fault == "" {
		return nil, nil
	}
	for _, f := range check.Faults() {
		if f.ID == c.Fault {
			return &f, nil
		}
	}
	return nil, fmt.Errorf("there is no fault %q: simplab check --faults shows them", c.Fault)
}

// describes is a flag that describes a case of one's own, "" if none does.
func (c checkCommand) describes() string {
	for _, flag := range []struct {
		name  string
		given bool
	}{
		{"network", c.Network != ""}, {"peers", c.Peers != ""}, {"messages", c.Messages != nil}, {"invites", c.Invites != nil},
		{"crashes", c.Crashes != nil}, {"room", c.Room != nil},
	} {
		if flag.given {
			return flag.name
		}
	}
	return ""
}

// own is the case that the flags describe.
func (c checkCommand) own() (check.Case, error) {
	k := check.Case{Name: "your case", Policy: check.Native(), Messages: each{1, 0}, Invites: each{1, 0}, Room: 2}
	for _, n := range []struct {
		flag *each
		of   *[2]uint8
	}{{c.Messages, &k.Messages}, {c.Invites, &k.Invites}, {c.Crashes, &k.Crashes}} {
		if n.flag != nil {
			*n.of = *n.flag
		}
	}
	switch c.Peers {
	case "", "native":
	case "strangers":
		k.Strangers = true
	case "legacy":
		k.Policy = check.Legacy()
	default:
		return k, fmt.Errorf("--peers is native, strangers or legacy, not %q", c.Peers)
	}
	switch c.Network {
	case "", "lossy":
	case "duplicating":
		k.Network = check.Duplicating
	case "reordering":
		k.Network = check.Reordering
	default:
		return k, fmt.Errorf("--network is lossy, duplicating or reordering, not %q", c.Network)
	}
	switch {
	case c.Room != nil && (*c.Room < 1 || *c.Room > 3):
		return k, fmt.Errorf("--room is from 1 to 3, not %d", *c.Room)
	case c.Room != nil:
		k.Room = uint8(*c.Room)
	}
	switch {
	case k.Invites == [2]uint8{}:
		return k, errors.New("nobody invites anybody: give one of the two an invitation, such as --invites 1,0")
	case k.Invites[0]+k.Invites[1] > 4:
		return k, errors.New("--invites has at most 4 in all: more conversations a search cannot tell apart")
	case k.Crashes[0] > 1 || k.Crashes[1] > 1:
		return k, errors.New("--crashes has at most 1 for each daemon")
	}
	return k, nil
}

func (l lab) print(text string) error {
	if _, err := io.WriteString(l.stdout, text); err != nil {
		return fmt.Errorf("the answer could not be written: %w", err)
	}
	return nil
}

func listCases() string {
	var list strings.Builder
	for _, k := range check.Cases() {
		deep, peers := "", "native"
		if k.Deep {
			deep = ", minutes"
		}
		if k.Policy != check.Native() {
			peers = "legacy"
		}
		fmt.Fprintf(&list, "%-50q %s, %s, messages %d,%d, invites %d,%d, crashes %d,%d, room %d%s%s\n", k.Name, peers, k.Network,
			k.Messages[0], k.Messages[1], k.Invites[0], k.Invites[1], k.Crashes[0], k.Crashes[1], k.Room, without(k.Without), deep)
	}
	return list.String()
}

func without(commands []fsm.Input) string {
	if len(commands) == 0 {
		return ""
	}
	var names []string
	for _, on := range commands {
		names = append(names, on.String())
	}
	return ", without " + strings.Join(names, " ")
}

func listFaults() string {
	var list strings.Builder
	for _, f := range check.Faults() {
		by := "shown by the golden matrix only"
		if f.By != "" {
			by = fmt.Sprintf("violates %s in %q", f.Property, f.By)
		}
		fmt.Fprintf(&list, "%-72q %s\n", f.ID, by)
	}
	return list.String()
}
