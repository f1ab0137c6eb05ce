package sim

import (
	"fmt"
	"net/netip"
	"time"

	"simp/codec"
	"simp/netio"
)

// ends are the two ends of a link, in the direction in which it carries.
type ends struct{ from, to netip.AddrPort }

// link is one direction between two addresses: its chance, and what has become of the datagrams so far.
type link struct {
	*netio.Link
	ends
	sent     int           // datagrams
	cutUntil time.Duration // nothing passes before
	slowest  time.Duration // the longest that a copy took
	busy     time.Duration // when the last copy that is on its way arrives
	last     time.Time     // where the order is kept: when the latest copy arrives
	moment   time.Duration // when the last datagram was sent, and how many in that moment
	nth      int

	stranger *contact // what is watched of an address that is no user's

	recorded time.Time // as last, for whoever writes the run down

	latest   int // the highest number that has arrived
	doubled  int // datagrams that were to arrive more than once
	overtook int // datagrams that arrived before one that was sent earlier
}

// arrived notes the arrival of a copy of the n-th datagram. A copy that comes behind a later datagram has been overtaken.
func (l *link) arrived(n int) {
	if n < l.latest {
		l.overtook++
	}
	l.latest = max(l.latest, n)
}

func (w *World) link(from, to netip.AddrPort) *link {
	l := w.links[ends{from, to}]
	if l == nil {
		l = &link{Link: netio.NewLink(w.faults, w.seed, netio.PairSeed(from, to)), ends: ends{from, to}}
		w.links[l.ends] = l
	}
	return l
}

// SetFaults changes how bad all links are from now on.
func (w *World) SetFaults(f netio.Faults) {
	w.faults = f
	for _, l := range w.links {
		l.SetFaults(f)
	}
}

// Cut lets nothing pass between two addresses for some time.
func (w *World) Cut(a, b netip.AddrPort, d time.Duration) {
	until := w.Elapsed() + d
	for _, l := range [...]*link{w.link(a, b), w.link(b, a)} {
		l.cutUntil = max(l.cutUntil, until)
	}
}

// Inject puts a datagram on the way, as if from had sent it. The network does it no harm.
func (w *World) Inject(from, to netip.AddrPort, b []byte) {
	if w.Trace != nil {
		w.trace("%s -> %s %s (forged)", from, to, summary(b))
	}
	w.arrive(from, to, b)
}

// send puts a datagram on the way. The bytes are copied.
func (w *World) send(from, to netip.AddrPort, b []byte) {
	if w.harm != nil {
		b = w.harm(b)
	}
	if spoil := w.spoils[from]; spoil != nil {
		if b = spoil(b); b == nil {
			return
		}
	}
	l := w.link(from, to)
	l.sent++
	if l.moment != w.Elapsed() {
		l.moment, l.nth = w.Elapsed(), 0
	}
	l.nth++
	w.copies = l.Fate(w.now, w.copies[:0]) // asked in any case, so that what else is said changes no other datagram's chance
	if w.fate != nil {
		if after, said := w.fate(l, l.sent); said {
			w.copies = w.copies[:0]
			for _, d := range after {
				w.copies = append(w.copies, w.now.Add(d))
			}
		}
	}
	if w.Elapsed() < l.cutUntil {
		w.copies = w.copies[:0]
	}
	if w.ordered {
		for i, at := range w.copies {
			if at.Before(l.last) {
				w.copies[i] = l.last
			}
			l.last = w.copies[i]
		}
	}
	if len(w.copies) > 1 {
		l.doubled++
	}
	if w.Trace != nil {
		w.traceDatagram(l, b)
	}
	if w.sent != nil {
		w.sent(l, l.sent, b, w.copies)
	}
	for _, at := range w.copies {
		l.busy, l.slowest = max(l.busy, at.Sub(start)), max(l.slowest, at.Sub(w.now))
		w.push(item{at: at.Sub(start), link: l, number: l.sent, datagram: append(w.buffer(), b...)})
	}
}

// buffer returns an empty buffer, one that was used before if there is one.
func (w *World) buffer() []byte {
	if n := len(w.free); n > 0 {
		b := w.free[n-1]
		w.free = w.free[:n-1]
		return b[:0]
	}
	return make([]byte, 0, bufferSize)
}

// bufferSize is room for almost every datagram; others make their buffer grow.
const bufferSize = 128

func (w *World) trace(format string, args ...any) {
	w.Trace(fmt.Sprintf("%9.3fs ", w.Elapsed().Seconds()) + fmt.Sprintf(format, args...))
}

func (w *World) traceDatagram(l *link, b []byte) {
	fate := "lost"
	switch len(w.copies) {
	case 0:
	case 1:
		fate = "arrives in " + w.copies[0].Sub(w.now).String()
	default:
		fate = fmt.Sprintf("arrives %d times, in", len(w.copies))
		for i, at := range w.copies {
			if i > 0 {
				fate += " and"
			}
			fate += " " + at.Sub(w.now).Round(time.Microsecond).String()
		}
	}
	w.trace("%s -> %s #%d %s (%s)", l.from, l.to, l.sent, summary(b), fate)
}

func summary(b []byte) string {
	if d, _, err := codec.Decode(b); err == nil {
		return d.String()
	}
	return "unreadable"
}
