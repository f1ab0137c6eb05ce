package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the output that the scripts expect")

// TestScripts runs the stories under testdata/script/simp. Beside testscript's own commands they have
//
//	exits STATUS PROGRAM ARGS...   runs a program to its end
//	start NAME PROGRAM ARGS...     starts one that goes on
//	type NAME LINE                 gives it a line of input
//	close NAME                     ends its input
//	shows NAME REGEXP              waits until a line of its output, behind those waited for before, matches
//	signal NAME TERM|INT           sends it a signal
//	ended NAME STATUS              waits for its end
//
// and the addresses $A to $E, where nobody else is.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script/simp",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state")) // no run knows what another has learned
			env.Setenv("COLUMNS", "80")                                       // what help is wrapped to
			env.Setenv("USER", "tester")
			h := newHosts()
			for i, name := range []string{"A", "B", "C", "D", "E"} {
				env.Setenv(name, h.ip(i))
			}
			env.Values[stageKey{}] = map[string]*actor{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  cmdExits,
			"start":  cmdStart,
			"type":   cmdType,
			"close":  cmdClose,
			"shows":  cmdShows,
			"signal": cmdSignal,
			"ended":  cmdEnded,
		},
	})
}

type stageKey struct{}

// actor is a program that a script has started.
type actor struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *transcript
	ended chan struct{}
}

func need(ts *testscript.TestScript, ok bool, usage string) {
	if !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

func actorOf(ts *testscript.TestScript, name string) *actor {
	a := ts.Value(stageKey{}).(map[string]*actor)[name]
	if a == nil {
		ts.Fatalf("no %q has been started", name)
	}
	return a
}

func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) >= 2, "exits STATUS PROGRAM ARGS...")
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		got = fmt.Sprint(exit.ExitCode())
	} else {
		ts.Check(err)
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) >= 2, "start NAME PROGRAM ARGS...")
	a := &actor{out: newTranscript(), ended: make(chan struct{})}
	a.cmd = exec.Command(args[1], args[2:]...)
	a.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "USER=tester"}
	a.cmd.Stderr = a.out
	a.cmd.Stdout = a.out
	var err error
	a.stdin, err = a.cmd.StdinPipe()
	ts.Check(err)
	ts.Check(a.cmd.Start())
	go func() {
		defer close(a.ended)
		_ = a.cmd.Wait() // the status is asked for by "ended"
	}()
	name := args[0]
	ts.Defer(func() {
		_ = a.cmd.Process.Kill()
		<-a.ended
		ts.Logf("[%s]\n%s", name, a.out.all())
	})
	ts.Value(stageKey{}).(map[string]*actor)[name] = a
}

func cmdType(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "type NAME LINE")
	_, err := io.WriteString(actorOf(ts, args[0]).stdin, args[1]+"\n")
	ts.Check(err)
}

func cmdClose(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "close NAME")
	ts.Check(actorOf(ts, args[0]).stdin.Close())
}

func cmdShows(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "shows NAME REGEXP")
	want, err := regexp.Compile(args[1])
	ts.Check(err)
	ts.Check(actorOf(ts, args[0]).out.await(want))
}

func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"TERM": syscall.SIGTERM, "INT": os.Interrupt}
	need(ts, !neg && len(args) == 2 && signals[args[1]] != nil, "signal NAME TERM|INT")
	ts.Check(actorOf(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}

func cmdEnded(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "ended NAME STATUS")
	a := actorOf(ts, args[0])
	select {
	case <-a.ended:
	case <-time.After(patience):
		ts.Fatalf("%s has not ended", args[0])
	}
	if got := fmt.Sprint(a.cmd.ProcessState.ExitCode()); got != args[1] {
		ts.Fatalf("%s ended with status %s, want %s", args[0], got, args[1])
	}
}

// transcript is the output of a program, line by line.
type transcript struct {
	mu    sync.Mutex
	lines []string
	part  string
	seen  int
	more  chan struct{} // closed, and replaced, when lines have come
}

func newTranscript() *transcript { return &transcript{more: make(chan struct{})} }

func (o *transcript) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := o.part + string(b)
	end := strings.LastIndexByte(text, '\n') + 1
	o.part = text[end:]
	if end > 0 {
		o.lines = append(o.lines, strings.Split(text[:end-1], "\n")...)
		close(o.more)
		o.more = make(chan struct{})
	}
	return len(b), nil
}

func (o *transcript) all() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.lines, "\n") + "\n" + o.part
}

func (o *transcript) await(want *regexp.Regexp) error {
	deadline := time.After(patience)
	for {
		o.mu.Lock()
		for i := o.seen; i < len(o.lines); i++ {
			if want.MatchString(o.lines[i]) {
				o.seen = i + 1
				o.mu.Unlock()
				return nil
			}
		}
		more := o.more
		o.mu.Unlock()
		select {
		case <-more:
		case <-deadline:
			return fmt.Errorf("no line matches %s", want)
		}
	}
}
