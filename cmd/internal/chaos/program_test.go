package chaos

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// program is a process of ours.
type program struct {
	cmd   *exec.Cmd
	out   chan string // its standard output, line by line, closed at the end
	errs  notes       // its standard error
	ended chan struct{}
}

// launch starts one of the binaries; it ends with the test.
func launch(t *testing.T, input io.Reader, name string, args ...string) *program {
	t.Helper()
	p := &program{cmd: exec.Command(filepath.Join(binaries, name), args...), out: make(chan string, 1<<16), ended: make(chan struct{})}
	p.cmd.Stdin = input
	p.cmd.Stderr = &p.errs
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	go func() {
		s := bufio.NewScanner(out)
		s.Buffer(nil, 1<<22) // a closed event lists all that was not delivered
		for s.Scan() {
			p.out <- s.Text()
		}
		close(p.out)
		_ = p.cmd.Wait() // its result is in cmd.ProcessState
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s %s said:\n%s", name, strings.Join(args, " "), p.errs.all())
		}
	})
	return p
}

// kill ends the process as kill -9 does, and returns when it is gone.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	for range p.out {
		// Nobody wants what is left, but the process could not end while it is unread.
	}
	<-p.ended
}

// daemon is a simpd at an address.
type daemon struct {
	*program
	ip netip.Addr
}

// startDaemon starts a simpd that treats what it sends as the network of these tests does.
func startDaemon(t *testing.T, ip netip.Addr, seed int, state string) *daemon {
	t.Helper()
	d := &daemon{ip: ip}
	d.program = launch(t, nil, "simpd", "--log-format=json", fmt.Sprintf("--seed=%d", seed), "--state-dir="+state,
		"--drop=30%", "--duplicate=10%", "--reorder="+*reorder, "--delay=2ms", "--retransmit=20ms", ip.String())
	for range 1000 {
		if strings.Contains(d.errs.all(), `"listening"`) {
			return d
		}
		select {
		case <-d.ended:
			t.Fatalf("simpd has ended:\n%s", d.errs.all())
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatalf("simpd does not listen:\n%s", d.errs.all())
	return nil
}

// notes gathers what a process writes to its standard error.
type notes struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *notes) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(b)
}

func (n *notes) all() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.String()
}
