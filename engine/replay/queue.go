package replay

import "time"

// wakeup is when a conversation has to be looked at.
type wakeup struct {
	at    time.Time
	order uint64 // of two at the same time the one that was put in first
	of    *conversation
}

// queue is a heap of wake-ups, the earliest first.
type queue struct {
	heap  []wakeup
	order uint64
}

func (q *queue) before(i, j int) bool {
	a, b := &q.heap[i], &q.heap[j]
	if a.at.Equal(b.at) {
		return a.order < b.order
	}
	return a.at.Before(b.at)
}

func (q *queue) push(at time.Time, of *conversation) {
	q.order++
	q.heap = append(q.heap, wakeup{at: at, order: q.order, of: of})
	h := q.heap
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.before(i, up) {
			return
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

func (q *queue) pop() wakeup {
	h := q.heap
	it, last := h[0], len(h)-1
	h[0], h[last] = h[last], wakeup{}
	q.heap = h[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			return it
		}
		if down+1 < last && q.before(down+1, down) {
			down++
		}
		if !q.before(down, i) {
			return it
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
}
