package netio

import (
	"container/heap"
	"net/netip"
	"time"
)

// delayLine keeps copies of datagrams until they are due: the earliest first,
// and of those due at the same instant the one that was put in first. It owns
// one timer, which runs only while there is something to wait for.
//
// It has no lock. Its owner calls every method under one, and the function
// given to arm must take the same.
type delayLine struct {
	waiting delayed
	count   uint64
	timer   *time.Timer
}

type copyOfDatagram struct {
	at       time.Time
	order    uint64
	from, to netip.AddrPort
	b        []byte
}

func (q *delayLine) len() int { return len(q.waiting) }

// push takes over a copy, b included.
func (q *delayLine) push(at time.Time, from, to netip.AddrPort, b []byte) {
	q.count++
	heap.Push(&q.waiting, &copyOfDatagram{at: at, order: q.count, from: from, to: to, b: b})
}

// due takes out the next copy whose time has come, or returns nil.
func (q *delayLine) due(now time.Time) *copyOfDatagram {
	if len(q.waiting) == 0 || q.waiting[0].at.After(now) {
		return nil
	}
	c, _ := heap.Pop(&q.waiting).(*copyOfDatagram)
	return c
}

// arm sets the timer for the earliest copy, or stops it if there is none. fire
// runs on a goroutine of its own, possibly early or for nothing: it must take
// what is due, if anything, and arm again.
func (q *delayLine) arm(now time.Time, fire func()) {
	if len(q.waiting) == 0 {
		q.stop()
		return
	}
	wait := q.waiting[0].at.Sub(now)
	if q.timer == nil {
		q.timer = time.AfterFunc(wait, fire)
		return
	}
	q.timer.Reset(wait)
}

// stop stops the timer. A call of fire may still be on its way to the lock.
func (q *delayLine) stop() {
	if q.timer != nil {
		q.timer.Stop()
	}
}

// clear forgets everything, stops the timer and says how much was waiting.
func (q *delayLine) clear() int {
	q.stop()
	n := len(q.waiting)
	q.waiting = nil
	return n
}

// delayed is a heap.Interface.
type delayed []*copyOfDatagram

func (d delayed) Len() int { return len(d) }

func (d delayed) Less(i, j int) bool {
	if order := d[i].at.Compare(d[j].at); order != 0 {
		return order < 0
	}
	return d[i].order < d[j].order
}

func (d delayed) Swap(i, j int) { d[i], d[j] = d[j], d[i] }

func (d *delayed) Push(x any) {
	if c, ok := x.(*copyOfDatagram); ok {
		*d = append(*d, c)
	}
}

func (d *delayed) Pop() any {
	old := *d
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*d = old[:len(old)-1]
	return last
}
