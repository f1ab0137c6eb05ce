package replay

import (
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"simp/codec"
)

// The chance of a daemon in a recording gives the name that was recorded, once.
func TestNames(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		want := codec.TokenFrom(chance.Uint64())
		n := &names{next: want}
		draw := func() codec.Token {
			var b [8]byte
			if _, err := io.ReadFull(n, b[:]); err != nil {
				t.Fatal(err)
			}
			var bits uint64
			for i, x := range b {
				bits |= uint64(x) << (8 * i)
			}
			return codec.TokenFrom(bits)
		}
		if got := draw(); got != want {
			t.Fatalf("drawn %s, want %s", got, want)
		}
		if one, two := draw(), draw(); one == want || one == two {
			t.Fatalf("then %s and %s", one, two)
		}
	}
}

// Wake-ups come in the order of their times, and those of one moment as they were put in.
func TestQueue(t *testing.T) {
	var q queue
	chance := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		q.push(time.Unix(chance.Int64N(50), 0), nil)
	}
	var last wakeup
	for i := range 500 {
		w := q.pop()
		if i > 0 && (w.at.Before(last.at) || w.at.Equal(last.at) && w.order < last.order) {
			t.Fatalf("%v behind %v", w, last)
		}
		last = w
	}
}
