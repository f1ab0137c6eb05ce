package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"simp/cmd/internal/daemon"
	"simp/engine"
)

// patience is how long a test waits for something that happens at once on an idle machine.
const patience = 30 * time.Second

// TestMain makes this binary the programs that the tests start: real processes, which count for coverage.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"simp":     main,
		"answerer": answerer,
	})
}

// answerer is a daemon without a client, as simpd is one: answerer auto|never IP.
func answerer() {
	cfg := daemon.Config{IP: netip.MustParseAddr(os.Args[2]), Port: 7777, ClientPort: 7778, Engine: engine.Defaults()}
	cfg.Engine.Accept = engine.Accept(os.Args[1])
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	d, err := daemon.Open(cfg)
	if err == nil {
		fmt.Println("ready")
		err = d.Run(ctx)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// hosts gives each test addresses of its own, which other tests and other runs do not use: programs on one host tell
// each other apart by their loopback address, and all of them use the usual ports.
type hosts struct{ net byte }

var usedNets atomic.Uint32 // tests run in parallel

func newHosts() hosts { return hosts{net: byte(usedNets.Add(1))} } //nolint:gosec // wraps after 256 tests

func (h hosts) ip(n int) string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 1+(pid>>2)%250, h.net, 1+(pid&3)*50+n)
}
