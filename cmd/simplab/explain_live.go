package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"simp/cmd/simplab/internal/explain"
)

// remembered is for how many retransmission times a conversation that is over is waited for live, before what was found in it is
// told: the third copy of a FIN comes after two.
const remembered = 4

// live judges what goes on until somebody ends it.
func (c explainCommand) live(l lab) error {
	if len(c.Files) > 1 {
		return misuse{errors.New("--live judges one daemon or interface: give one")}
	}
	where := ""
	if len(c.Files) == 1 {
		where = c.Files[0]
	}
	ctx, stop := signal.NotifyContext(l.ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	from, err := openLive(ctx, where, c.Port, "simplab explain --live ADDR")
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return misuse{err}
	}
	defer from.close()
	_, _ = fmt.Fprintf(l.stderr, "Judging %s; Ctrl-C ends.\n", from.name)
	out := bufio.NewWriter(l.stdout)
	e := explainer{command: c, out: out, writer: c.writer(l, out)}
	source := explain.Source{Timed: true, Live: true, Name: from.name, Start: time.Now()}
	err = unlessStuck(ctx, func() error {
		var unread []error
		if err := e.judge(&source, watching(ctx, from)); err != nil {
			unread = append(unread, err)
		}
		return e.close(unread)
	})
	if errors.Is(err, context.Canceled) {
		return errors.New("nobody reads what is found")
	}
	return err
}

// errQuiet says that a live source has shown nothing.
var errQuiet = errors.New("no datagram between daemons has been sent")

// watching is a source: what is sent while it is read, until ctx ends.
func watching(ctx context.Context, from liveSource) packetSource {
	return func(to *judging) error {
		news, ended, taken := from.pump(ctx)
		tick := time.NewTicker(slack)
		defer tick.Stop()
		for {
			select {
			case n := <-news:
				if n.gap == "" {
					to.packet(n.packet)
				}
				taken <- struct{}{}
			case <-tick.C:
				to.judge.Advance(time.Now().Add(-slack))
			case err := <-ended:
				if ctx.Err() == nil {
					return misuse{fmt.Errorf("%s: %w", from.name, err)}
				}
				return to.quiet(from)
			case <-ctx.Done():
				return to.quiet(from)
			}
		}
	}
}

// quiet is what is to be said of a live source that has shown nothing; nil if it has.
func (j *judging) quiet(from liveSource) error {
	if j.begun {
		return nil
	}
	return misuse{fmt.Errorf("%s: %w", from.name, errQuiet)}
}
