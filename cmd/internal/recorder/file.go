package recorder

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"simp/engine"
	"simp/engine/record"
)

// file is a recording in one form. When it has grown enough it goes on in a further file.
type file struct {
	path    string // as it was asked for
	maxSize int64
	start   time.Time
	head    record.Head
	between netip.AddrPort

	name   string // of the part that is being written
	part   int
	handle *os.File
	buffer *bufio.Writer
	size   int64
	form   form
}

// form is how things are written.
type form interface {
	write(it *item) error
	lost(at time.Time, n uint64) error
	flush() error
	end(at time.Time, next string) error // of this part; next is "" if there is no other
}

func newFile(path string, maxSize int64, start time.Time, cfg engine.Config, between netip.AddrPort) (*file, error) {
	f := &file{path: path, maxSize: maxSize, start: start, head: record.NewHead(cfg, between, start), between: between}
	if err := f.open(); err != nil {
		return nil, fmt.Errorf("%s cannot be written (%s): give the name of a file in a folder in which you may write", path, reason(err))
	}
	return f, nil
}

// reason is what the system said, in its own words where there are none better.
func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "its folder does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "you have no permission"
	}
	return cause(err).Error()
}

// PartName is the name of a recording's n-th file: chat.jsonl goes on in chat-2.jsonl.
func PartName(path string, n int) string {
	if n == 1 {
		return path
	}
	ending := filepath.Ext(path)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ending), n, ending)
}

// open begins the next part. What is said in it is nobody's business but its owner's.
func (f *file) open() error {
	before := filepath.Base(f.name)
	f.part++
	f.name = PartName(f.path, f.part)
	handle, err := os.OpenFile(f.name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	f.handle, f.size = handle, 0
	f.buffer = bufio.NewWriterSize(counter{f}, 64<<10)
	if f.head.Part = f.part; f.part > 1 {
		f.head.Continues = before
	}
	if strings.HasSuffix(f.path, endingLines) {
		f.form, err = newLines(f.buffer, f.head)
	} else {
		f.form, err = newCapture(f.buffer, f.head)
	}
	if err == nil {
		err = f.flush() // a recording that holds nothing is one, too
	}
	if err != nil {
		_ = handle.Close()
	}
	return err
}

// counter counts what goes into the file.
type counter struct{ *file }

func (c counter) Write(b []byte) (int, error) {
	n, err := c.handle.Write(b)
	c.size += int64(n)
	return n, err
}

func (f *file) write(it *item) error {
	if it.lost > 0 {
		if err := f.noteLost(it.at(), it.lost); err != nil {
			return err
		}
	}
	if err := f.form.write(it); err != nil {
		return err
	}
	if f.maxSize == 0 || f.size+int64(f.buffer.Buffered()) < f.maxSize {
		return nil
	}
	next := filepath.Base(PartName(f.path, f.part+1))
	if err := f.finish(next); err != nil {
		return err
	}
	return f.open()
}

func (f *file) noteLost(at time.Time, n uint64) error { return f.form.lost(at, n) }

func (f *file) flush() error {
	if err := f.form.flush(); err != nil {
		return err
	}
	return f.buffer.Flush()
}

// finish ends this part.
func (f *file) finish(next string) error {
	err := errors.Join(f.form.end(time.Now(), next), f.flush())
	return errors.Join(err, f.handle.Close())
}

func (f *file) end() error { return f.finish("") }

func (it *item) at() time.Time {
	if it.observation != nil {
		return it.observation.At
	}
	return it.packet.at
}

// lines is a recording as JSON lines.
type lines struct {
	to    *record.Writer
	start time.Time
}

func newLines(to *bufio.Writer, head record.Head) (form, error) {
	w, err := record.NewWriter(to, head)
	return lines{to: w, start: head.Start}, err
}

func (l lines) write(it *item) error {
	if it.observation == nil {
		return nil // what clients say comes as commands
	}
	return l.to.Write(record.NewEntry(it.observation, l.start))
}

func (l lines) lost(at time.Time, n uint64) error {
	return l.to.Write(record.Entry{T: int64(at.Sub(l.start)), Lost: n})
}

func (l lines) flush() error { return nil }

func (l lines) end(at time.Time, next string) error {
	return l.to.Write(record.Entry{T: int64(at.Sub(l.start)), Next: next, Closed: next == ""})
}
