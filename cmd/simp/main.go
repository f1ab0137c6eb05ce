// Command simp is the client of the Simple IMC Messaging Protocol: chat by address, without a server.
//
//	simp [flags] [DAEMON-IP]              talk; in a terminal with a line editor, otherwise line by line
//	simp --json [flags] [DAEMON-IP]       pass the native client protocol through
//	simp send [flags] PEER TEXT...        send one message and end
//
// It attaches to the daemon at DAEMON-IP (127.0.0.1 if none is given). Where none answers at an address of this host,
// simp runs one itself for as long as it lasts. A daemon of two other implementations will do as well (--daemon-protocol).
//
// Exit status: 0 is success; 1 means that it could not be done, or that a message was not delivered; 2 that the command
// line made no sense. send also knows 3 (no answer), 4 (declined) and 5 (busy).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"simp/cmd/internal/flags"
	"simp/cmd/simp/internal/core"
	"simp/cmd/simp/internal/oneshot"
	"simp/cmd/simp/internal/relay"
	"simp/cmd/simp/internal/ui"
	"simp/codec/client"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// session is everything that one use of simp is made of.
type session struct {
	core    core.Core
	console console
	person  bool // what is shown is for a person; otherwise a note of ours goes to standard error
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	program := flags.Program{Name: "simp", Description: description}
	var opts options
	parsed, status := program.Parse(&opts, args, stdout, stderr)
	if parsed == nil {
		return status
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)

	s, at, err := prepare(&opts, parsed, stdin, stdout)
	if err != nil {
		return program.Misused(stderr, err)
	}
	a, err := attach(ctx, &opts, at)
	if err != nil {
		return program.Complain(stderr, flags.StatusFailed, err)
	}
	if a.embedded != nil {
		defer a.embedded.stop()
	}
	defer a.link.close()
	if err := s.console.open(); err != nil {
		return program.Complain(stderr, flags.StatusFailed, err)
	}
	defer s.console.close()
	switch {
	case a.embedded != nil:
		s.tell(stderr, fmt.Sprintf("No daemon was running at %s, so simp runs one until it ends.", at))
	case a.foreign != "":
		s.tell(stderr, fmt.Sprintf("The daemon at %s is not simp's own: protocol %s.", at, a.foreign))
	}
	d := driver{core: s.core, console: s.console, link: a.link, signals: signals, stderr: stderr, name: program.Name}
	status = d.run(ctx)
	signal.Stop(signals) // the goodbyes of the daemon may be cut short by one more Ctrl-C
	return status
}

// tell says something that is not the core's business.
func (s session) tell(stderr io.Writer, sentence string) {
	if s.person {
		_ = s.console.show(ui.Notice(sentence, s.console.columns()), "") // an error shows again at the next line
		return
	}
	_, _ = fmt.Fprintln(stderr, ui.Notice(sentence, 0)[0])
}

// prepare chooses the core and the console that the command line asks for, and the daemon.
func prepare(opts *options, parsed *kong.Context, stdin io.Reader, stdout io.Writer) (session, flags.Address, error) {
	if _, err := userName(opts.User); err != nil {
		return session{}, flags.Address{}, err
	}
	if parsed.Selected() != nil && parsed.Selected().Name == "send" {
		if opts.JSON {
			return session{}, flags.Address{}, errors.New("send takes a text, and --json is for talking: leave one of the two out")
		}
		sender := oneshot.New(oneshot.Options{User: opts.sender(), Peer: opts.Send.Peer.AddrPort, Wait: time.Duration(opts.Send.Wait)})
		return session{sender, opts.Send.input(stdin, stdout), false}, opts.Send.Daemon, nil
	}
	at := opts.Chat.Daemon
	if opts.JSON {
		return session{relay.New(opts.User), newPipe(exactLines(stdin), stdout), false}, at, nil
	}
	if in, out, ok := terminals(stdin, stdout); ok {
		return session{ui.New(ui.Options{User: opts.User}), newTerminal(in, out), true}, at, nil
	}
	return session{ui.New(ui.Options{User: opts.User, Pipe: true}), newPipe(textLines(stdin, client.MaxLine), stdout), true}, at, nil
}
