package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/ergochat/readline"
)

// cursorQuery is how the editor asks the terminal where the cursor is, before each line. Some terminals never answer,
// and it would wait for ever. The keyboard answers in their place, and truly so: what is shown are whole lines, so the
// cursor stands in the first column. The row does not matter to the editor.
const (
	cursorQuery  = "\x1b[6n"
	cursorAnswer = "\x1b[1;1R"
)

// screen is what the editor writes to. It collects what is written until flush, so that lines come and the prompt comes
// back in one write, without flicker. Its user holds the terminal's mu, except for the editor's first writes of a line.
type screen struct {
	out     io.Writer
	queried func() // answers cursorQuery
	drawn   func() // called when the editor has drawn its prompt for the first time in a line

	buf     []byte
	muted   bool // nothing that the editor writes reaches the terminal
	starts  bool // the editor is about to draw a new line
	pending marker
}

// marker says what happens at an empty write, which the editor passes on between erasing its line and drawing it again.
type marker uint8

const (
	ignore marker = iota
	muteAfter
	unmuteAfter
)

// erase lets the editor take its line off the screen, if it has one there.
func (s *screen) erase(editor *readline.Instance) {
	s.pending = muteAfter
	_, _ = editor.Write(nil)
	s.muted = true // also when it was muted already
}

// redraw lets the editor draw its line where the cursor is now. Its attempt to erase it first is muted.
func (s *screen) redraw(editor *readline.Instance) {
	s.muted = true
	s.pending = unmuteAfter
	_, _ = editor.Write(nil)
	s.muted = false
}

// Write implements io.Writer for the editor.
func (s *screen) Write(b []byte) (int, error) {
	switch {
	case len(b) == 0:
		s.muted = s.pending == muteAfter
		s.pending = ignore
	case string(b) == cursorQuery:
		s.starts = true
		s.queried()
	case s.muted, string(b) == "\a":
	default:
		s.print(string(b))
		if s.starts {
			s.starts = false
			s.drawn()
		}
	}
	return len(b), nil
}

// print adds to what is to be shown. In raw mode a line feed does not return to the first column.
func (s *screen) print(text string) {
	s.buf = append(s.buf, bytes.ReplaceAll([]byte(text), []byte("\n"), []byte("\r\n"))...)
}

func (s *screen) flush() error {
	if len(s.buf) == 0 {
		return nil
	}
	_, err := s.out.Write(s.buf)
	s.buf = s.buf[:0]
	if err != nil {
		return fmt.Errorf("the terminal cannot be written: %w", err)
	}
	return nil
}

// keyboard is what the editor reads from: the keys, and the answers to its questions.
type keyboard struct {
	in      *os.File
	typed   chan []byte
	answers chan []byte
	rest    []byte

	end sync.Once
	eof chan struct{} // closed when there are no more keys
}

func newKeyboard(in *os.File) *keyboard {
	return &keyboard{in: in, typed: make(chan []byte), answers: make(chan []byte, 1), eof: make(chan struct{})}
}

// run reads keys until there are no more. Nobody can interrupt its read, so it may last as long as the program.
func (k *keyboard) run() {
	for {
		buf := make([]byte, 256)
		n, err := k.in.Read(buf)
		if n > 0 {
			k.typed <- buf[:n]
		}
		if err != nil {
			k.end.Do(func() { close(k.eof) })
			return
		}
	}
}

func (k *keyboard) answer() { k.answers <- []byte(cursorAnswer) }

func (k *keyboard) ended() bool {
	select {
	case <-k.eof:
		return true
	default:
		return false
	}
}

// Read implements io.Reader for the editor.
func (k *keyboard) Read(b []byte) (int, error) {
	if len(k.rest) == 0 {
		select {
		case k.rest = <-k.answers: // first: without it the editor does not go on
		default:
			select {
			case k.rest = <-k.answers:
			case k.rest = <-k.typed:
			case <-k.eof:
				return 0, io.EOF
			}
		}
	}
	n := copy(b, k.rest)
	k.rest = k.rest[n:]
	return n, nil
}
