package client

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestLineReader(t *testing.T) {
	const limit = 8
	broken := errors.New("connection reset")
	tests := []struct {
		name  string
		input io.Reader
		want  []string
		err   error
	}{
		{"nothing", strings.NewReader(""), nil, io.EOF},
		{"lines", strings.NewReader("a\nbc\n\n d\r\n"), []string{"a", "bc", "", " d\r"}, io.EOF},
		{"a byte at a time", iotest.OneByteReader(strings.NewReader("ab\ncd\n")), []string{"ab", "cd"}, io.EOF},
		{"end together with data", iotest.DataErrReader(strings.NewReader("ab\ncd\n")), []string{"ab", "cd"}, io.EOF},
		{"longest line", strings.NewReader("12345678\n12345678\n"), []string{"12345678", "12345678"}, io.EOF},
		{"line too long", strings.NewReader("1\n123456789\n2\n"), []string{"1"}, ErrLineTooLong},
		{"half a line", strings.NewReader("ab\ncd"), []string{"ab"}, io.ErrUnexpectedEOF},
		{"half a line of the longest", strings.NewReader("12345678"), nil, io.ErrUnexpectedEOF},
		{"half a line that is too long", strings.NewReader("123456789"), nil, ErrLineTooLong},
		{"failure", io.MultiReader(strings.NewReader("ab\n"), iotest.ErrReader(broken)), []string{"ab"}, broken},
		{"failure within a line", io.MultiReader(strings.NewReader("ab\ncd"), iotest.ErrReader(broken)), []string{"ab"}, broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := NewLineReader(tt.input, limit)
			var got []string
			line, err := r.Next()
			for ; err == nil; line, err = r.Next() {
				got = append(got, string(line))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			if !errors.Is(err, tt.err) {
				t.Errorf("error is %v, want %v", err, tt.err)
			}
			if line, again := r.Next(); line != nil || !errors.Is(again, tt.err) {
				t.Errorf("afterwards: %q, %v; want the same error", line, again)
			}
		})
	}
}

// endless is a client that never sends a line feed.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	const enough = 10 << 20
	if e.read >= enough {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = '{'
	}
	e.read += len(p)
	return len(p), nil
}

func TestLineReaderIsBounded(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	input := &endless{}
	_, err := NewLineReader(input, MaxLine).Next()
	runtime.ReadMemStats(&after)

	if !errors.Is(err, ErrLineTooLong) {
		t.Errorf("error is %v, want ErrLineTooLong", err)
	}
	if input.read > 2*MaxLine {
		t.Errorf("read %d bytes before it gave up, want no more than %d", input.read, 2*MaxLine)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 4*MaxLine {
		t.Errorf("allocated %d bytes altogether, want no more than %d", got, 4*MaxLine)
	}
}

func TestLineReaderAllocatesNothingPerLine(t *testing.T) {
	r := NewLineReader(strings.NewReader(strings.Repeat("{\"op\":\"ping\"}\n", 2000)), MaxLine)
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if allocs := testing.AllocsPerRun(1000, func() {
		if _, err := r.Next(); err != nil {
			t.Error(err)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations a line", allocs)
	}
}
