package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrNotRecording says that what is read is no recording in this format.
var ErrNotRecording = errors.New("this is no recording in JSON lines")

// maxLine is the longest line that is read, in bytes: more than any has.
const maxLine = 16 << 20

// Reader reads a recording, line by line.
type Reader struct {
	Head Head

	from *bufio.Reader
	line int
	torn bool
	long []byte

	usual int // bytes of a batch
}

// IsRecording reports whether a file that begins like this is meant to be a recording.
func IsRecording(beginning []byte) bool {
	rest, is := bytes.CutPrefix(bytes.TrimLeft(beginning, " \t\r\n"), []byte("{"))
	return is && bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte(`"simp"`))
}

// NewReader reads the first line.
func NewReader(from io.Reader) (*Reader, error) {
	r := &Reader{from: bufio.NewReaderSize(from, 64<<10)}
	line, err := r.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: it is empty, or was cut off in its first line", ErrNotRecording)
	case err != nil:
		return nil, err
	}
	if err := json.Unmarshal(line, &r.Head); err != nil {
		if IsRecording(line) {
			return nil, fmt.Errorf("its first line cannot be read: %w", err)
		}
		return nil, ErrNotRecording
	}
	switch {
	case r.Head.Format != format:
		return nil, ErrNotRecording
	case r.Head.Version > Version:
		return nil, fmt.Errorf("it was written by a newer version of simp (format %d, and this one reads up to %d)", r.Head.Version, Version)
	}
	return r, nil
}

// Next returns the next line, io.EOF at the end.
func (r *Reader) Next() (Entry, error) {
	var e Entry
	line, err := r.next()
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return e, fmt.Errorf("line %d cannot be read: %w", r.line, err)
	}
	return e, nil
}

// Line is the number of the last line, from 1.
func (r *Reader) Line() int { return r.line }

// Torn reports, at the end, whether the last line was cut off, as it is when the daemon was killed.
func (r *Reader) Torn() bool { return r.torn }

func (r *Reader) next() ([]byte, error) {
	r.long = r.long[:0]
	for {
		part, err := r.from.ReadSlice('\n')
		whole := part
		if len(r.long) > 0 || err != nil {
			r.long = append(r.long, part...)
			whole = r.long
		}
		switch {
		case err == nil:
			r.line++
			return bytes.TrimSuffix(whole, []byte("\n")), nil
		case errors.Is(err, io.EOF):
			r.torn = len(whole) > 0
			return nil, io.EOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("it cannot be read behind line %d: %w", r.line, err)
		case len(r.long) > maxLine:
			return nil, fmt.Errorf("line %d is longer than any line of a recording", r.line+1)
		}
	}
}
