package pcap

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/gopacket/gopacket/layers"
)

// Whatever a file holds, reading it ends, and what is delivered makes sense.
func FuzzReader(f *testing.F) {
	for _, of := range formats() {
		for _, w := range wrappings(f) {
			s := stacks(f)
			f.Add(of.write(f, w.link, w.wrap(s[1].is6, s[1].bytes(f)), w.wrap(s[3].is6, s[3].bytes(f))))
		}
	}
	if b, err := os.ReadFile(filepath.Join(traces, "d-decline.pcap")); err == nil {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := NewReader(bytes.NewReader(b))
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without a word")
			}
			return
		}
		delivered, cut, last := 0, 0, 0
		for {
			p, err := r.Next()
			if err != nil {
				var broken *Broken
				if !errors.Is(err, io.EOF) && !errors.As(err, &broken) {
					t.Fatalf("it ends with %v", err)
				}
				break
			}
			if p.N <= last || p.Proto != UDP && p.Proto != TCP || !p.From.Addr().IsValid() || !p.To.Addr().IsValid() {
				t.Fatalf("behind packet %d comes %+v", last, p)
			}
			delivered, last = delivered+1, p.N
			if p.Cut {
				cut++
			}
		}
		if r.Read() != delivered+r.Skipped || r.Cut != cut {
			t.Fatalf("%d read, %d delivered, %d skipped, %d and %d cut", r.Read(), delivered, r.Skipped, r.Cut, cut)
		}
		if _, err := r.Next(); err == nil {
			t.Fatal("it goes on behind its end")
		}
	})
}

// A link layer that is unwrapped is one that is known.
func TestUnwrap_Known(t *testing.T) {
	for _, w := range wrappings(t) {
		if !knows(w.link) {
			t.Errorf("%s is not known", w.link)
		}
	}
	if knows(layers.LinkTypeIEEE802_11) {
		t.Error("a link layer is known that is not read")
	}
}

func BenchmarkReader(b *testing.B) {
	s, w := stacks(b)[0], wrappings(b)[0]
	frames := make([][]byte, 10_000)
	for i := range frames {
		frames[i] = w.wrap(false, s.bytes(b))
	}
	for _, f := range [...]format{formats()[0], formats()[4]} {
		file := f.write(b, w.link, frames...)
		b.Run(f.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				r, err := NewReader(bytes.NewReader(file))
				if err != nil {
					b.Fatal(err)
				}
				for {
					if _, err := r.Next(); err != nil {
						break
					}
					n++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "packets/s")
		})
	}
}
