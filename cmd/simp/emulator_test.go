package main

import (
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// emulator is the screen of a terminal, as far as simp uses one: it wraps, scrolls, and knows the few escape sequences
// that a line editor needs. Anything else in the output is kept in strange, for the test to complain about.
type emulator struct {
	mu       sync.Mutex
	columns  int
	rows     [][]rune
	row, col int
	pending  []byte
	strange  []string
	escapes  int
	changed  chan struct{} // closed, and replaced, when something was written
}

func newEmulator(columns int) *emulator {
	return &emulator{columns: columns, rows: [][]rune{nil}, changed: make(chan struct{})}
}

func (e *emulator) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pending = append(e.pending, b...)
	for len(e.pending) > 0 {
		n := e.step(e.pending)
		if n == 0 {
			break // the rest of a character or sequence is to come
		}
		e.pending = e.pending[n:]
	}
	close(e.changed)
	e.changed = make(chan struct{})
	return len(b), nil
}

func (e *emulator) step(b []byte) int {
	switch c := b[0]; {
	case c == '\r':
		e.col = 0
		return 1
	case c == '\n':
		e.down()
		return 1
	case c == '\b':
		e.col = max(e.col-1, 0)
		return 1
	case c == 0x1b:
		return e.escape(b)
	case c < ' ':
		e.strange = append(e.strange, string(c))
		return 1
	}
	if !utf8.FullRune(b) {
		return 0
	}
	r, size := utf8.DecodeRune(b)
	e.put(r)
	return size
}

func (e *emulator) down() {
	e.row++
	if e.row == len(e.rows) {
		e.rows = append(e.rows, nil)
	}
}

func (e *emulator) put(r rune) {
	w := 1
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		w = 2
	}
	if e.col+w > e.columns {
		e.col = 0
		e.down()
	}
	line := e.rows[e.row]
	for len(line) < e.col+w {
		line = append(line, ' ')
	}
	line[e.col] = r
	if w == 2 {
		line[e.col+1] = 0 // the right half
	}
	e.rows[e.row] = line
	e.col += w
}

// escape obeys ESC [ n A (up), n G (column), J and K (erase to the end of the screen, of the line).
func (e *emulator) escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	n, i := 0, 2
	for ; i < len(b) && '0' <= b[i] && b[i] <= '9'; i++ {
		n = 10*n + int(b[i]-'0')
	}
	if i == len(b) {
		return 0
	}
	e.escapes++
	switch b[i] {
	case 'A':
		e.row = max(e.row-max(n, 1), 0)
	case 'G':
		e.col = max(n-1, 0)
	case 'J':
		e.cutLine()
		e.rows = e.rows[:e.row+1]
	case 'K':
		e.cutLine()
	default:
		e.strange = append(e.strange, string(b[:i+1]))
	}
	return i + 1
}

func (e *emulator) cutLine() {
	if line := e.rows[e.row]; e.col < len(line) {
		e.rows[e.row] = line[:e.col]
	}
}

// lines returns what the screen shows, and where its cursor is.
func (e *emulator) lines() (lines []string, row, col int, changed <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range e.rows {
		text := strings.ReplaceAll(string(l), "\x00", "")
		lines = append(lines, strings.TrimRight(text, " "))
	}
	return lines, e.row, e.col, e.changed
}
