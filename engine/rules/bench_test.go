package rules_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"simp/engine/follow"
	"simp/engine/rules"
)

// many makes packets of a thousand chats at once, over and over: to be followed and judged, or only followed.
func many(tb testing.TB) []follow.Packet {
	tb.Helper()
	story := open
	for i := range 8 {
		story += fmt.Sprintf("%d a>b CHAT %d message %d\n%d b>a ACK %d\n", 2+i, i%2, i, 2+i, i%2)
	}
	one, _ := packets(tb, story+"12 a>b FIN 0 \n 12 b>a ACK 0")
	return one
}

// BenchmarkJudge gives a packet at a time. The floor is reading its bytes.
func BenchmarkJudge(b *testing.B) {
	one := many(b)
	run := func(b *testing.B, packet func(follow.Packet), open func() int) {
		b.Helper()
		b.ReportAllocs()
		most := 0
		for i := range b.N {
			chat, step := i%1000, i/1000
			p := one[step%len(one)]
			round := step / len(one)
			p.N, p.At = i+1, p.At.Add(time.Duration(round)*time.Minute)
			var host [4]byte
			binary.BigEndian.PutUint32(host[:], 0x0a000000+uint32(chat)*2)
			from, to := netip.AddrFrom4(host), netip.AddrFrom4([4]byte{host[0], host[1], host[2], host[3] + 1})
			if p.From == alice {
				p.From, p.To = netip.AddrPortFrom(from, 7777), netip.AddrPortFrom(to, 7777)
			} else {
				p.From, p.To = netip.AddrPortFrom(to, 7777), netip.AddrPortFrom(from, 7777)
			}
			packet(p)
			most = max(most, open())
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
		b.ReportMetric(float64(most), "open")
	}
	b.Run("followed", func(b *testing.B) {
		f := follow.New(follow.Options{}, deaf{})
		run(b, f.Packet, f.Open)
	})
	b.Run("judged", func(b *testing.B) {
		j := rules.New(rules.Options{}, func(*rules.Report) {})
		run(b, j.Packet, j.Open)
	})
}

type deaf struct{}

func (deaf) Seen(*follow.Seen)          {}
func (deaf) Missing(*follow.Missing)    {}
func (deaf) Ended(*follow.Conversation) {}
