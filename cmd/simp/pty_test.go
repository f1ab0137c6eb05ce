package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// person is somebody in front of a terminal in which simp runs: a real process at a real pseudo-terminal.
type person struct {
	t      *testing.T
	name   string
	keys   *os.File // the terminal's other end
	tty    *os.File
	screen *emulator
	cmd    *exec.Cmd
	before *term.State
	ended  chan error
}

// openPty opens a pseudo-terminal whose near end can be closed while it is being read, which is how a terminal goes away.
func openPty(t *testing.T) (near, far *os.File) {
	t.Helper()
	blocking, far, err := pty.Open()
	if err != nil {
		t.Skipf("this system gives no pseudo-terminal: %v", err)
	}
	fd, err := syscall.Dup(int(blocking.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	_ = blocking.Close()
	syscall.CloseOnExec(fd)
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "ptmx"), far //nolint:gosec // a file descriptor
}

// sit starts simp in a terminal of the given width.
func sit(t *testing.T, columns int, name string, args ...string) *person {
	t.Helper()
	return sitAt(t, "xterm", columns, name, args...)
}

func sitAt(t *testing.T, kind string, columns int, name string, args ...string) *person {
	t.Helper()
	keys, tty := openPty(t)
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: uint16(columns)}); err != nil { //nolint:gosec // small
		t.Fatal(err)
	}
	p := &person{t: t, name: name, keys: keys, tty: tty, screen: newEmulator(columns), ended: make(chan error, 1)}
	p.before = p.settings()
	p.cmd = exec.Command("simp", args...)
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TERM=" + kind}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = tty, tty, tty
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		_, _ = io.Copy(p.screen, keys) // until the terminal is closed
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = tty.Close()
		_ = keys.Close()
		<-shown
		if t.Failed() {
			lines, row, col, _ := p.screen.lines()
			t.Logf("[%s] cursor in row %d, column %d\n%s", name, row, col, strings.Join(lines, "\n"))
		}
		if len(p.screen.strange) > 0 {
			t.Errorf("%s's terminal got what it should not: %q", name, p.screen.strange)
		}
	})
	return p
}

func (p *person) settings() *term.State {
	p.t.Helper()
	s, err := term.GetState(int(p.tty.Fd()))
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// types presses keys. Enter is \r, as on a keyboard.
func (p *person) types(keys string) {
	p.t.Helper()
	if _, err := io.WriteString(p.keys, keys); err != nil {
		p.t.Fatal(err)
	}
}

// until waits until the screen is as the test wants it.
func (p *person) until(what string, is func(lines []string, row, col int) bool) {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		lines, row, col, changed := p.screen.lines()
		if is(lines, row, col) {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			p.t.Fatalf("%s does not see %s", p.name, what)
		}
	}
}

// sees waits until a line of the screen begins with text.
func (p *person) sees(text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q", text), func(lines []string, _, _ int) bool {
		for _, l := range lines {
			if strings.HasPrefix(l, text) {
				return true
			}
		}
		return false
	})
}

// edits waits until the last line of the screen is text, with the cursor in column col of it.
func (p *person) edits(text string, col int) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q at the bottom, the cursor in column %d", text, col), func(lines []string, row, c int) bool {
		return lines[len(lines)-1] == text && row == len(lines)-1 && c == col
	})
}

// leaves waits for the end, and makes sure that it is a good one: the status, and the terminal as it was.
func (p *person) leaves() {
	p.t.Helper()
	select {
	case err := <-p.ended:
		if err != nil {
			p.t.Errorf("%s's simp ended with %v", p.name, err)
		}
	case <-time.After(patience):
		p.t.Fatalf("%s's simp does not end", p.name)
	}
	if !reflect.DeepEqual(p.before, p.settings()) {
		p.t.Errorf("%s's terminal is not as it was", p.name)
	}
}

// met returns two people in a chat.
func met(t *testing.T, columns int) (alice, bob *person) {
	t.Helper()
	h := newHosts()
	alice = sit(t, columns, "alice", "--user", "alice", h.ip(0))
	bob = sit(t, columns, "bob", "--user", "bob", h.ip(1))
	alice.sees("* You are alice")
	bob.sees("* You are bob")
	alice.types(h.ip(1) + "\r")
	bob.sees("* alice at")
	bob.types("y\r")
	alice.edits("bob >", len("bob > "))
	bob.edits("alice >", len("alice > "))
	return alice, bob
}

func TestTwoPeopleTalk(t *testing.T) {
	t.Parallel()
	h := newHosts()
	alice := sit(t, 80, "alice", h.ip(0))
	bob := sit(t, 80, "bob", h.ip(1))

	// Names are asked for, and again with the reason.
	alice.edits("Your name >", len("Your name > "))
	alice.types("älice\r")
	alice.sees(`* The name "älice" has a character that cannot be in a name`)
	alice.types("alice\r")
	bob.types("bob\r")
	alice.sees("* You are alice at " + h.ip(0))
	bob.sees("* You are bob at " + h.ip(1))

	// Invite, accept.
	alice.types(h.ip(1) + "\r")
	alice.sees("* Inviting " + h.ip(1))
	bob.sees("* alice at " + h.ip(0) + " invites you: y accepts, n declines.")
	bob.edits("alice asks, y or n >", len("alice asks, y or n > "))
	bob.types("y\r")
	alice.sees("* In a chat with bob")
	bob.sees("* In a chat with alice")

	// Both write at once.
	alice.types("one from alice\rtwo from alice\r")
	bob.types("one from bob\rtwo from bob\r")
	for _, l := range []string{"you: one from alice", "you: two from alice", "bob: one from bob", "bob: two from bob"} {
		alice.sees(l)
	}
	for _, l := range []string{"you: one from bob", "you: two from bob", "alice: one from alice", "alice: two from alice"} {
		bob.sees(l)
	}
	alice.edits("bob >", len("bob > "))
	bob.edits("alice >", len("alice > "))

	// q leaves the chat, q ends simp.
	alice.types("q\r")
	alice.sees("* You have left the chat with bob.")
	bob.sees("* alice has left the chat.")
	alice.types("q\r")
	bob.types("q\r")
	alice.leaves()
	bob.leaves()
}

// A message comes while a line is being typed, with the cursor in the middle of it, and a wide character on its left.
func TestTypedLineIsNotDisturbed(t *testing.T) {
	t.Parallel()
	alice, bob := met(t, 80)
	const left, right = "\x1b[D", "\x1b[C"
	bob.types("日本 half a lone" + strings.Repeat(left, 3))
	bob.edits("alice > 日本 half a lone", len("alice > ")+len("1234 half a l"))
	alice.types("are you there?\r")
	bob.sees("alice: are you there?")
	bob.edits("alice > 日本 half a lone", len("alice > ")+len("1234 half a l"))
	bob.types("\x1b[3~i" + right + right + ", and the rest\r")
	alice.sees("bob: 日本 half a line, and the rest")
	bob.sees("you: 日本 half a line, and the rest")

	// What was typed is in the history.
	bob.edits("alice >", len("alice > "))
	bob.types("\x1b[A")
	bob.edits("alice > 日本 half a line, and the rest", len("alice > ")+len("1234 half a line, and the rest"))
	bob.types("\x15") // Ctrl-U
	bob.edits("alice >", len("alice > "))

	// Ctrl-D on an empty line ends simp from within a chat.
	bob.types("\x04")
	alice.sees("* bob has left the chat.")
	bob.leaves()
	alice.types("\x04")
	alice.leaves()
}

// On a narrow screen the line being typed takes several rows, and so do messages; neither harms the other.
func TestNarrowScreen(t *testing.T) {
	t.Parallel()
	alice, bob := met(t, 40)
	typed := "this line is longer than forty columns, and then it goes on"
	bob.types(typed)
	onScreen := func(lines []string, row, col int) bool {
		n := len(lines)
		whole := "alice > " + typed
		return n >= 2 && lines[n-2] == strings.TrimRight(whole[:40], " ") && lines[n-1] == whole[40:] && row == n-1 && col == len(whole)-40
	}
	bob.until("the typed line in two rows", onScreen)
	alice.types("x" + strings.Repeat(" ", 36) + "you: I never said that\r")
	bob.until("that row indented", func(lines []string, _, _ int) bool {
		for _, l := range lines {
			if strings.HasPrefix(l, "    ") && strings.HasSuffix(l, "you: I never said that") {
				return true
			}
		}
		return false
	})
	bob.until("the typed line in two rows, as before", onScreen)
	bob.types("\r")
	bob.sees("you: this line is longer than forty")
	bob.sees("    columns, and then it goes on")
	alice.sees("bob: this line is longer than forty")
	alice.edits("bob >", len("bob > "))
	bob.types("/quit\r")
	alice.sees("* bob has left the chat.")
	alice.types("q\r")
	bob.leaves()
	alice.leaves()
}

// Ctrl-C is q, and twice in a row the end.
func TestControlC(t *testing.T) {
	t.Parallel()
	alice, bob := met(t, 80)
	alice.types("never sent\x03")
	bob.sees("* alice has left the chat.")
	alice.sees("* You have left the chat with bob.")
	alice.types("\x03")
	alice.leaves()
	bob.types("\x03")
	bob.leaves()
	bob.until("no message", func(lines []string, _, _ int) bool { return !strings.Contains(strings.Join(lines, "\n"), "never sent") })
}

// A terminal that goes away takes the chat with it, but does not send what stood there half typed.
func TestTerminalGoesAway(t *testing.T) {
	t.Parallel()
	alice, bob := met(t, 80)
	alice.types("half a thought")
	alice.edits("bob > half a thought", len("bob > half a thought"))
	_ = alice.tty.Close()
	_ = alice.keys.Close()
	bob.sees("* alice has left the chat.")
	bob.until("no message", func(lines []string, _, _ int) bool { return !strings.Contains(strings.Join(lines, "\n"), "half") })
	select {
	case <-alice.ended:
	case <-time.After(patience):
		t.Error("alice's simp does not end")
	}
	bob.types("q\r")
	bob.leaves()
}

// A terminal without escape sequences gets plain lines.
func TestDumbTerminal(t *testing.T) {
	t.Parallel()
	alice := sitAt(t, "dumb", 80, "alice", "--user", "alice", newHosts().ip(0))
	alice.sees("* You are alice")
	alice.types("q\r")
	alice.leaves()
	if alice.screen.escapes > 0 {
		t.Errorf("%d escape sequences for a terminal that knows none", alice.screen.escapes)
	}
}
