package main

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"simp/engine/replay"
)

// How a replay looks: one complete line for each thing.

// write writes the outcome.
func (o *outcome) write(to io.Writer) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s of %s; ours in the place of %s\n", o.path, several(o.datagrams, "datagram"), several(o.all, "daemon"), o.places())
	slices.SortStableFunc(o.listed, func(x, y replay.Divergence) int {
		return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.N, y.N), x.Self.Compare(y.Self), x.Peer.Compare(y.Peer))
	})
	o.listed = o.listed[:min(len(o.listed), o.limit)]
	for i := range o.listed {
		b.WriteString(describeDivergence(&o.listed[i]))
		b.WriteByte('\n')
	}
	if listed := o.countListed(); listed < o.divergences {
		fmt.Fprintf(&b, "and %d more that are not listed (--limit lists more)\n", o.divergences-listed)
	}
	if len(o.cut) > 0 {
		fmt.Fprintf(&b, "left out, since %s: %s\n", is(len(o.cut), "it is cut off in the recording", "they are cut off in the recording"), packets(o.cut))
	}
	if o.middle > 0 {
		fmt.Fprintf(&b, "left alone, since the beginning of the conversation is missing: %s\n", several(o.middle, "datagram"))
	}
	if o.unreadable > 0 {
		fmt.Fprintf(&b, "no SIMP on a daemon's port: %s\n", several(o.unreadable, "datagram"))
	}
	if o.divergences == 0 {
		fmt.Fprintf(&b, "no divergence: ours would have sent the same %s\n", several(o.followed, "datagram"))
	} else {
		fmt.Fprintf(&b, "%s, of %s that were followed\n", several(o.divergences, "divergence"), several(o.followed, "sent datagram"))
	}
	_, _ = io.WriteString(to, b.String())
}

func (o *outcome) countListed() int {
	n := 0
	for i := range o.listed {
		n += 1 + o.listed[i].More
	}
	return n
}

// places names those in whose place ours was put.
func (o *outcome) places() string {
	if len(o.daemons) == o.all {
		return is(o.all, "it", "each")
	}
	return list(o.daemons)
}

// shownPlaces is how many addresses a sentence lists.
const shownPlaces = 8

func list(daemons []netip.AddrPort) string {
	var names []string
	for i, d := range daemons {
		if i == shownPlaces {
			names = append(names, fmt.Sprintf("%d more", len(daemons)-i))
			break
		}
		names = append(names, host(d))
	}
	return strings.Join(names, ", ")
}

// host is an address, with its port where that is not the usual one.
func host(a netip.AddrPort) string {
	if a.Port() == replay.Port {
		return a.Addr().String()
	}
	return a.String()
}

// shownCut is how many packets a line lists.
const shownCut = 10

func packets(numbers []int) string {
	var all []string
	for i, n := range numbers {
		if i == shownCut {
			all = append(all, fmt.Sprintf("and %d more", len(numbers)-i))
			break
		}
		all = append(all, fmt.Sprintf("#%d", n))
	}
	return strings.Join(all, ", ")
}

func is(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// describeDivergence is a divergence in a line.
func describeDivergence(d *replay.Divergence) string {
	var b strings.Builder
	number := "-"
	if d.N > 0 {
		number = fmt.Sprint(d.N)
	}
	fmt.Fprintf(&b, "#%s %.3fs %s to %s: ", number, d.At.Seconds(), host(d.Self), host(d.Peer))
	verb := "sends"
	if d.Repeat {
		verb = "repeats"
	}
	would := "would send"
	if d.Repeat {
		would = "would repeat"
	}
	switch {
	case d.Sent != "" && d.Ours != "":
		fmt.Fprintf(&b, "sent %s; ours %s %s (%s)", d.Sent, verb, d.Ours, d.Rule)
	case d.Sent != "":
		fmt.Fprintf(&b, "sent %s; ours sends nothing (%s)", d.Sent, d.Rule)
	case d.UntilN > 0:
		fmt.Fprintf(&b, "ours %s %s (%s); it was not sent until #%d at %.3fs", would, d.Ours, d.Rule, d.UntilN, d.Until.Seconds())
	default:
		fmt.Fprintf(&b, "ours %s %s (%s); it was not sent", would, d.Ours, d.Rule)
	}
	if d.More > 0 {
		fmt.Fprintf(&b, ", and %s", is(d.More, "once more", fmt.Sprintf("%d times more", d.More)))
	}
	return b.String()
}
