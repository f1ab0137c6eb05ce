package demo

import (
	"context"
	"time"

	"simp/codec/client"
)

// Options are how fast the story goes.
type Options struct {
	Latency    time.Duration // of the wire, from sending to arriving; well above a beat (5 ms)
	Retransmit time.Duration // at least four times the latency, or answers come too late
	Pause      time.Duration // in each of the chapters, for whoever reads along
	Deadline   time.Duration // after which the story is broken off, the pauses not counted
}

// Defaults is a pace at which one can read along: about six seconds in all.
func Defaults() Options {
	return Options{
		Latency: 30 * time.Millisecond, Retransmit: 600 * time.Millisecond,
		Pause: time.Second, Deadline: 8 * time.Second,
	}
}

// chapters is how many there are.
const chapters = 4

// people are the names of the two.
func people() [2]string { return [2]string{Left: "alice", Right: "bob"} }

// script is what they say.
func script() Script {
	return Script{
		Left:  {"Hello, Bob.", "Are you there?", "Still there?"},
		Right: {"Yes, I am.", "Of course."},
	}
}

// theLost is the message of the left side whose first copy does not arrive.
const theLost = 2

// Play plays the story. start is called once everything is open, show with each thing that happens, from one goroutine
// at a time. The verdict says whether all went as it should; the error that there was nothing to play on.
func Play(ctx context.Context, o Options, start func(Cast), show func(Entry)) (Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Deadline+chapters*o.Pause)
	defer cancel()
	names, said := people(), script()
	s := newStage(said[Left][theLost], show)
	if err := s.open(ctx, names, o); err != nil {
		s.close()
		return Verdict{}, err
	}
	start(Cast{
		Name: names, Addr: [2]string{s.daemons[Left].Addr().String(), s.daemons[Right].Addr().String()},
		Latency: o.Latency, Retransmit: o.Retransmit,
	})
	st := &story{stage: s, ctx: ctx, names: names, said: said, pause: o.Pause}
	st.tell()
	return s.close().verdict(names, said, st.err), nil
}

// story tells itself step by step, and stops at the first that does not happen. Its methods do nothing after that.
type story struct {
	*stage
	ctx   context.Context //nolint:containedctx // a story lives as long as one call
	names [2]string
	said  Script
	pause time.Duration
	err   error
}

func (s *story) tell() {
	left, right := s.daemons[Left].Addr(), s.daemons[Right].Addr()

	s.chapter("1  Opening: the three-way handshake", "Each user's client attaches to its daemon. Alice invites Bob: her daemon "+
		"sends SYN. Bob's daemon confirms at once that it rings, with an ACK that says what it acknowledges, and asks Bob. He "+
		"accepts: SYN+ACK. Alice's daemon answers ACK. Now each side knows that the other wants the chat, and both machines are "+
		"established.")
	s.restart()
	s.does(Left, "connects as alice", client.Connect{User: s.names[Left]})
	s.hears(Left, "the client is connected", is[client.Connected])
	s.does(Right, "connects as bob", client.Connect{User: s.names[Right]})
	s.hears(Right, "the client is connected", is[client.Connected])
	s.does(Left, "invites bob", client.Invite{Peer: right})
	s.hears(Right, "alice invites him", is[client.Invitation])
	s.does(Right, "accepts", client.Accept{Peer: left})
	s.hears(Left, "the chat is open", is[client.Established])
	s.hears(Right, "the chat is open", is[client.Established])

	s.chapter("2  Messages: stop-and-wait", "Alice writes two messages at once. Only one datagram of each direction is in flight "+
		"at a time: the second message waits until the first is acknowledged, and then carries the other sequence number, 1 "+
		"after 0. An ACK leaves only after the message has been handed to the user's client, so delivered means delivered. "+
		"Bob's direction counts for itself, from 0.")
	s.says(Left, 0)
	s.says(Left, 1)
	s.delivered(Left, 2)
	s.says(Right, 0)
	s.delivered(Right, 1)

	s.chapter("3  A datagram is lost", "The wire swallows Alice's third message. Nothing tells her daemon so, except that no ACK "+
		"comes: its timer runs out, and it sends the same bytes again, with the same sequence number. Had only the ACK been "+
		"lost, Bob's daemon would know the number, acknowledge it again, and not show the message twice.")
	s.says(Left, theLost)
	s.delivered(Left, 3)
	s.says(Right, 1)
	s.delivered(Right, 2)

	s.chapter("4  Leaving", "Alice leaves: FIN. Bob's daemon answers ACK and tells Bob. Alice's waits for that ACK in fin-wait, and "+
		"would repeat its FIN too.")
	s.does(Left, "leaves", client.Leave{})
	s.hears(Right, "the chat is over", is[client.Closed])
	s.hears(Left, "the chat is over", is[client.Closed])
}

// chapter begins a part of the story, and waits until it has been read.
func (s *story) chapter(title, about string) {
	if s.err != nil {
		return
	}
	s.flush()
	s.write(Entry{Kind: Chapter, Text: title, Detail: about})
	s.flush()
	s.wait(s.pause)
}

func (s *story) does(side Side, what string, c client.Command) {
	if s.err == nil {
		s.write(Entry{Side: side, Kind: Act, Text: what})
		s.err = s.people[side].do(c)
	}
}

// says sends the message of the script with that index.
func (s *story) says(side Side, i int) {
	text := s.said[side][i]
	s.does(side, "says: "+text, client.Chat{Text: text})
}

// delivered waits until side has heard that its message n is delivered.
func (s *story) delivered(side Side, n int) {
	s.hears(side, "the last message is delivered", func(e client.Event) bool {
		d, is := e.(client.Delivered)
		return is && d.N == n
	})
}

// hears waits until side is told something, and then a little longer: what happens next is another beat.
func (s *story) hears(side Side, what string, match func(client.Event) bool) {
	if s.err == nil {
		s.err = s.people[side].until(s.ctx, what, match)
		s.wait(2 * beat)
	}
}

func (s *story) wait(d time.Duration) {
	if s.err != nil || d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-s.ctx.Done():
		s.err = s.ctx.Err()
	}
}

// is reports whether an event is of type E.
func is[E client.Event](e client.Event) bool {
	_, is := e.(E)
	return is
}
