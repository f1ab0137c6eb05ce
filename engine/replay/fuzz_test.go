package replay_test

import (
	"net/netip"
	"testing"
	"time"
)

// Whatever is in a recording, in whatever order and at whatever times, a replay ends, and is the same each time.
func FuzzReplay(f *testing.F) {
	for _, c := range capture(f, story) {
		f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, c.raw, uint16(100))
	}
	f.Add([]byte{0, 2, 0x80, 2, 3, 4, 0x44, 5, 6, 0x86}, []byte{1, 2, 0}, uint16(6000))
	base := capture(f, story)
	addrs := [...]netip.AddrPort{
		base[0].from, base[0].to, netip.MustParseAddrPort("10.0.0.3:7777"), netip.MustParseAddrPort("[2001:db8::1]:7777"),
	}
	f.Fuzz(func(t *testing.T, order, raw []byte, gap uint16) {
		// Each byte of the order is a datagram: of the story, or the one that is given, with its two ends changed or not, some time later.
		at := time.Unix(0, 0)
		var all []captured
		for _, o := range order[:min(len(order), 300)] {
			c := base[int(o&0x0f)%len(base)]
			if o&0x0f == 0x0f {
				c.raw = raw
			}
			if o&0x10 != 0 {
				c.from, c.to = c.to, c.from
			}
			if o&0x20 != 0 {
				c.from = addrs[o&3]
			}
			if o&0x40 != 0 {
				at = at.Add(time.Duration(gap) * time.Millisecond)
			}
			if o&0x80 != 0 {
				at = at.Add(-time.Second)
			}
			c.at = at.Add(time.Duration(gap))
			all = append(all, c)
		}
		first, r := replayed(all)
		again, _ := replayed(all)
		if len(first) != len(again) {
			t.Fatalf("%d divergences, and then %d", len(first), len(again))
		}
		for i := range first {
			if first[i] != again[i] {
				t.Fatalf("%+v, and then %+v", first[i], again[i])
			}
			if d := first[i]; d.Sent == "" && d.Ours == "" || d.Self == (netip.AddrPort{}) || d.At < 0 {
				t.Fatalf("%+v", d)
			}
		}
		if r.Followed+r.Middle < 0 || r.Followed > len(all) {
			t.Fatalf("%d followed of %d", r.Followed, len(all))
		}
	})
}
