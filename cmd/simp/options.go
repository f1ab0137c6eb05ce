package main

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"simp/cmd/internal/flags"
	"simp/codec/client"
	"simp/codec/client/foreign"
)

const description = `Chat with SIMP, by address and without a server.

  simp [flags] [DAEMON-IP]          talk
  simp send [flags] PEER TEXT ...   send one message and end

Start it, give a name, and type the address of somebody who has started it too. For a try on one host: simp 127.0.0.1 in
one terminal, simp 127.0.0.2 in another.

DAEMON-IP is the address of your daemon, 127.0.0.1 if none is given ($SIMP_DAEMON). Where no daemon runs, simp runs one
itself, if the address is one of this host's.`

// options is the command line. Every flag can be given as an environment variable too; the flag wins.
type options struct {
	User       string         `env:"SIMP_USER" placeholder:"NAME" help:"Your name: 1 to 32 printable ASCII characters."`
	JSON       bool           `env:"SIMP_JSON" help:"For programs: speak the native client protocol on standard input and output. At the end of the input everything is delivered, or the exit status is 1."`
	ClientPort flags.Port     `env:"SIMP_CLIENT_PORT" default:"7778" placeholder:"7778" help:"Port at which the daemon takes its client: TCP, or UDP if it is another implementation."`
	Protocol   protocol       `name:"daemon-protocol" env:"SIMP_DAEMON_PROTOCOL" default:"auto" placeholder:"auto" help:"What the daemon speaks: native, or a or b, which are other implementations; auto finds out."`
	Port       flags.Port     `env:"SIMP_PORT" default:"7777" placeholder:"7777" help:"UDP port between daemons, if simp runs the daemon itself."`
	NoDaemon   bool           `env:"SIMP_NO_DAEMON" help:"Do not run a daemon if there is none."`
	LogFile    string         `env:"SIMP_LOG_FILE" placeholder:"FILE" type:"path" help:"Where the daemon that simp runs itself writes its log; none by default."`
	Retransmit flags.Duration `env:"SIMP_RETRANSMIT" default:"5s" hidden:"" help:"Retransmission time of the daemon that simp runs itself."`

	Version kong.VersionFlag `help:"Print the version."`

	Chat chatCommand `cmd:"" default:"withargs" hidden:"" help:"Talk: invite, be invited, chat. The default."`
	Send sendCommand `cmd:"" help:"Send one message and end: 0 if it was delivered, 3 no answer, 4 declined, 5 busy, 1 anything else."`
}

type chatCommand struct {
	Daemon flags.Address `arg:"" optional:"" name:"daemon-ip" env:"SIMP_DAEMON" default:"127.0.0.1" help:"Address of your daemon."`
}

type sendCommand struct {
	Daemon flags.Address  `env:"SIMP_DAEMON" default:"127.0.0.1" placeholder:"127.0.0.1" help:"Address of your daemon."`
	Wait   flags.Duration `default:"60s" placeholder:"60s" help:"How long to wait for each answer: to the invitation, to a message; 0: for ever."`
	Peer   peerArgument   `arg:"" help:"Address of the receiver's daemon: IP or IP:port."`
	Text   []string       `arg:"" help:"The message. - reads standard input instead: each line is a message, sent when the one before was delivered; empty lines are left out."`
}

// peerArgument is the address of another daemon.
type peerArgument struct{ netip.AddrPort }

// UnmarshalText reads an address as the native protocol does.
func (p *peerArgument) UnmarshalText(text []byte) error {
	var err error
	p.AddrPort, err = client.ParsePeer(string(text))
	return err
}

// protocol is what the daemon speaks with its client.
type protocol string

// The protocols besides the foreign ones.
const (
	auto   protocol = "auto"
	native protocol = "native"
)

// UnmarshalText reads the name of a protocol.
func (p *protocol) UnmarshalText(text []byte) error {
	switch name := protocol(text); name {
	case auto, native, protocol(foreign.A), protocol(foreign.B):
		*p = name
		return nil
	}
	return fmt.Errorf("%q is no protocol of a daemon: give auto, native, a or b", text)
}

// userName checks a name that was given; "" is none.
func userName(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	return client.ParseUser(s)
}

// sender is the name under which send speaks, which asks nobody: the one given, or the login name as far as it can be
// one.
func (o *options) sender() string {
	if o.User != "" {
		return o.User
	}
	return cleanName(os.Getenv("USER"))
}

func cleanName(login string) string {
	name := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, login)
	if name == "" {
		return "simp"
	}
	return name[:min(len(name), client.MaxUser)]
}

// input is where the messages of send come from.
func (c *sendCommand) input(stdin io.Reader, stdout io.Writer) console {
	if len(c.Text) == 1 && c.Text[0] == "-" {
		return newPipe(textLines(stdin, client.MaxLine), stdout)
	}
	return newPipe(oneLine(strings.Join(c.Text, " ")), stdout)
}
