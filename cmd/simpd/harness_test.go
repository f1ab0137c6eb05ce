package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes simpd a command that the tests start as a process of its own: signals, exit statuses and sockets are
// the real ones.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"simpd": main})
}

// patience is how long tests wait for what should happen at once. It decides only how soon a failure is reported.
const patience = 20 * time.Second

// feed is the lines that somebody writes, to be waited for.
type feed struct {
	lines chan string // closed at the end
	past  []string    // what was taken, for failures
}

// follow reads lines from r until it ends.
func follow(r io.Reader) *feed {
	f := &feed{lines: make(chan string, 1<<16)}
	go func() {
		defer close(f.lines)
		s := bufio.NewScanner(r)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			f.lines <- s.Text()
		}
	}()
	return f
}

var errEnded = errors.New("it has ended")

// next waits for one more line. The error is errEnded when there is none.
func (f *feed) next() (string, error) { return f.within(patience) }

func (f *feed) within(d time.Duration) (string, error) {
	select {
	case line, more := <-f.lines:
		if !more {
			return "", errEnded
		}
		f.past = append(f.past, line)
		return line, nil
	case <-time.After(d):
		return "", fmt.Errorf("nothing came for %v", d)
	}
}

// await waits for the first line that matches and leaves out those before it.
func (f *feed) await(match func(string) bool) (string, error) {
	for {
		line, err := f.next()
		if err != nil {
			return "", fmt.Errorf("%w; what came was:\n%s", err, strings.Join(f.past, "\n"))
		}
		if match(line) {
			return line, nil
		}
	}
}

// process is a simpd that runs.
type process struct {
	cmd           *exec.Cmd
	log           *feed
	addr, clients string // where it listens, as its log says
	ended         chan struct{}
}

// launch starts simpd on free ports and waits until it listens.
func launch(env []string, args ...string) (*process, error) {
	args = slices.Concat([]string{"--port=0", "--client-port=0", "--log-format=json"}, args)
	p := &process{cmd: exec.Command("simpd", args...), ended: make(chan struct{})}
	if p.cmd.Env = env; env == nil {
		p.cmd.Env = os.Environ()
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stderr = w
	err = p.cmd.Start()
	_ = w.Close()
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	p.log = follow(r)
	go func() {
		_ = p.cmd.Wait() // its result is in cmd.ProcessState
		close(p.ended)
	}()
	first, err := p.log.next()
	if err != nil {
		p.kill()
		return nil, fmt.Errorf("simpd %q says nothing: %w", args, err)
	}
	var line struct{ Message, Addr, Clients string }
	if err := json.Unmarshal([]byte(first), &line); err != nil || line.Message != "listening" {
		p.kill()
		return nil, fmt.Errorf("simpd %q does not listen: %s", args, first)
	}
	p.addr, p.clients = line.Addr, line.Clients
	return p, nil
}

// status waits for the end and returns how it ended: a number, or the name of the signal.
func (p *process) status() (string, error) {
	select {
	case <-p.ended:
	case <-time.After(patience):
		return "", fmt.Errorf("simpd has not ended for %v", patience)
	}
	if code := p.cmd.ProcessState.ExitCode(); code >= 0 {
		return fmt.Sprint(code), nil
	}
	return p.cmd.ProcessState.String(), nil // "signal: terminated"
}

// interrupt asks the process to end, and waits until it has.
func (p *process) interrupt(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if got, err := p.status(); err != nil || got != "0" {
		t.Errorf("the daemon ends with %s, %v; want status 0", got, err)
	}
}

// kill ends the process if it still runs, and returns when it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// start launches a daemon that ends with the test.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p, err := launch(nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			for line := range p.log.lines {
				p.log.past = append(p.log.past, line)
			}
			t.Logf("log of the daemon at %s:\n%s", p.addr, strings.Join(p.log.past, "\n"))
		}
	})
	return p
}

// logged waits until the daemon's log says something.
func (p *process) logged(t *testing.T, what string) {
	t.Helper()
	if _, err := p.log.await(func(line string) bool { return strings.Contains(line, what) }); err != nil {
		t.Fatalf("waiting for %q in the log: %v", what, err)
	}
}
