package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"simp/cmd/internal/flags"
	"simp/cmd/simplab/internal/explain"
	"simp/engine/follow"
	"simp/engine/rules"
)

type explainCommand struct {
	Files []string `arg:"" optional:"" name:"FILE" help:"A capture (pcap or pcapng); - or none: standard input, a capture or datagrams in hexadecimal."`

	Live bool `help:"Judge what goes on now, until Ctrl-C. Instead of FILE, give the address of a daemon on this host (without one, 127.0.0.1), or the name of an interface."`

	JSON     bool     `name:"json" help:"Write JSON, for programs: an object with version, sources, tally and verdict; see below."`
	Markdown bool     `help:"Write Markdown."`
	Width    *columns `placeholder:"N" help:"Fold text at this column; 0: never. Without it text is folded on a terminal only."`

	Port       uint16         `default:"7777" placeholder:"N" help:"The port of the daemons."`
	Retransmit flags.Duration `default:"5s" placeholder:"T" help:"Time after which the daemons send again what has no answer."`
	Lossless   bool           `help:"The network has lost, doubled and reordered nothing, and the capture has everything: what is missing was not sent."`
}

// Help is shown below the command's usage.
func (explainCommand) Help() string {
	return "Says what broke the protocol: which packet, which rule (see simplab rules), what was seen and expected, and what that usually means in the program " +
		"that sent it. What follows from something else stands below it. Perhaps means that the network may have done it. Both daemons may be anybody's.\n\n" +
		"Datagrams in hexadecimal stand one on a line; blanks, colons and 0x do not matter, and # begins a comment. In front of it > says that the first side sent it, " +
		"< the second side, and in front of that a time may stand, counted from the beginning:\n\n" +
		"    0.503s > 01020061 6c696365...\n\n" +
		"Without times, each comes soon after the one before, and a copy when a timer would send it. A datagram without a direction is judged by itself, by how it is " +
		"written (rules dg/...). A packet's number is its line.\n\n" +
		"The JSON has, for each of sources: name, conversations (those with findings: conversation, first, packets, late, parties, findings), tally " +
		"(datagrams, conversations, others, cut, violations, possible, deviations, remarks), and broken if it could not be read to its end. A finding has rule, name, severity, " +
		"unsure, packet, time, by, user, seen, expected, sentence, ref, usually, count, more and consequences.\n\n" +
		"--live needs no rights to judge a daemon of this host, which tells what it sends and receives; an interface can be captured where that is permitted (Linux). " +
		"What is found in a conversation is told when it is over.\n\n" +
		"Status 0: nothing is violated; 1: something certainly is; 2: nobody can tell from these packets, or something could not be read."
}

// The errors that make the status. What they are about stands in the output.
var (
	errRuleBroken = errors.New("the protocol was violated: see above")
	errUnclear    = errors.New("nobody can tell from these packets whether the protocol was violated")
	errNoInput    = errors.New("it is empty: give a capture, or datagrams in hexadecimal, one on a line")
	errLossy      = fmt.Errorf("%w: if the network has lost nothing, and the capture has everything, say so with --lossless", errUnclear)
)

// packetSource hands on packets until there are no more: to packet, and where time passes without one also to the judge. Its error
// is about what could not be read.
type packetSource func(to *judging) error

// Run explains.
func (c explainCommand) Run(l lab) error {
	switch {
	case c.JSON && c.Markdown:
		return misuse{errTwoForms}
	case c.Port == 0:
		return misuse{errors.New("--port: nobody has the port 0: give one from 1 to 65535")}
	case c.Retransmit == 0:
		return misuse{errors.New("--retransmit: nobody can wait for no time: give one such as 5s")}
	}
	if c.Live {
		return c.live(l)
	}
	if len(c.Files) == 0 {
		c.Files = []string{"-"}
	}
	out := bufio.NewWriter(l.stdout)
	e := explainer{command: c, out: out, writer: c.writer(l, out)}
	var unread []error
	for _, file := range c.Files {
		source := explain.Source{Timed: true}
		if len(c.Files) > 1 || c.JSON {
			source.Name = file
		}
		from := c.capture(l, file, nil)
		if file == "-" {
			var err error
			if from, err = c.input(l, &source); err != nil {
				from = func(*judging) error { return err }
			}
		}
		if err := e.judge(&source, from); err != nil {
			unread = append(unread, err)
		}
	}
	return e.close(unread)
}

func (c explainCommand) writer(l lab, to io.Writer) explain.Writer {
	switch {
	case c.JSON:
		return explain.JSON(to)
	case c.Markdown:
		return explain.Markdown(to)
	}
	width := foldAt(l.stdout)
	if c.Width != nil {
		width = int(*c.Width)
	}
	return explain.Text(to, width, coloured(l.stdout))
}

// capture is a source: a capture.
func (c explainCommand) capture(l lab, name string, from io.Reader) packetSource {
	return func(to *judging) error {
		bar := newProgress(l.stderr, "judging", time.Now)
		defer bar.end()
		var t traffic
		defer func() { to.tally.Cut, to.tally.Others = t.Cut, t.Others+t.Clients }()
		return t.read(name, from, c.Port, bar, func(p follow.Packet) error {
			to.source.Start = t.Began
			to.packet(p)
			return nil
		})
	}
}

// input is a source: a capture on standard input, or else datagrams in hexadecimal.
func (c explainCommand) input(l lab, source *explain.Source) (packetSource, error) {
	const name = "standard input"
	if f, isFile := l.stdin.(*os.File); isFile && term.IsTerminal(int(f.Fd())) {
		_, _ = io.WriteString(l.stderr, "Write datagrams in hexadecimal, one on a line, and end with Ctrl-D.\n")
	}
	in := bufio.NewReader(l.stdin)
	head, err := in.Peek(4)
	switch {
	case len(head) == 0 && errors.Is(err, io.EOF):
		return nil, misuse{fmt.Errorf("%s: %w", name, errNoInput)}
	case err != nil && !errors.Is(err, io.EOF):
		return nil, misuse{fmt.Errorf("%s: it cannot be read: %w", name, err)}
	case notText(head):
		return c.capture(l, name, in), nil
	}
	h := hexReader{name: name, retransmit: time.Duration(c.Retransmit)}
	source.Who, source.Lone = h.who, h.lone
	return func(to *judging) error { return h.read(in, to) }, nil
}

// notText reports whether something begins as no text does: a capture, most likely.
func notText(head []byte) bool {
	if bytes.Equal(head, []byte("\n\r\r\n")) { // pcapng
		return true
	}
	return bytes.ContainsFunc(head, func(r rune) bool { return (r < ' ' || r > '~') && !strings.ContainsRune("\t\r\n\ufeff", r) })
}

// explainer judges sources, one after the other.
type explainer struct {
	command explainCommand
	out     *bufio.Writer
	writer  explain.Writer
	total   explain.Tally
}

// judging is one source on its way through the judge.
type judging struct {
	source *explain.Source
	tally  explain.Tally
	judge  *rules.Judge
	begun  bool
	writer explain.Writer
	out    *bufio.Writer
}

// judge judges a source, and returns what is to be said of it if it could not be read.
func (e *explainer) judge(source *explain.Source, from packetSource) error {
	j := &judging{source: source, writer: e.writer, out: e.out}
	o := follow.Options{Retransmit: time.Duration(e.command.Retransmit)}
	if source.Live {
		o.Remember = remembered * o.Retransmit
	}
	j.judge = rules.New(rules.Options{Options: o, Lossless: e.command.Lossless}, j.report)
	err := from(j)
	if !j.begun {
		e.writer.Unread(source, reason(err))
		return err
	}
	j.judge.Finish()
	e.total = e.total.Plus(j.tally)
	e.writer.End(j.tally, reason(err))
	return err
}

// reason is what is wrong with a source, without its name.
func reason(err error) error {
	if m := (misuse{}); errors.As(err, &m) && errors.Unwrap(m.error) != nil {
		return errors.Unwrap(m.error)
	}
	return err
}

// packet judges a packet.
func (j *judging) packet(p follow.Packet) {
	if !j.begun {
		j.writer.Begin(j.source)
		j.begun = true
	}
	j.tally.Datagrams++
	j.judge.Packet(p)
}

// report writes what was found in a conversation.
func (j *judging) report(r *rules.Report) {
	if j.source.Lone != nil && j.source.Lone(r) {
		r.Findings = aboutForm(r.Findings)
	} else {
		j.tally.Conversations++
	}
	j.tally.Add(r)
	j.writer.Report(r)
	if j.source.Live {
		_ = j.out.Flush() // the writer keeps the error
	}
}

// aboutForm is the findings that are about how a datagram is written.
func aboutForm(all []*rules.Finding) []*rules.Finding {
	var form []*rules.Finding
	for _, f := range all {
		if strings.HasPrefix(f.Rule.ID, "dg/") {
			f.Consequences = aboutForm(f.Consequences)
			form = append(form, f)
		}
	}
	return form
}

// close ends the output, and returns the error that makes the status.
func (e *explainer) close(unread []error) error {
	verdict := e.total.Verdict()
	err := e.writer.Close(e.total)
	if err == nil {
		err = e.out.Flush()
	}
	if err != nil {
		return fmt.Errorf("the explanation could not be written: %w", err)
	}
	switch {
	case len(unread) > 0:
		return misuse{errors.Join(unread...)}
	case verdict == explain.Violated:
		return errRuleBroken
	case verdict == explain.Unclear && e.command.Lossless:
		return misuse{errUnclear}
	case verdict == explain.Unclear:
		return misuse{errLossy}
	}
	return nil
}
