package follow

import (
	"simp/codec"
	"simp/fsm"
)

// certain is how many copies of a message everybody sends who follows the specification: it says that a message is sent again,
// and not how often.
const certain = 3

// farewells is how many copies of a FIN native peers send.
const farewells = 3

// settle sets when what is awaited now falls due. An answer has as long as its sender waits until it asks again; a copy half
// as long again, since timers are never exact.
func (f *Follower) settle(c *Conversation, s *Seen) {
	d := &s.Datagram
	if d.Kind == codec.ACK {
		return
	}
	a := &c.asks[s.By][d.Kind]
	again := a.Answered != 0 // even so a copy is acknowledged again
	if s.Copy == Doubled || again && (d.Kind == codec.SYN || d.Kind == codec.ERR) {
		return
	}
	native := c.Native()
	answer, repeat := false, false
	switch d.Kind {
	case codec.SYNACK:
		answer, repeat = true, native && !again
	case codec.CHAT:
		open := c.Parties[s.By].State == fsm.Established && c.Parties[s.By.Other()].State != fsm.FinWait // who has left owes nothing
		answer, repeat = open, open && !again && (native || a.Copies < certain)
	case codec.FIN:
		chat := !a.Refuses && c.Opened || c.Late
		answer = native && !again || chat
		repeat = native && !again && a.Copies < farewells
	case codec.ERR: // what belongs to it is the FIN, of the same side
		answer = s.Was[s.By.Other()] == fsm.SynSent && !native
	case codec.SYN, codec.ACK, codec.Invalid:
	}
	a.rest()
	if answer {
		a.due[wantAnswer] = s.At.Add(f.opts.Retransmit)
	}
	if repeat {
		a.due[wantRepeat] = s.At.Add(f.opts.Retransmit * 3 / 2)
	}
}
