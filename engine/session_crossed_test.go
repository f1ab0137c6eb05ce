package engine

import (
	"fmt"
	"testing"
	"time"

	"simp/codec"
	"simp/codec/client"
)

// §6.11: a peer that takes any ACK for that of its FIN has ours already if it sent the FIN before our last ACK could be there,
// and is harmed by another one. How long that takes is told by the round trips of the chat, but for one that took much longer
// than another: there the peer's program was slow.
func TestCrossed(t *testing.T) {
	for _, tc := range []struct {
		rounds  []time.Duration
		after   time.Duration // from our ACK to the FIN
		crossed bool
	}{
		{nil, 4 * ms, true},
		{nil, 7 * ms, false},
		{[]time.Duration{4 * ms}, 4 * ms, true},
		{[]time.Duration{4 * ms}, 6 * ms, false},
		{[]time.Duration{80 * ms, 84 * ms}, 80 * ms, true},
		{[]time.Duration{80 * ms, 84 * ms}, 120 * ms, false},
		{[]time.Duration{300 * ms, 700 * ms}, 800 * ms, true},
		{[]time.Duration{4 * ms, 240 * ms}, 49 * ms, true},
		{[]time.Duration{4 * ms, 240 * ms}, 60 * ms, false},
	} {
		t.Run(fmt.Sprint(tc.rounds, tc.after), func(t *testing.T) {
			p := chatWith(t, "a")
			for _, round := range tc.rounds {
				p.do(client.Chat{Text: "hi"})
				p.pass(longestPause + round)
				p.receive(plain(codec.ACK, 1))
				p.pass(sec)
			}
			p.receive(chat(0, "bye"))
			p.pass(longestPause + tc.after)
			p.forget()
			p.receive(plain(codec.FIN, 0))
			p.pass(sec)
			if got := len(p.sent) == 0; got != tc.crossed {
				t.Errorf("%d datagrams follow the FIN, crossed: %v", len(p.sent), tc.crossed)
			}
		})
	}
}
