package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"simp/cmd/internal/watch"
	"simp/cmd/simplab/internal/protocol"
	"simp/fsm"
)

type fsmCommand struct {
	To    format   `default:"text" placeholder:"FORMAT" help:"How to show it: text, mermaid, dot, svg, json or markdown."`
	State *state   `placeholder:"NAME" help:"Only what can happen in this state, such as established."`
	On    *input   `placeholder:"INPUT" help:"Only what this input does, such as RecvACK."`
	Width *columns `placeholder:"N" help:"Fold text at this column; 0: never. Without it text is folded on a terminal only."`

	Why    *string        `placeholder:"QUESTION" help:"Say what happens in a situation, and why nothing else does: a state, an input, and what is known of both."`
	Follow *watch.Address `placeholder:"ADDR" help:"Show the machines of a running daemon on this host, live: IP address, if need be with its client port (IP:7778)."`
	Plain  bool           `help:"With --follow: a line for each step also on a terminal."`

	Words []string `arg:"" optional:"" name:"WORD" help:"The rest of the question."`
}

// Help is shown below the command's usage.
func (fsmCommand) Help() string {
	return "What is shown is the table by which the daemon decides. Rules of one state and input are tried from the top to the bottom. Next is = where " +
		"the state stays the same; numbers in brackets are sentences of PROTOCOL.md; what a rule does is shown by its first example, and (varies) " +
		"where it depends on the peer or on variables.\n\n" +
		"A question names a state, an input and what is known of both, in any order, in the words of testdata/fsm/matrix.golden, such as\n\n" +
		"    simplab fsm --why established RecvACK seq=1 in-flight\n\n" +
		"What it does not say is 0 or not so. " + fsm.Vocabulary() + "\n\n" +
		"To follow a daemon, give the address that it was started with: simplab fsm --follow 127.0.0.1. On a terminal each conversation is shown with " +
		"its state marked, its last step, and the sentence of PROTOCOL.md that it is about; elsewhere and with --plain each step is one line; " +
		"with --to json steps and datagrams are the events of the client protocol, one a line. Ctrl-C ends it with status 0; " +
		"where the daemon ends first, or cannot be followed, the status is 1."
}

// format is a way of showing the table.
type format struct {
	name string
	show func(v fsm.View, width int) string
}

func formats() []format {
	drawn := func(draw func(fsm.View) string) func(fsm.View, int) string {
		return func(v fsm.View, _ int) string { return draw(v) }
	}
	return []format{
		{"text", fsm.View.Text},
		{"mermaid", drawn(fsm.View.Mermaid)},
		{"dot", drawn(fsm.View.Graphviz)},
		{"svg", drawn(fsm.View.SVG)},
		{"json", drawn(fsm.View.JSON)},
		{"markdown", drawn(fsm.View.Markdown)},
	}
}

// UnmarshalText reads the name of a format.
func (f *format) UnmarshalText(text []byte) error {
	var names []string
	for _, known := range formats() {
		if known.name == string(text) {
			*f = known
			return nil
		}
		names = append(names, known.name)
	}
	return fmt.Errorf("%q is no format: there are %s", text, strings.Join(names, ", "))
}

// state is a state of the machine.
type state struct{ fsm.State }

// UnmarshalText reads a state's name.
func (s *state) UnmarshalText(text []byte) (err error) {
	s.State, err = fsm.ParseState(string(text))
	return err
}

// input is an input of the machine.
type input struct{ fsm.Input }

// UnmarshalText reads an input's name.
func (i *input) UnmarshalText(text []byte) (err error) {
	i.Input, err = fsm.ParseInput(string(text))
	return err
}

// columns is where lines are folded.
type columns int

// UnmarshalText reads a width.
func (c *columns) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 0 {
		return fmt.Errorf("%q is no width: give a number of columns, or 0 to fold nothing", text)
	}
	*c = columns(n)
	return nil
}

// Run shows the table, or answers the question.
func (c fsmCommand) Run(l lab) error {
	width := foldAt(l.stdout)
	if c.Width != nil {
		width = int(*c.Width)
	}
	switch {
	case c.Follow != nil:
		return c.follow(l)
	case c.Plain:
		return misuse{errors.New("--plain is a way to follow a daemon: give its address with --follow")}
	case c.Why != nil && (c.State != nil || c.On != nil || c.To.name != "text"):
		return misuse{errors.New("--why names its state and its input itself and answers in text: leave out --state, --on and --to")}
	case c.Why != nil:
		return c.explain(l, width)
	case len(c.Words) > 0:
		return misuse{fmt.Errorf("%q is part of no question: begin one with --why", c.Words[0])}
	}
	v := fsm.Whole()
	if c.State != nil {
		v = v.In(c.State.State)
	}
	if c.On != nil {
		v = v.On(c.On.Input)
	}
	return l.print(c.To.show(v, width))
}

func (c fsmCommand) explain(l lab, width int) error {
	q, err := fsm.ParseQuestion(*c.Why + " " + strings.Join(c.Words, " "))
	if err != nil {
		return misuse{fmt.Errorf("--why: %w", err)}
	}
	return l.print(q.Answer().Text(width, protocol.Sentence))
}

// readable is the most columns that a text should have.
const readable = 100

// foldAt is where to fold what is written to w: nowhere if that is no terminal, so that programs get whole lines.
func foldAt(w io.Writer) int { return min(terminalWidth(w), readable) }

// terminalWidth is how many columns the terminal has to which is written; 0: it is none.
func terminalWidth(w io.Writer) int {
	f, isFile := w.(*os.File)
	if !isFile {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}
