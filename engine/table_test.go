package engine

import (
	"testing"

	"simp/codec"
	"simp/codec/client"
	"simp/fsm"
	"simp/fsm/check"
)

// A daemon decides by the table that it is given, and its gate agrees to that table's changes of state.
func TestTable_IsWhatTheDaemonDecidesBy(t *testing.T) {
	deaf := check.Edited("syn-sent/accepted", func(r *fsm.Rule) { r.To = fsm.Idle })
	for _, c := range []struct {
		name  string
		table *fsm.Table
		want  fsm.State
	}{
		{"the one that ships", nil, fsm.Established},
		{"with a mistake", deaf, fsm.Idle},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newSolo(t, func(cfg *Config) { cfg.Plain, cfg.Table = true, c.table })
			p.do(client.Invite{Peer: bobAddr})
			p.receive(codec.Datagram{Kind: codec.SYNACK, User: []byte("bob")})
			if is := p.s.State(); is != c.want {
				t.Errorf("after SYN+ACK the session is in %s, want %s", is, c.want)
			}
			if n := p.env.counters.counts[gateRefused].Load(); n != 0 {
				t.Errorf("the gate refused %d steps", n)
			}
		})
	}
}
