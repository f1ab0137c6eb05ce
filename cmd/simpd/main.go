// Command simpd is the daemon of the Simple IMC Messaging Protocol: it talks to other daemons over UDP on behalf of one
// user, whose client attaches over TCP.
//
//	simpd [flags] [IP]
//
// It serves until it gets SIGINT or SIGTERM. Then it says goodbye to all partners, waits for their confirmation for one
// retransmission time at most, and ends with status 0. A second signal ends it at once, by that signal: status 130 or
// 143 in a shell. Status 1 means that it could not run, 2 that its command line made no sense.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/rs/zerolog"

	"simp/cmd/internal/daemon"
	"simp/cmd/internal/flags"
	"simp/engine"
)

func main() {
	engine.TuneCollector()
	// Set once, before anything runs, because zerolog keeps it in a variable of its own: a protocol's log is read in
	// milliseconds.
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program. Standard input is not read: a daemon has none.
func run(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	program := flags.Program{Name: "simpd", Description: description}
	var opts options
	if parsed, status := program.Parse(&opts, args, stdout, stderr); parsed == nil {
		return status
	}
	log := opts.logger(stderr)
	cfg, err := opts.config(log)
	if err != nil {
		return program.Misused(stderr, err)
	}

	signals, restore := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer restore()
	d, err := daemon.Open(cfg)
	if err != nil {
		return program.Complain(stderr, flags.StatusFailed, err)
	}
	opts.announce(log, d, cfg.Seed)

	// The first signal is announced before it takes effect, so that the log tells what happened in its order. After it
	// the system's own treatment is back: the second one kills.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	unhook := context.AfterFunc(signals, func() {
		restore()
		log.Info().AnErr("cause", context.Cause(signals)).Msg("saying goodbye to all partners; a second signal ends this at once")
		stop()
	})
	defer unhook()
	if err := d.Run(serving); err != nil {
		return program.Complain(stderr, flags.StatusFailed, fmt.Errorf("the daemon had to stop and can be started again: %w", err))
	}
	return flags.StatusOK
}
