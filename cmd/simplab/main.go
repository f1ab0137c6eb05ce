// Command simplab shows how the Simple IMC Messaging Protocol works, with the daemons that do the work every day.
//
//	simplab check       searches everything that can happen to two users, and judges it
//	simplab demo        plays a conversation between two users and draws it
//	simplab explain     says in plain words what broke the protocol in a capture
//	simplab fsm         shows the state machine, says what it does in a situation, and why, and follows that of a running daemon
//	simplab ladder      draws recorded conversations, with the datagrams that should have come
//	simplab replay      holds a recording against what our daemon would have done, or runs one of simpd again
//	simplab rules       lists what explain judges by
//	simplab sim         runs daemons in virtual time over a bad network, and judges whether they keep what they promise
//	simplab wireshark   writes a dissector, with which Wireshark shows what SIMP says
//
// Status 0 means that what was shown went as it should, 1 that it did not, 2 that the command line made no sense.
package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"simp/cmd/internal/flags"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

const description = `Watch SIMP, the Simple IMC Messaging Protocol, at work.`

// commands is the command line. A further command is a file with a type that has Run(lab) error, and a line here.
type commands struct {
	Check     checkCommand     `cmd:"" help:"Search everything that two users, their daemons and the network can do, and judge it."`
	Sim       simCommand       `cmd:"" help:"Run daemons in virtual time over a bad network, and judge whether they keep what they promise."`
	Demo      demoCommand      `cmd:"" help:"Play a conversation between two users through two daemons on this host, and draw it: datagrams, state machines, what the users see."`
	Fsm       fsmCommand       `cmd:"" help:"Show the state machine, from the table by which the daemon decides, ask it what happens in a situation and why, or follow that of a running daemon."`
	Ladder    ladderCommand    `cmd:"" help:"Draw the conversations of a capture, and in dashes the datagrams that should have come."`
	Replay    replayCommand    `cmd:"" help:"Replay a recording with our daemon in the place of those recorded, and say where it would have done otherwise."`
	Wireshark wiresharkCommand `cmd:"" help:"Write a dissector, with which Wireshark and tshark show what SIMP says."`
	Explain   explainCommand   `cmd:"" help:"Say in plain words what broke the protocol in a capture, and what that usually means in the program that sent it."`
	Rules     rulesCommand     `cmd:"" help:"List the rules by which explain judges, with the specification's sentences."`

	Version kong.VersionFlag `help:"Print the version."`
}

// lab is what a command works with.
type lab struct {
	ctx            context.Context //nolint:containedctx // it lives as long as one call of Run
	stdin          io.Reader
	stdout, stderr io.Writer

	harm func([]byte) []byte // of a test: what it makes of simulated datagrams
}

// misuse is the error of a command that could not make sense of what it was given, beyond what the flags tell by themselves.
type misuse struct{ error }

// Unwrap returns what made no sense.
func (m misuse) Unwrap() error { return m.error }

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	program := flags.Program{Name: "simplab", Description: description}
	var line commands
	parsed, status := program.Parse(&line, args, stdout, stderr)
	if parsed == nil {
		return status
	}
	if err := parsed.Run(lab{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr}); err != nil {
		status := flags.StatusFailed
		if errors.As(err, new(misuse)) {
			status = flags.StatusUsage
		}
		return program.Complain(stderr, status, err)
	}
	return flags.StatusOK
}
