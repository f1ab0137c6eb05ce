package main

import (
	"io"
	"net/netip"
	"os"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"simp/cmd/internal/daemon"
	"simp/cmd/internal/version"
	"simp/codec"
	"simp/netio"
)

// logger returns the daemon's log. Many goroutines write it, and zerolog leaves it to its writer to keep lines whole.
func (o *options) logger(stderr io.Writer) zerolog.Logger {
	w := stderr
	if o.LogFormat == "console" {
		w = zerolog.ConsoleWriter{Out: stderr, NoColor: !coloured(stderr), TimeFormat: "15:04:05.000"}
	}
	level, err := zerolog.ParseLevel(o.LogLevel)
	if err != nil {
		level = zerolog.InfoLevel
	}
	return zerolog.New(zerolog.SyncWriter(w)).Level(level).With().Timestamp().Logger()
}

// coloured reports whether what is written to w is seen by somebody who has not asked for plain text (no-color.org).
func coloured(w io.Writer) bool {
	f, isFile := w.(*os.File)
	return isFile && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(f.Fd()))
}

// announce logs what the daemon has become. It is the first line, and whoever starts a daemon on any free port reads the
// ports there.
func (o *options) announce(log zerolog.Logger, d *daemon.Daemon, seed uint64) {
	log.Info().Stringer("addr", d.Addr()).Stringer("clients", d.ClientAddr()).Str("accept", string(o.Accept)).
		Str("version", version.String()).Msg("listening")
	if len(o.Record) > 0 {
		log.Info().Strs("files", o.Record).Msg("writing down everything that is heard and said, as asked for; only you may read it")
	}
	if o.Faults.Network() != (netio.Faults{}) {
		log.Warn().Stringer("drop", o.Faults.Drop).Stringer("duplicate", o.Faults.Duplicate).Stringer("reorder", o.Faults.Reorder).
			Stringer("delay", o.Faults.Delay).Uint64("seed", seed).Msg("harming what is sent, as asked for; the seed repeats it")
	}
}

// traced logs every datagram. It sits outside the faults: what the log shows as sent is what the daemon meant to send.
func traced(log zerolog.Logger) func(netio.Conn) netio.Conn {
	return func(c netio.Conn) netio.Conn {
		return netio.WithTap(c, func(dir netio.Direction, b []byte, peer netip.AddrPort) {
			line := log.Trace().Stringer("dir", dir).Stringer("peer", peer).Int("size", len(b))
			if d, _, err := codec.Decode(b); err != nil {
				line.Err(err).Msg("datagram")
			} else {
				line.Stringer("is", d).Msg("datagram")
			}
		})
	}
}
