package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	for _, test := range []struct {
		name, args     string
		status         int
		stdout, stderr string // a part; "" is nothing
	}{
		{"help", "--help", 0, "Play a conversation between two users", ""},
		{"help for a command", "demo --help", 0, "100 columns wide", ""},
		{"version", "--version", 0, "simplab devel", ""},
		{"no command", "", 2, "", `simplab: expected one of "check", "sim", "demo", "fsm", "ladder", ... (see "simplab --help")`},
		{"an unknown command", "dance", 2, "", "simplab: unexpected argument dance"},
		{"an unknown flag", "demo --loud", 2, "", "simplab: unknown flag --loud"},
		{"a bad value", "demo --pause=soon", 2, "", `"soon" is not a time`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), strings.Fields(test.args), strings.NewReader(""), &stdout, &stderr)
			if status != test.status {
				t.Errorf("run(%q) = %d, want %d", test.args, status, test.status)
			}
			for _, out := range []struct{ name, got, want string }{{"output", stdout.String(), test.stdout}, {"errors", stderr.String(), test.stderr}} {
				if out.want == "" && out.got != "" || !strings.Contains(out.got, out.want) {
					t.Errorf("run(%q): %s are %q, want %q in them", test.args, out.name, out.got, out.want)
				}
			}
		})
	}
}

// TestDemo runs the command as a student does, without the pauses.
func TestDemo(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"demo", "--pause=0s"}, strings.NewReader(""), &stdout, &stderr); status != 0 {
		t.Errorf("status %d, want 0; errors: %s", status, &stderr)
	}
	picture := stdout.String()
	for _, want := range []string{
		"A conversation in SIMP", "1  Opening", "4  Leaving", `── SYN seq=0 announce="simp/1 `, "idle → syn-sent",
		"lost on the way", "copy 2", "< bob: Yes, I am.", "Verdict: as it should be.",
	} {
		if !strings.Contains(picture, want) {
			t.Errorf("the picture lacks %q", want)
		}
	}
	if strings.Contains(picture, "\x1b") {
		t.Error("there are escape sequences in an output that is no terminal")
	}
	if t.Failed() {
		t.Log(picture)
	}
}
