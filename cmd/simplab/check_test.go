package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"simp/engine/sim"
	"simp/fsm/check"
)

// What a search finds can be played: its script breaks the same promise in the simulator, which runs whole sessions. It is
// about peers that do not announce themselves, since there is nothing to find between others.
func TestCheck_StoriesCanBePlayed(t *testing.T) {
	for name, change := range map[string]func(*check.Case){
		"repeated":                  func(c *check.Case) { c.Network = check.Duplicating },
		"one chat behind the other": func(c *check.Case) { c.Invites, c.Messages = [2]uint8{2, 0}, [2]uint8{1, 0} },
		"any order":                 func(c *check.Case) { c.Network, c.Messages = check.Reordering, [2]uint8{2, 0} },
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := check.Named("legacy")
			change(&c)
			r := check.Search(c)
			if r.Story == nil {
				t.Fatal("nothing is found")
			}
			s, err := sim.Parse(r.Story.Script())
			if err != nil {
				t.Fatalf("%v\n%s", err, r.Story.Script())
			}
			v := s.Play(sim.Options{})
			same := func(b sim.Violation) bool { return string(b.ID) == string(r.Story.Property) }
			if !slices.ContainsFunc(v.Violations, same) && !slices.ContainsFunc(v.Excused, same) {
				t.Errorf("%s\n%s\nis played without breaking %s: %+v, %+v", r.Story, r.Story.Script(), r.Story.Property, v.Violations, v.Excused)
			}
		})
	}
}

func TestCheckCommand(t *testing.T) {
	for _, test := range []struct {
		name           string
		args           []string
		status         int
		stdout, stderr string
	}{
		{"a case", []string{"check", "chat"}, 0, "chat  ", ""},
		{"of one's own", []string{"check", "--network", "lossy", "--messages", "1,0"}, 0, "your case", ""},
		{"a fault", []string{"check", "--fault", "established/duplicate: nothing is a duplicate"}, 1, "S2: message 1 is shown twice", "not everything holds"},
		{"a fault says where it can be played", []string{"check", "--fault", "established/duplicate: nothing is a duplicate"}, 1, "alice invites bob", "not everything holds"},
		{"cut short", []string{"check", "--limit", "100", "chat"}, 1, "no violation so far: 100 states", "not everything holds"},
		{"list", []string{"check", "--list"}, 0, `"two chats, any order"`, ""},
		{"faults", []string{"check", "--faults"}, 0, `violates S1 in "chat"`, ""},
		{"no such case", []string{"check", "chess"}, 2, "", `there is no case "chess": simplab check --list shows them`},
		{"no such fault", []string{"check", "--fault", "x"}, 2, "", `there is no fault "x"`},
		{"no such network", []string{"check", "--network", "perfect"}, 2, "", "--network is lossy, duplicating or reordering"},
		{"too many messages", []string{"check", "--messages", "1,9"}, 2, "", "write two from 0 to 3"},
		{"one number", []string{"check", "--invites", "1"}, 2, "", "write two from 0 to 3"},
		{"too many invitations", []string{"check", "--network", "lossy", "--invites", "3,3"}, 2, "", "at most 4 in all"},
		{"no invitation", []string{"check", "--invites", "0,0"}, 2, "", "nobody invites anybody"},
		{"strangers", []string{"check", "--peers", "strangers", "--messages", "0,0"}, 0, "your case", ""},
		{"no such peers", []string{"check", "--peers", "friends"}, 2, "", "--peers is native, strangers or legacy"},
		{"a case and what it says itself", []string{"check", "--messages", "3,3", "chat"}, 2, "", "a case says itself what can happen: leave out --messages"},
		{"too little room", []string{"check", "--network", "lossy", "--room", "0"}, 2, "", "--room is from 1 to 3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if status := run(t.Context(), test.args, strings.NewReader(""), &stdout, &stderr); status != test.status {
				t.Errorf("status %d, want %d", status, test.status)
			}
			if !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
				t.Errorf("printed %q and %q, want %q and %q in them", stdout.String(), stderr.String(), test.stdout, test.stderr)
			}
		})
	}
}
