package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"simp/engine"
)

// Understanding lines takes longer than replaying them, and needs nothing but the line: it is done ahead, by several goroutines,
// a batch of lines each.

// batchLines and batchBytes bound a batch.
const (
	batchLines = 128
	batchBytes = 256 << 10
)

// batch is some lines of a recording, in order.
type batch struct {
	first int // number of the first line
	text  []byte
	ends  []int
	last  error // what came instead of a further line: io.EOF, or why it cannot be read

	lines      []line
	understood chan struct{} // closed when lines are there
}

// line is a line that has been understood, or not.
type line struct {
	Entry
	then *engine.Observation // nil: a note
	err  error
}

// ahead calls do with each line, in order, until there is none or do says that it has seen enough. The error is the first line's
// that cannot be read.
func (r *Reader) ahead(do func(l *line, number int) (more bool)) error {
	workers := runtime.GOMAXPROCS(0)
	work, ordered, quit := make(chan *batch, workers), make(chan *batch, 2*workers), make(chan struct{})
	defer func() {
		close(quit)
		for range ordered { // until nobody works for us any more
		}
	}()
	for range workers {
		go func() {
			for b := range work {
				b.understand(r.Head.Start)
			}
		}()
	}
	go func() {
		defer close(ordered)
		defer close(work)
		for {
			b := r.batch()
			select {
			case ordered <- b:
			case <-quit:
				return
			}
			if work <- b; b.last != nil {
				return
			}
		}
	}()
	for b := range ordered {
		<-b.understood
		for i := range b.lines {
			if l := &b.lines[i]; l.err != nil {
				return fmt.Errorf("line %d %w", b.first+i, l.err)
			} else if !do(l, b.first+i) {
				return nil
			}
		}
		switch {
		case errors.Is(b.last, io.EOF):
			return nil
		case b.last != nil:
			return b.last
		}
	}
	return nil
}

// batch reads the next lines.
func (r *Reader) batch() *batch {
	b := &batch{first: r.line + 1, text: make([]byte, 0, r.usual), understood: make(chan struct{})}
	for len(b.ends) < batchLines && len(b.text) < batchBytes {
		text, err := r.next()
		if err != nil {
			b.last = err
			break
		}
		b.text = append(b.text, text...)
		b.ends = append(b.ends, len(b.text))
	}
	r.usual = max(r.usual, len(b.text))
	return b
}

// understand makes lines of text.
func (b *batch) understand(start time.Time) {
	defer close(b.understood)
	b.lines = make([]line, len(b.ends))
	begin := 0
	for i, end := range b.ends {
		l := &b.lines[i]
		if err := json.Unmarshal(b.text[begin:end], &l.Entry); err != nil {
			l.err = fmt.Errorf("cannot be read: %w", err)
		} else if l.Cause != "" {
			if l.then, err = l.observation(start); err != nil {
				l.err = fmt.Errorf("makes no sense: %w", err)
			}
		}
		begin = end
	}
}
