package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"simp/cmd/internal/flags"
	"simp/cmd/simplab/internal/ladder"
	"simp/engine/follow"
	"simp/netio/pcap"
)

type ladderCommand struct {
	File string `arg:"" optional:"" placeholder:"FILE" help:"A capture, as tcpdump, Wireshark and simpd --record write them; - is the input."`

	To    *ladderForm `placeholder:"FORMAT" help:"How to draw: text (the default), plain, json, svg, mermaid or html."`
	Plain bool        `help:"The same as --to plain: one whole line for each event, for screen readers and for diff."`
	Out   string      `type:"path" placeholder:"FILE" help:"Write to this file instead of the output (-)."`
	Width *columns    `placeholder:"N" help:"How wide text is drawn; without it as wide as the terminal, or 100 columns."`

	Conversation *flags.Count `placeholder:"N" help:"Only the conversation with this number."`
	Peer         *party       `placeholder:"ADDR" help:"Only conversations of this address, with or without a port."`

	Live bool `help:"Draw what goes on now, until Ctrl-C. Instead of FILE, give the address of a daemon on this host (without one, 127.0.0.1), or the name of an interface."`

	Port       flags.Port     `default:"7777" placeholder:"PORT" help:"The port of the daemons."`
	Retransmit flags.Duration `default:"5s" placeholder:"T" help:"How long daemons wait for an answer."`
}

// Help is shown below the command's usage.
func (ladderCommand) Help() string {
	return "Each conversation is drawn as two lanes, the caller's on the left, with an arrow for each datagram, and beside it where both sides stand from then " +
		"on, as far as packets tell. A dashed arrow is a datagram that should have come and did not.\n\n" +
		"--live needs no rights to follow a daemon of this host, which tells what it sends and receives; its address may have the client port behind it, as in " +
		"127.0.0.1:7778. An interface can be captured by root only, on Linux. On a terminal the last line counts down to what comes next.\n\n" +
		"--to html is a page for any browser, without anything beside it: the arrow keys go through the conversation, and show the bytes of each packet " +
		"and both state machines. --to json is a line for each row; go doc -all simp/cmd/simplab/internal/ladder RowJSON says what is in it.\n\n" +
		"Status 0: it was drawn. 2: there is nothing to draw, or it could not be read."
}

// ladderForm is a way of drawing.
type ladderForm struct {
	name string
	make func(to io.Writer, o drawn) ladder.Drawing
}

// drawn says what a drawing is to look like.
type drawn struct {
	text  ladder.TextOptions
	title string
}

func ladderForms() []ladderForm {
	return []ladderForm{
		{"text", func(to io.Writer, o drawn) ladder.Drawing { return ladder.NewText(to, o.text) }},
		{"plain", func(to io.Writer, _ drawn) ladder.Drawing { return ladder.NewPlain(to) }},
		{"json", func(to io.Writer, _ drawn) ladder.Drawing { return ladder.NewJSON(to) }},
		{"svg", func(to io.Writer, _ drawn) ladder.Drawing { return ladder.NewSVG(to) }},
		{"mermaid", func(to io.Writer, _ drawn) ladder.Drawing { return ladder.NewMermaid(to) }},
		{"html", func(to io.Writer, o drawn) ladder.Drawing { return ladder.NewHTML(to, o.title) }},
	}
}

// UnmarshalText reads the name of a form.
func (f *ladderForm) UnmarshalText(text []byte) error {
	var names []string
	for _, known := range ladderForms() {
		if known.name == string(text) {
			*f = known
			return nil
		}
		names = append(names, known.name)
	}
	return fmt.Errorf("%q is no way of drawing: there are %s", text, strings.Join(names, ", "))
}

// party is one of two who converse: an address, perhaps with its port.
type party struct{ netip.AddrPort }

// UnmarshalText reads an address.
func (p *party) UnmarshalText(text []byte) error {
	s := string(text)
	if at, err := netip.ParseAddrPort(s); err == nil && at.Port() != 0 {
		p.AddrPort = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
		return nil
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		return fmt.Errorf("%q is no address: give one such as 127.0.0.1 or 127.0.0.1:7777", s)
	}
	p.AddrPort = netip.AddrPortFrom(addr.Unmap(), 0)
	return nil
}

// Run draws.
func (c ladderCommand) Run(l lab) error {
	form, err := c.form()
	if err != nil {
		return misuse{err}
	}
	if c.Live {
		return c.live(l, form)
	}
	if c.File == "" {
		return misuse{errors.New("there is nothing to draw: give a capture, as tcpdump, Wireshark and simpd --record write them")}
	}
	return c.writeTo(l, func(to *bufio.Writer, o ladder.TextOptions) error {
		return c.draw(l, form.make(to, drawn{o, filepath.Base(c.named())}))
	})
}

// form is how to draw.
func (c ladderCommand) form() (ladderForm, error) {
	switch {
	case c.Plain && c.To != nil && c.To.name != "plain":
		return ladderForm{}, fmt.Errorf("it is either --plain or --to %s", c.To.name)
	case c.Plain:
		return ladderForms()[1], nil
	case c.To == nil:
		return ladderForms()[0], nil
	}
	return *c.To, nil
}

// options are those of the reader.
func (c ladderCommand) options() ladder.Options {
	o := ladder.Options{Options: follow.Options{Retransmit: time.Duration(c.Retransmit)}}
	if c.Conversation != nil {
		o.Pick.Conversation = int(*c.Conversation)
	}
	if c.Peer != nil {
		o.Pick.Peer = c.Peer.AddrPort
	}
	return o
}

// writeTo lets draw write to where the flags say, and takes a file back that was not finished.
func (c ladderCommand) writeTo(l lab, draw func(*bufio.Writer, ladder.TextOptions) error) error {
	o := ladder.TextOptions{Width: ladderColumns(l.stdout), Colour: coloured(l.stdout)}
	to := l.stdout
	var file *os.File
	if c.Out != "" && c.Out != "-" {
		var err error
		if file, err = os.Create(c.Out); err != nil {
			return misuse{fmt.Errorf("the drawing could not be written: %w", err)}
		}
		to, o = file, ladder.TextOptions{}
	}
	if c.Width != nil {
		o.Width = int(*c.Width)
	}
	buffered := bufio.NewWriterSize(to, 1<<16)
	err := draw(buffered, o)
	if flushed := buffered.Flush(); err == nil && flushed != nil {
		err = fmt.Errorf("the drawing could not be written: %w", flushed)
	}
	if file == nil {
		return err
	}
	closed := file.Close()
	switch {
	case err != nil && !errors.As(err, new(*pcap.Broken)): // of a capture that breaks off, all of what is there has been drawn
		_ = os.Remove(c.Out)
	case closed != nil:
		err = fmt.Errorf("the drawing could not be written: %w", closed)
	}
	return err
}

// draw draws a file, or as much of it as can be read.
func (c ladderCommand) draw(l lab, drawing ladder.Drawing) error {
	r := ladder.NewReader(c.options(), drawing)
	progress := l.stderr
	if terminalWidth(l.stdout) > 0 && (c.Out == "" || c.Out == "-") {
		progress = io.Discard // it is seen how far it is
	}
	bar := newProgress(progress, "reading "+filepath.Base(c.named()), time.Now)
	var from io.Reader // nil: the file
	if c.File == "-" {
		from = l.stdin
	}
	var t traffic
	err := t.read(c.named(), from, uint16(c.Port), bar, func(p follow.Packet) error {
		if t.Between == 1 {
			r.Begin(t.Began)
		}
		return r.Packet(p)
	})
	bar.end()
	if t.Between > 0 && (err == nil || errors.As(err, new(misuse))) {
		if finished := r.Finish(); finished != nil {
			err = finished
		}
	}
	all, picked := r.Conversations()
	switch {
	case errors.Is(err, ladder.ErrTooMany):
		return misuse{err}
	case err != nil:
		return err
	case picked == 0:
		return misuse{fmt.Errorf("%s has no such conversation: it has %d, and without --conversation and --peer all are drawn", c.named(), all)}
	}
	return nil
}

// named is how the capture is called.
func (c ladderCommand) named() string {
	if c.File == "-" {
		return "the input"
	}
	return c.File
}

// widestLadder is how wide a ladder is drawn at most: beyond that, the eye loses the row.
const widestLadder = 140

// ladderColumns is how wide a ladder is drawn on what is written to; 0: as usual.
func ladderColumns(w io.Writer) int {
	if width := terminalWidth(w); width > 0 {
		return min(width, widestLadder)
	}
	return 0
}
