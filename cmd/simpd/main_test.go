package main

import (
	"bytes"
	"context"
	"net"
	"regexp"
	"strings"
	"testing"
)

// TestRun runs the program in this process, with a context that ends it as soon as it listens.
func TestRun(t *testing.T) {
	over, end := context.WithCancel(t.Context())
	end()
	for _, test := range []struct {
		name   string
		args   string
		stderr []string // a pattern for each line
	}{
		{"for people", "", []string{
			`^\d\d:\d\d:\d\d\.\d\d\d INF listening accept=ask addr=127\.0\.0\.1:\d+ clients=127\.0\.0\.1:\d+ version=\S+$`,
			`^\S+ INF saying goodbye to all partners; a second signal ends this at once cause="context canceled"$`,
			`^\S+ INF stopped counters=\{\}$`,
		}},
		{"on IPv6", "::1 --log-level=warn --drop=30% --seed=7", []string{
			`^\S+ WRN harming what is sent, as asked for; the seed repeats it delay=0s drop=30% duplicate=0% reorder=0% seed=7$`,
		}},
		{"for programs", "--log-format=json --log-level=info", []string{
			`^\{"level":"info","addr":"127\.0\.0\.1:\d+","clients":"127\.0\.0\.1:\d+","accept":"ask","version":"\S+","time":"\S+","message":"listening"\}$`,
			`saying goodbye`,
			`"message":"stopped"\}$`,
		}},
		{"without a word", "--log-level=error", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if strings.HasPrefix(test.args, "::1") {
				probe, err := net.Listen("tcp", "[::1]:0")
				if err != nil {
					t.Skipf("this host has no IPv6: %v", err)
				}
				_ = probe.Close()
			}
			var stdout, stderr bytes.Buffer
			args := append([]string{"--port=0", "--client-port=0"}, strings.Fields(test.args)...)
			if status := run(over, args, strings.NewReader(""), &stdout, &stderr); status != 0 {
				t.Errorf("run(%q) = %d, want 0", args, status)
			}
			if stdout.Len() > 0 {
				t.Errorf("run(%q) writes to standard output: %q", args, &stdout)
			}
			lines := strings.FieldsFunc(stderr.String(), func(r rune) bool { return r == '\n' })
			if len(lines) != len(test.stderr) {
				t.Fatalf("run(%q) logs %d lines, want %d:\n%s", args, len(lines), len(test.stderr), &stderr)
			}
			for i, pattern := range test.stderr {
				if !regexp.MustCompile(pattern).MatchString(lines[i]) {
					t.Errorf("line %d of the log is %q, want it to match %s", i+1, lines[i], pattern)
				}
			}
		})
	}
}
