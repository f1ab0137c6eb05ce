package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/rs/zerolog"

	"simp/cmd/internal/daemon"
	"simp/cmd/internal/flags"
	"simp/cmd/internal/version"
	"simp/engine"
	"simp/netio"
)

// embedded is a daemon within this process.
type embedded struct {
	cancel context.CancelFunc
	done   chan struct{}
	log    *os.File // nil: none
}

// attach connects to the daemon at an address, and runs one there if nobody does and it may. The error is a sentence.
func attach(ctx context.Context, opts *options, at flags.Address) (*link, *embedded, error) {
	addr := netip.AddrPortFrom(at.Addr, uint16(opts.ClientPort))
	l, err := dial(ctx, addr)
	if err == nil {
		return l, nil, nil
	}
	switch {
	case !errors.Is(err, errNobody):
		return nil, nil, err
	case opts.NoDaemon:
		return nil, nil, fmt.Errorf("%w, and --no-daemon forbids to run a daemon: start simpd %s first, or leave --no-daemon out", err, at)
	case !netio.IsLocal(at.Addr):
		return nil, nil, fmt.Errorf("%w, and it is another host's address: start simpd there and let this host in (--client-allow), or give an address of this host", err)
	}
	e, addr, err := embed(opts, at)
	if err != nil {
		// Another simp may have started its daemon at this very moment.
		if l, again := dial(ctx, addr); again == nil {
			return l, nil, nil
		}
		return nil, nil, fmt.Errorf("no daemon can be run: %w", err)
	}
	if l, err = dial(ctx, addr); err != nil {
		e.stop()
		return nil, nil, fmt.Errorf("the daemon of this program cannot be reached: %w", err)
	}
	return l, e, nil
}

// embed starts a daemon. It returns the address for its client also where it fails.
func embed(opts *options, at flags.Address) (*embedded, netip.AddrPort, error) {
	cfg := daemon.Config{IP: at.Addr, Port: uint16(opts.Port), ClientPort: uint16(opts.ClientPort), Engine: engine.Defaults()}
	cfg.Engine.Retransmit = time.Duration(opts.Retransmit)
	cfg.Engine.Version = version.String()
	addr := netip.AddrPortFrom(at.Addr, cfg.ClientPort)
	e := &embedded{done: make(chan struct{})}
	if opts.LogFile != "" {
		f, err := os.OpenFile(opts.LogFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, addr, fmt.Errorf("its log cannot be written: %w; give another --log-file", err)
		}
		e.log = f
		cfg.Engine.Log = zerolog.New(zerolog.SyncWriter(f)).With().Timestamp().Logger()
	}
	d, err := daemon.Open(cfg)
	if err != nil {
		e.closeLog()
		return nil, addr, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	go func() {
		defer close(e.done)
		if err := d.Run(ctx); err != nil {
			cfg.Engine.Log.Error().Err(err).Msg("stopped") // the client notices by its connection
		}
	}()
	return e, d.ClientAddr(), nil
}

// stop lets the daemon say goodbye to its partners and waits until it has.
func (e *embedded) stop() {
	e.cancel()
	<-e.done
	e.closeLog()
}

func (e *embedded) closeLog() {
	if e.log != nil {
		_ = e.log.Close()
	}
}
