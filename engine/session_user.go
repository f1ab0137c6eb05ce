package engine

import (
	"strings"
	"time"
	"unicode/utf8"

	"simp/codec"
	"simp/codec/client"
	"simp/codec/text"
	"simp/fsm"
)

// What the user does to a session, and what the user is told.

func (s *Session) command(now time.Time, cmd client.Command, out *Outbox) {
	s.prompted = true
	in := stepInput{op: cmd.Op()}
	switch c := cmd.(type) {
	case client.Invite:
		e := fsm.Event{On: fsm.Invite}
		switch {
		case s.snap.State == fsm.SynReceived && !s.snap.Answered:
			e.Verdict = s.takeChat()
		case s.ask(AskInUse, s.env.admit.inUse):
			e.Verdict = fsm.InUse
		case s.snap.State == fsm.Idle || s.snap.State == fsm.FinWait:
			if !s.ask(AskInviting, s.env.admit.takeInviting) {
				out.event(client.NewError(in.op, client.ReasonOverloaded, client.Facts{Peer: s.peer}))
				return
			}
			s.places.inviting = true
		}
		s.step(now, e, in, out)
	case client.Accept:
		e := fsm.Event{On: fsm.Accept}
		if s.snap.HalfOpen() {
			e.Verdict = s.takeChat()
		}
		s.step(now, e, in, out)
	case client.Cancel:
		s.step(now, fsm.Event{On: fsm.Cancel}, in, out)
	case client.Decline:
		s.step(now, fsm.Event{On: fsm.Decline}, in, out)
	case client.Leave:
		on := fsm.Leave
		if c.Now {
			on = fsm.LeaveNow
		}
		s.muted = false // whoever ends a chat hears how it ended, also one that another client has begun
		s.step(now, fsm.Event{On: on}, in, out)
	case client.Chat:
		in.id = c.ID
		in.as, in.parts = s.wording(c.Text, out.parts[:0])
		out.parts = in.parts
		s.step(now, fsm.Event{On: fsm.Say, Room: len(s.queue)+len(in.parts) <= queueLen}, in, out)
	}
}

// wording turns a text into what this peer can read, in pieces that fit. The first result is the text as sent if it
// differs from what was written, the second is appended to parts.
func (s *Session) wording(txt string, parts []string) (as string, all []string) {
	limit, clean := s.dialect.limit(), false
	if !s.native() {
		clean = true
		if ascii, changed := text.Transliterate(txt); changed {
			as, txt = ascii, ascii
		}
	}
	return as, split(parts, txt, limit, clean)
}

// split cuts a text into pieces of at most limit bytes, behind a blank where there is one in the second half of the
// piece, else between two characters. Nothing is lost: the pieces joined are the text. They are appended to parts. clean
// avoids the lengths that would put a byte above 0x7f into the datagram's Length field, because there are peers whom any
// such byte kills.
func split(parts []string, txt string, limit int, clean bool) []string {
	for {
		cut := min(limit, len(txt))
		if clean {
			cut = cleanLength(cut)
		}
		if cut == len(txt) {
			return append(parts, txt)
		}
		for !utf8.RuneStart(txt[cut]) {
			cut--
		}
		if blank := strings.LastIndexByte(txt[:cut], ' '); blank >= cut/2 && (!clean || cleanLength(blank+1) == blank+1) {
			cut = blank + 1
		}
		parts = append(parts, txt[:cut])
		txt = txt[cut:]
	}
}

// cleanLength is the greatest length up to n whose lower byte is below 0x80; the upper ones of ours always are.
func cleanLength(n int) int {
	if n&0x80 != 0 {
		return n&^0xff | 0x7f
	}
	return n
}

// attach shows a client that has just come what it has missed: what waits in the box. Invitations that wait are in the
// answer to its connect.
func (s *Session) attach(out *Outbox) {
	s.attached = true
	s.keep = false
	for _, ev := range s.box {
		out.event(ev)
	}
	s.box = nil
}

// tell gives an event to the client, or keeps it for the next one if it belongs to a chat that no client has seen.
func (s *Session) tell(ev client.Event, out *Outbox) {
	switch {
	case s.muted:
	case s.attached:
		out.event(ev)
	case s.keep:
		switch ev.(type) {
		case client.Established, client.Message, client.Closed: // bounded by room and by takeBox
			s.box = append(s.box, ev)
		case client.Error: // as many as the peer likes to send
			if len(s.box) < inboxLen {
				s.box = append(s.box, ev)
			}
		}
	}
}

func (s *Session) notice(a fsm.Action, in stepInput, out *Outbox) {
	switch a.Notice {
	case fsm.TellInviting:
		s.tell(client.Inviting{Peer: s.peer, User: s.user, Tries: int(s.snap.Tries)}, out)
	case fsm.TellUnanswered:
		waited := out.now.Sub(s.since).Round(time.Second)
		s.tell(client.Unanswered{Peer: s.peer, User: s.user, Seconds: int(waited / time.Second)}, out)
	case fsm.TellInvitation:
		s.tell(client.Invitation{Peer: s.peer, User: s.user}, out)
	case fsm.TellWithdrawn:
		s.tell(client.Withdrawn{Peer: s.peer, User: s.user, Reason: client.WithdrawReason(a.Reason.String())}, out)
	case fsm.TellEstablished:
		s.opened(out)
	case fsm.TellRetrying:
		s.tell(client.Retrying{Peer: s.peer, User: s.user, What: retriedWhat(a.Packet), Tries: int(s.snap.Tries)}, out)
	case fsm.TellClosed:
		s.closed(client.CloseReason(a.Reason.String()), in, out)
	case fsm.TellError:
		s.tell(client.NewError("", client.ReasonRefusedText, client.Facts{Peer: s.peer, User: s.user, Detail: string(in.datagram.Payload)}), out)
	}
}

func retriedWhat(p fsm.Packet) client.What {
	switch p {
	case fsm.CHAT:
		return client.WhatMessage
	case fsm.FIN:
		return client.WhatGoodbye
	case fsm.SYN, fsm.SYNACK, fsm.NoPacket, fsm.ACK, fsm.ERR:
	}
	return client.WhatInvitation
}

func (s *Session) opened(out *Outbox) {
	s.validated = true
	s.sent, s.taken, s.finished, s.doubt = 0, 0, 0, s.swallows()
	s.queue, s.latest, s.echoing = nil, latest{}, nil
	s.remember()
	s.keep = s.keep || !s.attached
	s.tell(client.Established{Peer: s.peer, User: s.user}, out)
}

func (s *Session) closed(why client.CloseReason, in stepInput, out *Outbox) {
	ev := client.Closed{Peer: s.peer, User: s.user, Reason: why, Undelivered: s.undelivered()}
	if d := in.datagram; d != nil && (d.Kind == codec.ERR || d.Kind == codec.FIN && !s.native()) {
		ev.Text = string(d.Payload)
	}
	s.queue, s.doubt = nil, false
	s.tell(ev, out)
	s.muted = false // what comes next is another conversation, and whoever is there may hear of it
}

// undelivered lists the messages that were not acknowledged, or not whole.
func (s *Session) undelivered() []client.Undelivered {
	var all []client.Undelivered
	var txt strings.Builder
	for _, m := range s.queue {
		txt.WriteString(m.text)
		if m.end {
			all = append(all, client.Undelivered{ID: m.id, N: m.n, Text: txt.String()})
			txt.Reset()
		}
	}
	return all
}

// enqueue takes the user's message into the queue.
func (s *Session) enqueue(in stepInput, out *Outbox) {
	for i, p := range in.parts {
		s.sent++
		s.queue = append(s.queue, outgoing{text: p, id: in.id, n: s.sent, end: i == len(in.parts)-1})
	}
	s.tell(client.Sent{Peer: s.peer, User: s.user, ID: in.id, N: s.sent, As: in.as}, out)
}

// dequeue takes the datagram in flight out of the queue and reports on its message once that is whole.
func (s *Session) dequeue(confirmed bool, in stepInput, out *Outbox) {
	m := s.queue[0]
	s.queue[0] = outgoing{}
	s.queue = s.queue[1:]
	if len(s.queue) == 0 {
		s.queue = nil // an idle chat holds no memory
	}
	s.doubt = s.doubt || !confirmed
	if confirmed && !s.native() {
		s.env.memory.sent(s.peer, in.number, true)
		s.acknowledged(in.number)
	}
	s.wroteAway(out.now, confirmed)
	s.finished++
	if !m.end {
		return
	}
	if s.doubt {
		s.tell(client.Unconfirmed{Peer: s.peer, User: s.user, ID: m.id, N: m.n, Tries: in.tries}, out)
	} else {
		s.tell(client.Delivered{Peer: s.peer, User: s.user, ID: m.id, N: m.n}, out)
	}
	s.doubt = false
}
