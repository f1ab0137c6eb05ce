package client

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// FuzzLineReader: however a connection cuts what is sent, the same lines come out; none is longer than allowed, and half a line
// at the end is none.
func FuzzLineReader(f *testing.F) {
	var all []byte
	for _, c := range sampleCommands() {
		line, err := Native{}.AppendCommand(nil, c)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, line...)
	}
	f.Add(all, uint8(7), uint16(200))
	f.Add(all[:len(all)-3], uint8(1), uint16(40))
	f.Add([]byte("\n\r\n\n half"), uint8(2), uint16(3))
	f.Add([]byte("{\"op\":\"ping\"}\n{\"op\":\"chat\",\"text\":\"half"), uint8(4), uint16(100))
	f.Fuzz(func(t *testing.T, sent []byte, step uint8, limit uint16) {
		if len(sent) > 1<<14 {
			return
		}
		longest := int(limit)%300 + 1
		want := sent
		var lines int
		r := NewLineReader(&bites{sent, int(step)%16 + 1}, longest)
		for {
			line, err := r.Next()
			if err == nil {
				lines++
				if len(line) > longest || !bytes.HasPrefix(want, line) || len(want) == len(line) || want[len(line)] != '\n' {
					t.Fatalf("line %d is %q, of %q", lines, line, want)
				}
				want = want[len(line)+1:]
				continue
			}
			end := bytes.IndexByte(want, '\n')
			switch {
			case errors.Is(err, io.EOF) && len(want) == 0:
			case errors.Is(err, io.ErrUnexpectedEOF) && end < 0 && len(want) <= longest+1:
			case errors.Is(err, ErrLineTooLong) && (end > longest || end < 0 && len(want) > longest):
			default:
				t.Fatalf("%v, with %d bytes left of which %d are the next line, and %d allowed", err, len(want), end, longest)
			}
			return
		}
	})
}

// bites is a connection that gives a few bytes at a time.
type bites struct {
	rest []byte
	step int
}

func (s *bites) Read(b []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.rest[:min(s.step, len(s.rest))])
	s.rest = s.rest[n:]
	return n, nil
}
