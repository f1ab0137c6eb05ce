package client

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whatever a client sends, it is refused with a sentence, or it is a command
// that can be written again as the same command.
func FuzzDecodeCommand(f *testing.F) {
	for _, c := range sampleCommands() {
		line, err := Native{}.AppendCommand(nil, c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.TrimSuffix(line, []byte("\n")))
	}
	for _, tt := range refusals {
		f.Add([]byte(tt.line))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		sent := bytes.Clone(frame)
		c, err := Native{}.DecodeCommand(frame)
		if !bytes.Equal(frame, sent) {
			t.Errorf("%q was changed to %q", sent, frame)
		}
		if err != nil {
			var refused *DecodeError
			if !errors.As(err, &refused) || c != nil || refused.Text == "" || refused.Reason == "" {
				t.Fatalf("%q: command %#v, error %#v", frame, c, err)
			}
			line, err := Native{}.AppendEvent(nil, refused.Event())
			if err != nil {
				t.Fatalf("%q: %v", frame, err)
			}
			checkLine(t, line)
			return
		}
		line, err := Native{}.AppendCommand(nil, c)
		if err != nil {
			// Escapes can make the line longer than it came.
			var refused *DecodeError
			if errors.As(err, &refused) && refused.Reason == ReasonTooLong {
				return
			}
			t.Fatalf("%q is taken as %#v, but refused when written: %v", frame, c, err)
		}
		checkLine(t, line)
		again, err := Native{}.DecodeCommand(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			t.Fatalf("%q: %s: %v", frame, line, err)
		}
		if diff := cmp.Diff(c, again, sameValue); diff != "" {
			t.Errorf("%q: %s (-first +again):\n%s", frame, line, diff)
		}
	})
}

// Whatever a daemon sends, it is refused, or it is an event that can be written
// again as the same event.
func FuzzDecodeEvent(f *testing.F) {
	for _, e := range sampleEvents() {
		line, err := Native{}.AppendEvent(nil, e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.TrimSuffix(line, []byte("\n")))
	}
	f.Add([]byte(`{"v":1,"ev":"status","Counters":{},"chats":null}`))
	f.Add([]byte(`{"v":1,"ev":"step","at":"2026-03-14T15:09:26.123456789+01:00","seq":-1}`))
	f.Add([]byte(`{"v":1,"ev":"datagram","at":null,"hex":null}`))
	f.Add([]byte(`{"v":1,"ev":"connected","pending":[null,{"since":"0000-01-01T00:00:00+01:00"}]}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		if bytes.IndexByte(frame, '\n') >= 0 {
			return // a frame is one line
		}
		e, err := Native{}.DecodeEvent(frame)
		if err != nil {
			if e != nil {
				t.Fatalf("%q: event %#v besides the error %v", frame, e, err)
			}
			return
		}
		line, err := Native{}.AppendEvent(nil, e)
		if errors.Is(err, errYear) || errors.Is(err, ErrLineTooLong) {
			return
		}
		if err != nil {
			t.Fatalf("%q: %#v: %v", frame, e, err)
		}
		again, err := Native{}.DecodeEvent(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			t.Fatalf("%q: %s: %v", frame, line, err)
		}
		if diff := cmp.Diff(e, again, sameValue); diff != "" {
			t.Errorf("%q: %s (-first +again):\n%s", frame, line, diff)
		}
	})
}
