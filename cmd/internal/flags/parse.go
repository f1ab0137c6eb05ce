// Package flags is what the command lines of this project's programs have in common: how they are read, how a mistake
// is answered, and the values in them (addresses, ports, times, probabilities).
//
// Every value is a type with UnmarshalText whose error is half a sentence that says what is expected, so that a flag, an
// environment variable and a test all get the same answer.
package flags

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"simp/cmd/internal/version"
)

// The exit statuses of all programs.
const (
	StatusOK     = 0 // what was asked for was done
	StatusFailed = 1 // it was understood and could not be done
	StatusUsage  = 2 // it was not understood
)

// Program is how a program presents itself.
type Program struct {
	Name        string // what to type
	Description string // for --help: paragraphs, the first of one sentence
}

// Parse reads a command line and the environment into grammar, a pointer to a struct with kong's tags. The context is
// nil when there is nothing left for the program to do but to end with the status: after --help, after --version, and
// after a mistake, which has then been explained on stderr.
func (p Program) Parse(grammar any, args []string, stdout, stderr io.Writer, options ...kong.Option) (*kong.Context, int) {
	// kong wants to end the process after --help and --version. It is told to go on, and what it makes of the rest of
	// the line does not matter any more.
	answered := false
	options = append([]kong.Option{
		kong.Name(p.Name),
		kong.Description(p.Description),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { answered = true }),
		kong.Vars{"version": p.Name + " " + version.String()},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: helpWidth}),
		kong.Help(func(options kong.HelpOptions, ctx *kong.Context) error {
			if answered {
				return nil // --version and --help: one answer
			}
			return kong.DefaultHelpPrinter(options, ctx)
		}),
	}, options...)
	parser, err := kong.New(grammar, options...)
	if err != nil {
		return nil, p.Complain(stderr, StatusUsage, fmt.Errorf("the command line's own description is wrong, which is a fault of the program: %w", err))
	}
	ctx, err := parser.Parse(args)
	switch {
	case answered:
		return nil, StatusOK
	case err != nil:
		return nil, p.Misused(stderr, err)
	}
	return ctx, StatusOK
}

// helpWidth is the most columns that help uses, however wide the terminal is: longer lines are hard to read.
const helpWidth = 100

// Misused answers a command line that makes no sense, and returns StatusUsage.
func (p Program) Misused(stderr io.Writer, err error) int {
	sentence, advises := reword(err)
	if !advises {
		sentence += fmt.Sprintf(" (see %q)", p.Name+" --help")
	}
	return p.Complain(stderr, StatusUsage, errors.New(sentence))
}

// reword puts kong's errors into words for people. advises tells that the sentence says what to do instead.
func reword(err error) (sentence string, advises bool) {
	sentence = err.Error()
	var value *valueError
	advises = errors.As(err, &value)
	if subject, detail, found := strings.Cut(sentence, ": "); found {
		switch {
		case strings.HasPrefix(subject, "[<"): // an argument, which has no name that anybody has typed
			sentence = detail
		case strings.HasPrefix(detail, "expected ") && strings.HasSuffix(detail, "(<EOL>)"):
			return subject + " needs a value", false
		}
	}
	// kong puts values of the environment into a new error, in which ours is text.
	if said, variable, found := strings.Cut(sentence, " (from envar "); found {
		return said + " (from the environment: " + variable, true
	}
	return sentence, advises
}

// Complain says in one line why the program ends, and returns the status.
func (p Program) Complain(stderr io.Writer, status int, err error) int {
	_, _ = fmt.Fprintf(stderr, "%s: %v\n", p.Name, err)
	return status
}
