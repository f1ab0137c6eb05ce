package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"simp/codec/client"
)

// typed is one thing that came from the keyboard or the input.
type typed struct {
	text      string
	interrupt bool  // Ctrl-C
	end       bool  // Ctrl-D: the person has had enough, but may go on typing
	err       error // the last thing of all: io.EOF, or why no more can be read
}

// console is where a session reads and shows. Its methods are called by one goroutine.
type console interface {
	open() error
	// ask lets one more line be read. What comes of it is the next of input.
	ask()
	input() <-chan typed
	// show prints whole lines, and makes prompt stand in front of what is being typed.
	show(lines []string, prompt string) error
	// columns is the width of the screen; 0: there is none.
	columns() int
	close()
}

// lines returns the next line of an input, without its line feed.
type lines func() (string, error)

// textLines reads lines of text; the last one needs no line feed.
func textLines(r io.Reader, longest int) lines {
	s := bufio.NewScanner(r)
	s.Buffer(nil, longest)
	return func() (string, error) {
		switch {
		case s.Scan():
			return s.Text(), nil
		case errors.Is(s.Err(), bufio.ErrTooLong):
			return "", fmt.Errorf("a line is longer than %d bytes, and nothing after it was read: give shorter lines", longest)
		case s.Err() != nil:
			return "", fmt.Errorf("the input cannot be read: %w", s.Err())
		}
		return "", io.EOF
	}
}

// exactLines reads lines of the native protocol. Half a command at the end of the input is none.
func exactLines(r io.Reader) lines {
	reader := client.NewLineReader(r, client.MaxLine)
	return func() (string, error) {
		line, err := reader.Next()
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			return "", errors.New("the last line has no line feed, so it was not taken: end every command with one")
		case errors.Is(err, client.ErrLineTooLong):
			return "", fmt.Errorf("a line is longer than %d bytes, and nothing after it was read: give shorter lines", client.MaxLine)
		}
		return string(line), err
	}
}

// oneLine is an input of one line, whatever is in it.
func oneLine(text string) lines {
	read := false
	return func() (string, error) {
		if read {
			return "", io.EOF
		}
		read = true
		return text, nil
	}
}

// pipe is a console for programs: lines in, lines out.
type pipe struct {
	next  lines
	out   io.Writer
	asked chan struct{}
	read  chan typed
}

func newPipe(next lines, out io.Writer) *pipe {
	return &pipe{next: next, out: out, asked: make(chan struct{}, 1), read: make(chan typed, 1)}
}

// open starts to read. The goroutine may stay in a read of standard input that nobody can interrupt, until the program
// ends.
func (p *pipe) open() error {
	go func() {
		for range p.asked {
			text, err := p.next()
			p.read <- typed{text: text, err: err}
			if err != nil {
				return
			}
		}
	}()
	return nil
}

func (p *pipe) ask()                { p.asked <- struct{}{} }
func (p *pipe) input() <-chan typed { return p.read }
func (p *pipe) columns() int        { return 0 }
func (p *pipe) close()              { close(p.asked) }

func (p *pipe) show(lines []string, _ string) error {
	if len(lines) == 0 {
		return nil
	}
	var b []byte
	for _, l := range lines {
		b = append(append(b, l...), '\n')
	}
	if _, err := p.out.Write(b); err != nil {
		return fmt.Errorf("the output cannot be written: %w", err)
	}
	return nil
}
