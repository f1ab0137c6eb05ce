package main

import (
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"simp/codec"
)

var update = flag.Bool("update", false, "rewrite the output that the scripts expect")

// TestScripts runs the stories under testdata/script/simpd. Beside testscript's own commands they have
//
//	exits STATUS simpd ARGS...   runs simpd to its end
//	daemon NAME ARGS...          starts one and sets $NAME to its address, $NAME_IP, $NAME_PORT and $NAME_CLIENTS
//	log NAME REGEXP              waits until its log has such a line
//	signal NAME TERM|INT|KILL    sends it a signal
//	ended NAME STATUS            waits for its end; a signal's status is 'signal: terminated'
//	partner NAME DAEMON          opens a chat with a daemon that accepts all, as another program would
//	receives NAME KIND           waits until the daemon sends that partner such a datagram
//	holds FILE REGEXP            waits until a file of the daemon's has such a line
//	replays FILE... WORD         replays the parts of a recording: the same must come of it, and it ends whole, or killed
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script/simpd",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("COLUMNS", "80") // what help is wrapped to
			env.Values[stageKey{}] = &stage{processes: map[string]*process{}, partners: map[string]*partner{}}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    cmdExits,
			"daemon":   cmdDaemon,
			"log":      cmdLog,
			"signal":   cmdSignal,
			"ended":    cmdEnded,
			"partner":  cmdPartner,
			"receives": cmdReceives,
			"holds":    cmdHolds,
			"replays":  cmdReplays,
		},
	})
}

// stage is what one script has started.
type stage struct {
	processes map[string]*process
	partners  map[string]*partner
}

type stageKey struct{}

func stageOf(ts *testscript.TestScript) *stage {
	return ts.Value(stageKey{}).(*stage)
}

func (s *stage) process(ts *testscript.TestScript, name string) *process {
	p := s.processes[name]
	if p == nil {
		ts.Fatalf("no daemon %q has been started", name)
	}
	return p
}

// need ends the script unless a command got what it takes.
func need(ts *testscript.TestScript, ok bool, usage string) {
	if !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) >= 2, "exits STATUS simpd ARGS...")
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

func cmdDaemon(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) >= 1, "daemon NAME ARGS...")
	p, err := launch(environ(ts), args[1:]...)
	ts.Check(err)
	ts.Defer(p.kill)
	name := args[0]
	stageOf(ts).processes[name] = p
	at := netip.MustParseAddrPort(p.addr)
	ts.Setenv(name, p.addr)
	ts.Setenv(name+"_IP", at.Addr().String())
	ts.Setenv(name+"_PORT", fmt.Sprint(at.Port()))
	ts.Setenv(name+"_CLIENTS", fmt.Sprint(netip.MustParseAddrPort(p.clients).Port()))
}

// environ is the script's environment, as far as daemons care.
func environ(ts *testscript.TestScript) []string {
	env := []string{"PATH=" + os.Getenv("PATH")}
	for _, name := range strings.Fields(ts.Getenv("SIMPD_SET")) {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}

func cmdLog(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "log NAME REGEXP")
	want, err := regexp.Compile(args[1])
	ts.Check(err)
	line, err := stageOf(ts).process(ts, args[0]).log.await(want.MatchString)
	ts.Check(err)
	ts.Logf("%s", line)
}

func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "signal NAME TERM|INT|KILL")
	signals := map[string]os.Signal{"TERM": syscall.SIGTERM, "INT": os.Interrupt, "KILL": os.Kill}
	need(ts, signals[args[1]] != nil, "signal NAME TERM|INT|KILL")
	ts.Check(stageOf(ts).process(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}

func cmdEnded(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "ended NAME STATUS")
	got, err := stageOf(ts).process(ts, args[0]).status()
	ts.Check(err)
	if got != args[1] {
		ts.Fatalf("%s ended with %s, want %s", args[0], got, args[1])
	}
}

// partner is another program that speaks SIMP: nothing but a socket.
type partner struct {
	conn net.Conn
	user []byte
}

func cmdPartner(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "partner NAME DAEMON")
	s := stageOf(ts)
	conn, err := net.Dial("udp", s.process(ts, args[1]).addr)
	ts.Check(err)
	ts.Defer(func() { _ = conn.Close() })
	p := &partner{conn: conn, user: []byte(args[0])}
	s.partners[args[0]] = p
	ts.Check(p.send(codec.Datagram{Kind: codec.SYN}))
	ts.Check(p.receive("SYN+ACK"))
	ts.Check(p.send(codec.Datagram{Kind: codec.ACK}))
}

func cmdReceives(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "receives NAME KIND")
	p := stageOf(ts).partners[args[0]]
	need(ts, p != nil, "partner NAME DAEMON comes first")
	ts.Check(p.receive(args[1]))
}

func (p *partner) send(d codec.Datagram) error {
	d.User = p.user
	b, err := codec.Canonical.Append(nil, d)
	if err != nil {
		return err
	}
	_, err = p.conn.Write(b)
	return err
}

// receive waits for a datagram of that kind. Others, which can only be repeats, are left out.
func (p *partner) receive(kind string) error {
	if err := p.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	buf := make([]byte, codec.MaxReceive+1)
	for {
		n, err := p.conn.Read(buf)
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", kind, err)
		}
		d, _, err := codec.Decode(buf[:n])
		if err != nil {
			return err
		}
		if d.Kind.String() == kind {
			return nil
		}
	}
}
