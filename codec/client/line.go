package client

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// LineReader reads the lines of a connection. It holds no more than twice the
// longest line allowed in memory, whatever arrives. It is for one goroutine.
type LineReader struct{ scanner *bufio.Scanner }

// NewLineReader reads lines of at most limit bytes, the line feed not counted,
// from r: [MaxLine] in a daemon, [MaxEventLine] in a client.
func NewLineReader(r io.Reader, limit int) *LineReader {
	s := bufio.NewScanner(r)
	s.Buffer(nil, limit+len("\n"))
	s.Split(wholeLine)
	return &LineReader{s}
}

// Next returns the next line without its line feed. The line is valid until
// the next call.
//
// The error is io.EOF after the last line, [ErrLineTooLong] for a line over the
// limit, io.ErrUnexpectedEOF if the input ends within a line, or wraps what r
// returned. Every error is final, even a time-out: where the next line begins
// can no longer be told, so the connection must be closed.
func (l *LineReader) Next() ([]byte, error) {
	if l.scanner.Scan() {
		return l.scanner.Bytes(), nil
	}
	switch err := l.scanner.Err(); {
	case err == nil:
		return nil, io.EOF
	case errors.Is(err, bufio.ErrTooLong):
		return nil, ErrLineTooLong
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, io.ErrUnexpectedEOF
	default:
		return nil, fmt.Errorf("client: read line: %w", err)
	}
}

// wholeLine is a bufio.SplitFunc. Unlike bufio.ScanLines it does not take the
// rest of the input for a line: half a command must not be carried out, it may
// have lost its end ("now":true, half the text) together with the connection.
func wholeLine(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}
