package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// onTerminal runs a command whose output is a terminal of so many columns, and returns what that got.
func onTerminal(t *testing.T, columns uint16, input string, args ...string) (status int, output string) {
	t.Helper()
	screen, tty, err := pty.Open()
	if err != nil {
		t.Skipf("there are no pseudo terminals here: %v", err)
	}
	defer func() { _ = screen.Close() }()
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		b, _ := io.ReadAll(screen) // ends with an error when the other end is closed
		got <- string(b)
	}()
	var errs bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(input), tty, &errs)
	if err := tty.Close(); err != nil {
		t.Fatal(err)
	}
	return status, strings.ReplaceAll(<-got, "\r\n", "\n")
}

// On a terminal lines are folded at its width, and have colours unless somebody does not want any. Whatever was sent does nothing there.
func TestExplain_OnATerminal(t *testing.T) {
	syn := "> 010200" + "1b5b324a" + strings.Repeat("00", 28+4) + "0909" + "\n"
	for _, test := range []struct {
		noColour string
		escapes  bool
	}{{"", true}, {"1", false}} {
		t.Setenv("NO_COLOR", test.noColour)
		status, out := onTerminal(t, 60, syn, "explain")
		if status == 0 || !strings.Contains(out, "violation of dg/") {
			t.Errorf("status %d, output:\n%s", status, out)
		}
		if got := strings.Contains(out, "\x1b["); got != test.escapes {
			t.Errorf("NO_COLOR=%q: there are colours: %t, want %t: %q", test.noColour, got, test.escapes, out)
		}
		if strings.Contains(out, "\x1b[2J") {
			t.Errorf("the name clears the screen: %q", out)
		}
		for l := range strings.Lines(out) {
			plain := strings.NewReplacer("\x1b[1m", "", "\x1b[31;1m", "", "\x1b[0m", "").Replace(strings.TrimSuffix(l, "\n"))
			if n := len([]rune(plain)); n > 60 {
				t.Errorf("a line has %d columns of 60: %q", n, plain)
			}
		}
	}
}
