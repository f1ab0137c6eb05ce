package client

import (
	"bytes"
	"encoding/json"
	"testing"
)

// frequent are the events that every message costs.
func frequent() []Event {
	return []Event{
		Message{Peer: bob, User: "bob", Text: "hello alice, how are you today?", N: 17},
		Sent{Peer: bob, User: "bob", ID: NumberID(42), N: 17},
		Delivered{Peer: bob, User: "bob", ID: NumberID(42), N: 17},
	}
}

func TestFrequentEventsCostNoAllocation(t *testing.T) {
	buf := make([]byte, 0, 1024)
	for _, e := range frequent() {
		if allocs := testing.AllocsPerRun(100, func() {
			if _, err := (Native{}).AppendEvent(buf, e); err != nil {
				t.Error(err)
			}
		}); allocs != 0 {
			t.Errorf("%s: %v allocations", e.Name(), allocs)
		}
	}
}

func BenchmarkAppendEvent(b *testing.B) {
	for _, e := range frequent() {
		b.Run(e.Name(), func(b *testing.B) {
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if buf, err = (Native{}).AppendEvent(buf[:0], e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("message by encoding/json", func(b *testing.B) { // for comparison
		e := frequent()[0]
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(e); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecodeEvent(b *testing.B) {
	for _, e := range frequent() {
		line, err := Native{}.AppendEvent(nil, e)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(e.Name(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (Native{}).DecodeEvent(line); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodeCommand(b *testing.B) {
	line, err := Native{}.AppendCommand(nil, Chat{Peer: bob, Text: "hello alice, how are you today?", ID: NumberID(42)})
	if err != nil {
		b.Fatal(err)
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Native{}).DecodeCommand(line); err != nil {
			b.Fatal(err)
		}
	}
}
