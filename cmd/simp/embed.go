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
	"simp/codec/client/foreign"
	"simp/engine"
	"simp/netio"
)

// embedded is a daemon within this process.
type embedded struct {
	cancel context.CancelFunc
	done   chan struct{}
	log    *os.File // nil: none
}

// attachment is how simp came to its daemon.
type attachment struct {
	link     *link
	embedded *embedded    // the daemon, where simp runs it itself
	foreign  foreign.Kind // what it speaks, where it is not simp's own; "": it is
}

// attach connects to the daemon at an address, and runs one there if nobody does and it may. The error is a sentence.
//
// A daemon of simp's own is looked for first: it may speak the foreign protocols too, and says most in its own. Only
// where none is are the others looked for.
func attach(ctx context.Context, opts *options, at flags.Address) (attachment, error) {
	addr := netip.AddrPortFrom(at.Addr, uint16(opts.ClientPort))
	if kind := foreign.Kind(opts.Protocol); kind == foreign.A || kind == foreign.B {
		l, err := dialForeign(ctx, addr, kind)
		if errors.Is(err, errNobody) {
			err = fmt.Errorf("%w: start that daemon first, or leave --daemon-protocol out", err)
		}
		return attachment{link: l, foreign: kind}, err
	}
	l, err := dial(ctx, addr)
	if err == nil {
		return attachment{link: l}, nil
	}
	if errors.Is(err, errNobody) && opts.Protocol == auto {
		l, kind, unfound := findForeign(ctx, addr)
		switch {
		case unfound == nil:
			// A daemon of simp's own that was just starting has answered in a foreign protocol before its own.
			if own, err := dial(ctx, addr); err == nil {
				l.close()
				return attachment{link: own}, nil
			}
			return attachment{link: l, foreign: kind}, nil
		case !errors.Is(unfound, errNobody):
			return attachment{}, unfound
		}
	}
	l, e, err := embedOrExplain(ctx, opts, at, err)
	return attachment{link: l, embedded: e}, err
}

// embedOrExplain runs a daemon where none was found, or says why it does not; err is what was found instead.
func embedOrExplain(ctx context.Context, opts *options, at flags.Address, err error) (*link, *embedded, error) {
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
	l, err := dial(ctx, addr)
	if err != nil {
		e.stop()
		return nil, nil, fmt.Errorf("the daemon of this program cannot be reached: %w", err)
	}
	return l, e, nil
}

// embed starts a daemon. It returns the address for its client also where it fails.
func embed(opts *options, at flags.Address) (*embedded, netip.AddrPort, error) {
	cfg := daemon.Config{IP: at.Addr, Port: uint16(opts.Port), ClientPort: uint16(opts.ClientPort), StateDir: daemon.DefaultStateDir(), Engine: engine.Defaults()}
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
