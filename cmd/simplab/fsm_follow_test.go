package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"simp/cmd/internal/daemon"
	"simp/codec/client"
	"simp/engine"
)

// followed is a daemon that is followed, with a user.
type followed struct {
	*daemon.Daemon
	user *engine.Client
	stop func()
}

// serve runs a daemon on free ports of this host, which takes every invitation, for a user.
func serve(t *testing.T, user string) followed {
	t.Helper()
	d, stop := startDaemon(t)
	f := followed{Daemon: d, user: d.Engine().NewClient(), stop: stop}
	f.user.Do(client.Connect{User: user})
	return f
}

// process is a simplab that runs.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	lines  *bufio.Scanner
	errors bytes.Buffer
}

// startLab starts the real program, whose output is a pipe.
func startLab(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command("simplab", args...)}
	p.cmd.Stderr = &p.errors
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// until reads lines up to one that has the words.
func (p *process) until(words string) string {
	p.t.Helper()
	var seen strings.Builder
	for p.lines.Scan() {
		seen.WriteString(p.lines.Text() + "\n")
		if strings.Contains(p.lines.Text(), words) {
			return seen.String()
		}
	}
	p.t.Fatalf("no line has %q:\n%s%s", words, seen.String(), &p.errors)
	return ""
}

// ends waits for the end of the program, which has to have this status and say this on standard error.
func (p *process) ends(status int, words string) {
	p.t.Helper()
	for p.lines.Scan() { // to the end
	}
	_ = p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != status {
		p.t.Errorf("status %d, want %d", got, status)
	}
	if got := p.errors.String(); words == "" && got != "" || !strings.Contains(got, words) || strings.Count(got, "\n") > 1 {
		p.t.Errorf("it says %q, want one line with %q", got, words)
	}
}

// A program gets a line for each step; Ctrl-C ends it as it should, the daemon's end does not.
func TestFollow_Plain(t *testing.T) {
	bob, alice := serve(t, "bob"), serve(t, "alice")
	p := startLab(t, "fsm", "--follow", bob.ClientAddr().String())
	p.until(`simpd devel at ` + bob.Addr().String() + `, whose user is "bob" now`)
	alice.user.Do(client.Invite{Peer: bob.Addr()})
	seen := p.until(`syn-received -> established`)
	if want := alice.Addr().String() + ` "alice": idle -> syn-received on RecvSYN seq=0 tries=1 (a datagram came) by rule idle/auto-accept`; !strings.Contains(seen, want) {
		t.Errorf("it shows\n%swant %q in it", seen, want)
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	p.ends(0, "")

	p = startLab(t, "fsm", "--follow", bob.ClientAddr().String(), "--plain")
	p.until(alice.Addr().String() + ` "alice": in established`)
	bob.stop()
	p.ends(1, "simplab: the daemon has ended the connection")
}

// For programs that understand JSON it is the client protocol.
func TestFollow_JSON(t *testing.T) {
	bob, alice := serve(t, "bob"), serve(t, "alice")
	p := startLab(t, "fsm", "--follow", bob.ClientAddr().String(), "--to", "json")
	p.until(`"ev":"watching"`)
	alice.user.Do(client.Invite{Peer: bob.Addr()})
	for line := range strings.Lines(p.until(`"to":"established"`)) {
		switch ev, err := (client.Native{}).DecodeEvent([]byte(strings.TrimSpace(line))); ev.(type) {
		case client.Step, client.Datagram:
		default:
			t.Errorf("%s: %T, %v", line, ev, err)
		}
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.ends(0, "")
}

// Also where nobody reads what it writes, a signal ends it. That its output is stuck shows at the daemon's other end, which has
// no room left.
func TestFollow_NobodyReads(t *testing.T) {
	bob := serve(t, "bob")
	p := startLab(t, "fsm", "--follow", bob.ClientAddr().String(), "--to", "json")
	p.until(`"ev":"watching"`)
	network, err := net.Dial("udp", bob.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = network.Close() }()
	for big := make([]byte, 8000); bob.Engine().Counters()["watch/missed"] == 0; {
		if _, err := network.Write(big); err != nil {
			t.Fatal(err)
		}
	}
	stuck := time.AfterFunc(20*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer stuck.Stop()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("it ends with %v, want 0", err)
	}
}

// A chat of real programs: simplab tells of simpd, each a process of its own.
func TestFollow_Simpd(t *testing.T) {
	simpd := filepath.Join(t.TempDir(), "simpd")
	if out, err := exec.Command("go", "build", "-o", simpd, "simp/cmd/simpd").CombinedOutput(); err != nil {
		t.Fatalf("simpd cannot be built: %v\n%s", err, out)
	}
	daemon := exec.Command(simpd, "127.0.0.1", "--port=0", "--client-port=0", "--accept=auto")
	log, err := daemon.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = daemon.Process.Kill(); _ = daemon.Wait() })
	first := bufio.NewReader(log)
	line, err := first.ReadString('\n')
	listens := regexp.MustCompile(`\baddr=(\S+) clients=(\S+)`).FindStringSubmatch(line)
	if listens == nil {
		t.Fatalf("simpd says %q, %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, first) }()

	user, err := net.Dial("tcp", listens[2])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = user.Close() }()
	if _, err := io.WriteString(user, `{"op":"connect","user":"bob"}`+"\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := client.NewLineReader(user, client.MaxEventLine).Next(); err != nil { // the answer: bob is there
		t.Fatal(err)
	}
	p := startLab(t, "fsm", "--follow", listens[2])
	p.until(`simpd devel at ` + listens[1] + `, whose user is "bob" now`)

	alice := serve(t, "alice")
	alice.user.Do(client.Invite{Peer: netip.MustParseAddrPort(listens[1])})
	p.until(alice.Addr().String() + ` "alice": idle -> syn-received on RecvSYN`)
	p.until(`syn-received -> established on RecvACK`)
	alice.user.Do(client.Leave{})
	p.until(`established -> idle on RecvFIN`)
	if err := daemon.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.ends(1, "simplab: the daemon has ended the connection")
}

// screen is a simplab that runs at a terminal.
type screen struct {
	*process
	terminal *os.File
	shown    strings.Builder
}

// sit starts the real program at a terminal, which has to be as it was in the end.
func sit(t *testing.T, env []string, args ...string) *screen {
	t.Helper()
	terminal, far, err := pty.Open()
	if err != nil {
		t.Skipf("there is no terminal to be had: %v", err)
	}
	if err := pty.Setsize(far, &pty.Winsize{Rows: 24, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command("simplab", args...), lines: bufio.NewScanner(strings.NewReader(""))}
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "TERM=xterm"}, env...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = far, far, &p.errors
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	before, err := term.GetState(int(far.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		if after, err := term.GetState(int(far.Fd())); err != nil || *after != *before {
			t.Errorf("the terminal is not as it was (%v)", err)
		}
		_, _ = far.Close(), terminal.Close()
	})
	return &screen{process: p, terminal: terminal}
}

// sees reads what is drawn up to the words.
func (s *screen) sees(words string) {
	s.t.Helper()
	_ = s.terminal.SetReadDeadline(time.Now().Add(20 * time.Second))
	b := make([]byte, 4096)
	for !strings.Contains(s.shown.String(), words) {
		n, err := s.terminal.Read(b)
		if err != nil {
			s.t.Fatalf("nowhere is %q: %v\n%q", words, err, s.shown.String())
		}
		s.shown.Write(b[:n])
	}
}

// A person gets a picture in the terminal's second screen, which Ctrl-C ends.
func TestFollow_Live(t *testing.T) {
	for _, plain := range []bool{false, true} {
		var env []string
		mark := "\x1b[1;7m[established]\x1b[0m"
		if plain {
			env, mark = []string{"NO_COLOR=1"}, " [established] "
		}
		bob, alice := serve(t, "bob"), serve(t, "alice")
		s := sit(t, env, "fsm", "--follow", bob.ClientAddr().String())
		s.sees(enter)
		s.sees("No conversations")
		alice.user.Do(client.Invite{Peer: bob.Addr()})
		s.sees(mark)
		s.sees("rule syn-received/confirmed")
		if coloured := regexp.MustCompile(`\x1b\[[0-9;]*m`).MatchString(s.shown.String()); coloured == plain {
			t.Errorf("coloured: %t", coloured)
		}
		if _, err := io.WriteString(s.terminal, "\x03"); err != nil {
			t.Fatal(err)
		}
		s.sees(leave)
		s.ends(0, "")
	}
}

// When the daemon ends, the picture goes and the sentence stays.
func TestFollow_LiveEnds(t *testing.T) {
	bob := serve(t, "bob")
	s := sit(t, nil, "fsm", "--follow", bob.ClientAddr().String())
	s.sees("No conversations")
	bob.stop()
	s.sees(leave)
	s.ends(1, "the daemon has ended the connection")
}
