package sim

import (
	"net/netip"
	"time"
)

// item is something that will happen: a call, a deadline of a node's conversation, or a datagram that arrives.
type item struct {
	at    time.Duration // from the start of the world
	late  bool          // of two at the same time behind the one that is not: what users do comes behind what they hear
	order uint64        // and then the one that was put in first

	do   func()
	node *Node
	peer netip.AddrPort

	link     *link
	number   int // of the datagram on its link
	datagram []byte
}

// queue is a heap of what will happen, the earliest first. It is written out, and for this one type: a simulation spends
// a good part of its time here.
type queue []item

func (q queue) before(i, j int) bool {
	a, b := &q[i], &q[j]
	switch {
	case a.at != b.at:
		return a.at < b.at
	case a.late != b.late:
		return b.late
	}
	return a.order < b.order
}

func (q *queue) push(it item) {
	*q = append(*q, it)
	h := *q
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.before(i, up) {
			return
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

func (q *queue) pop() item {
	h := *q
	it, last := h[0], len(h)-1
	h[0] = h[last]
	h[last] = item{} // let go of what it holds
	h = h[:last]
	*q = h
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			return it
		}
		if down+1 < last && h.before(down+1, down) {
			down++
		}
		if !h.before(down, i) {
			return it
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
}
