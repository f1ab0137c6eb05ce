package replay

import (
	"net/netip"
	"strings"
	"time"

	"simp/codec"
)

// Divergence is a difference between what a recorded daemon did and what ours would have done.
type Divergence struct {
	N          int           // number of the packet, 0 if nothing was sent
	At         time.Duration // since the recording began: when it was sent or, if nothing was, when ours would have
	Self, Peer netip.AddrPort

	Sent   string // what was sent, in the words of codec's summaries; "" if nothing
	Ours   string // what ours sends instead; "" if nothing
	Repeat bool   // ours would repeat what it has sent before
	Rule   string // of our machine, by which it sends that, or the state in which it sends nothing

	UntilN int           // what ours sends was sent later, by this packet; 0: never
	Until  time.Duration // and when
	More   int           // further ones right behind this that say the same
}

// says is a datagram in one line, without the name of its user, who is the same always.
func says(d *codec.Datagram) string {
	c := *d
	c.User = nil
	return strings.Replace(c.String(), ` user=""`, "", 1)
}

// same reports whether another divergence says the same, as the copies of one message do.
func (d *Divergence) same(e *Divergence) bool {
	return d.Self == e.Self && d.Peer == e.Peer && d.Sent == e.Sent && d.Ours == e.Ours && d.UntilN == 0 && e.UntilN == 0 && d.Repeat == e.Repeat
}
