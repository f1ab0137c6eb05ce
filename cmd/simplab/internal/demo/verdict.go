package demo

import (
	"fmt"
	"slices"
	"time"

	"simp/codec/client"
)

// Script is what the two say, in order, by who says it.
type Script [2][]string

// Verdict is what became of it.
type Verdict struct {
	Summary string   // in a sentence, if nothing is missing
	Missing []string // what did not happen as it should, a sentence each
}

// record is what the two were told, and what happened to the datagram that was lost. It is what the verdict rests on.
type record struct {
	received  Script   // texts, by who received them
	numbers   [2][]int // the numbers of these messages in the chat
	delivered [2][]int // numbers of own messages that were reported as delivered
	closed    [2]bool  // the chat's end was reported

	lost     int           // datagrams that were dropped on purpose
	repeated int           // copies of the same bytes that left afterwards
	after    time.Duration // how much later the first of them did
	retried  bool          // the sender was told
}

// told enters what a side was told.
func (r *record) told(side Side, e client.Event) {
	switch e := e.(type) {
	case client.Message:
		r.received[side] = append(r.received[side], e.Text)
		r.numbers[side] = append(r.numbers[side], e.N)
	case client.Delivered:
		r.delivered[side] = append(r.delivered[side], e.N)
	case client.Retrying:
		r.retried = r.retried || e.What == client.WhatMessage
	case client.Closed:
		r.closed[side] = e.Reason == client.CloseLeft
	}
}

// verdict compares a record with what was to be said. stopped is why the story ended early, or nil.
func (r *record) verdict(names [2]string, said Script, stopped error) Verdict {
	var v Verdict
	miss := func(format string, args ...any) { v.Missing = append(v.Missing, fmt.Sprintf(format, args...)) }
	if stopped != nil {
		miss("The story stopped: %v.", stopped)
	}
	total := 0
	for _, side := range []Side{Left, Right} {
		from, to := names[side], names[side.Other()]
		want, got := said[side], r.received[side.Other()]
		total += len(want)
		if !slices.Equal(got, want) {
			miss("%s said %q; %s received %q. Each should have arrived exactly once and in order.", from, want, to, got)
		}
		counted := make([]int, len(want))
		for i := range counted {
			counted[i] = i + 1
		}
		if !slices.Equal(r.numbers[side.Other()], counted) {
			miss("The messages that %s received are numbered %v instead of %v.", to, r.numbers[side.Other()], counted)
		}
		if !slices.Equal(r.delivered[side], counted) {
			miss("%s was told that messages %v were delivered, instead of %v.", from, r.delivered[side], counted)
		}
		if !r.closed[side] {
			miss("%s was not told that the chat is over.", from)
		}
	}
	switch {
	case r.lost != 1:
		miss("%d datagrams were lost on purpose instead of 1.", r.lost)
	case r.repeated != 1:
		miss("The datagram that was lost was sent again %d times instead of once.", r.repeated)
	case !r.retried:
		miss("The user whose message was lost was not told that it is sent again.")
	}
	v.Summary = fmt.Sprintf("%d messages in two directions, each received exactly once, in order, and reported as delivered. "+
		"1 datagram was lost and sent again by the timer %.1f s later. Both users know that the chat is over.",
		total, r.after.Seconds())
	return v
}
