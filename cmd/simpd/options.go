package main

import (
	"errors"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"simp/cmd/internal/daemon"
	"simp/cmd/internal/flags"
	"simp/cmd/internal/recorder"
	"simp/cmd/internal/version"
	"simp/engine"
)

const description = `Run a SIMP daemon.

It talks to other daemons over UDP on behalf of one user, whose client (simp) attaches over TCP. Without flags it serves
127.0.0.1, for trying things out; give an address of this host to be reached by others.`

// options is the command line. Every flag can be given as an environment variable too; the flag wins.
type options struct {
	IP flags.Address `arg:"" optional:"" name:"IP" env:"SIMPD_IP" default:"127.0.0.1" help:"Own address, one of this host's."`

	Port       flags.Port    `env:"SIMPD_PORT" default:"7777" placeholder:"7777" help:"UDP port between daemons; 0: any free one."`
	ClientPort flags.Port    `env:"SIMPD_CLIENT_PORT" default:"7778" placeholder:"7778" help:"Port for the client: TCP, and UDP for clients of other implementations; 0: any free one."`
	Allow      []flags.Hosts `name:"client-allow" env:"SIMPD_CLIENT_ALLOW" placeholder:"HOST" help:"Let clients of these addresses or networks in, beside this host's own."`

	LegacyClients bool `env:"SIMPD_LEGACY_CLIENTS" default:"true" negatable:"" help:"Serve the clients of other implementations, which speak datagrams."`

	MaxChats         flags.Count     `env:"SIMPD_MAX_CHATS" default:"1" placeholder:"1" help:"Chats that the user may have at once."`
	Accept           engine.Accept   `env:"SIMPD_ACCEPT" default:"ask" enum:"ask,auto,never" placeholder:"ask" help:"What to do with invitations: ask the user, accept all (auto), or decline all (never)."`
	Retransmit       flags.Duration  `env:"SIMPD_RETRANSMIT" default:"5s" placeholder:"5s" help:"Time without an answer until a datagram is sent again."`
	InvitationExpiry flags.Duration  `env:"SIMPD_INVITATION_EXPIRY" default:"5m" placeholder:"5m" help:"Time until an unanswered invitation is given up."`
	Dialects         []flags.Dialect `name:"dialect" env:"SIMPD_DIALECT" placeholder:"ADDR=NAME" help:"Treat the peer at this address as one of this kind (native, standard, a to f), whatever it sends."`
	StateDir         *string         `env:"SIMPD_STATE_DIR" placeholder:"DIR" help:"Where to remember what kind of implementation runs at which address; an empty DIR for nowhere. Default: a folder of the user's own."`
	Plain            bool            `env:"SIMPD_PLAIN" help:"Do not announce what this daemon can do beyond the specification."`

	Record    []string   `name:"record" type:"path" env:"SIMPD_RECORD" placeholder:"FILE" help:"Write everything that this daemon hears and says into FILE: .pcapng for Wireshark, .jsonl to be replayed exactly by simplab; may be given twice. What was there is replaced."`
	RecordMax flags.Size `name:"record-max" env:"SIMPD_RECORD_MAX" placeholder:"SIZE" help:"Go on in another file (FILE-2, FILE-3, ...) when one has this size, such as 10M."`

	LogLevel  string `env:"SIMPD_LOG_LEVEL" default:"info" enum:"trace,debug,info,warn,error" placeholder:"info" help:"What goes to standard error: error, warn, info, debug (every step) or trace (every datagram)."`
	LogFormat string `env:"SIMPD_LOG_FORMAT" default:"console" enum:"console,json" placeholder:"console" help:"console for people, json for programs."`

	Faults flags.Faults `embed:"" envprefix:"SIMPD_" group:"Faults, for teaching: what this daemon does to the datagrams that it sends"`

	Version kong.VersionFlag `help:"Print the version."`
}

// config returns what the options ask for. The error is a sentence about a value that makes no sense.
func (o *options) config(log zerolog.Logger) (daemon.Config, error) {
	cfg := daemon.Config{
		IP: o.IP.Addr, Port: uint16(o.Port), ClientPort: uint16(o.ClientPort), LegacyClients: o.LegacyClients,
		Engine: engine.Config{
			MaxChats: int(o.MaxChats), Accept: o.Accept, Retransmit: time.Duration(o.Retransmit),
			InvitationExpiry: time.Duration(o.InvitationExpiry), Plain: o.Plain, Dialects: flags.Dialects(o.Dialects), Version: version.String(), Log: log,
		},
		Faults: o.Faults.Network(), Seed: o.Faults.ChooseSeed(), StateDir: daemon.DefaultStateDir(),
	}
	if o.StateDir != nil {
		cfg.StateDir = *o.StateDir
	}
	cfg.Record, cfg.RecordMax = o.Record, int64(o.RecordMax)
	if err := recorder.Check(o.Record); err != nil {
		return cfg, err
	}
	if len(o.Record) == 0 && o.RecordMax > 0 {
		return cfg, errors.New("--record-max needs --record: without it nothing is recorded")
	}
	if len(o.Allow) > 0 {
		cfg.Allow = flags.Admit(o.Allow)
	}
	if log.GetLevel() <= zerolog.TraceLevel {
		cfg.Wrap = traced(log)
	}
	if err := cfg.Engine.Validate(); err != nil {
		return cfg, err
	}
	return cfg, cfg.Faults.Validate()
}
