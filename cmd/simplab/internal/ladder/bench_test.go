package ladder_test

import (
	"io"
	"testing"
	"time"

	"simp/cmd/simplab/internal/ladder"
	"simp/codec"
)

// What one packet costs in the forms that go through files of any length.
func BenchmarkRow(b *testing.B) {
	var all trace
	all.chat(b, alice, bob)
	for i := range 1000 {
		all.send(b, time.Millisecond, alice, bob, codec.Datagram{Kind: codec.CHAT, Seq: uint8(i % 2), User: []byte("alice"), Payload: []byte("message")})
		all.send(b, time.Millisecond, bob, alice, codec.Datagram{Kind: codec.ACK, Seq: uint8(i % 2), User: []byte("bob")})
	}
	for name, with := range map[string]func(io.Writer) ladder.Drawing{"text": asText(ladder.TextOptions{}), "plain": asPlain, "json": asJSON} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := ladder.NewReader(ladder.Options{}, with(io.Discard))
				for _, p := range all {
					if err := r.Packet(p); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(all)), "ns/packet")
		})
	}
}
