package fsm

import (
	"fmt"
	"slices"
	"testing"
)

// §4.1: "Each direction numbers its chat datagrams 0, 1, 0, 1 and so on from 0, and has at most one in flight."
// §4.2: "The ACK with the number in flight ends that flight; the next message carries the other number."
func TestEstablished_MessagesAlternateTheirNumbers(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		c := reach(t, Established, p)
		for _, seq := range []uint8{0, 1, 0, 1} {
			c.on(say()).by("send").does(fmt.Sprintf("queue, send CHAT seq=%d, start retransmit", seq))
			c.unmovedBy(say()).by("queue").does("queue") // one in flight: the second waits
			c.unmovedBy(answer(p, seq^1)).by("duplicate-ack").does("")
			c.on(answer(p, seq)).by("delivered").does("complete, stop retransmit")
		}
	})
}

// answer is the peer's ACK of a chat datagram, labelled as the policy demands.
func answer(p Policy, seq uint8) Event {
	if p.Labels {
		return ackOf(CHAT, seq)
	}
	return ack(seq)
}

// §4.4: "Further messages wait in order. The queue is bounded; when it is full the user is told."
func TestEstablished_TheNextMessageGoesOutWhenTheFirstIsDelivered(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		c := reach(t, Established, p).on(say(), say())
		c.on(answer(p, 0).more()).by("delivered-next").does("complete, send CHAT seq=1, start retransmit").
			now("established tries=1 tx=1 in-flight acked")
		c.unmovedBy(act(Say)).by("queue-full").does("refuse queue-full")
	})
}

// §4.3: "Without an ACK within the retransmission time (5 s) the same bytes go out again, with the same number. Only the timer
// repeats; a duplicate that arrives never does."
func TestEstablished_OnlyTheTimerRepeatsAMessage(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		c := reach(t, Established, p).on(say(), answer(p, 0), say())
		c.on(due(Retransmit)).by("repeat-chat").does("send CHAT seq=1, start retransmit, tell retrying CHAT").
			now("established tries=2 tx=1 in-flight acked")
		c.unmovedBy(answer(p, 0)).does("")                    // a late ACK of the message before
		c.on(chat(0)).does("deliver, send ACK seq=0 of=CHAT") // §4.12: both sides send at any time
		c.unmovedBy(chat(0).repeat()).does("send ACK seq=0 of=CHAT")
	})
}

// §4.6: "A native peer gets copies every retransmission time until it answers or the user leaves."
func TestEstablished_ANativePeerGetsCopiesForEver(t *testing.T) {
	c := reach(t, Established, Native()).on(say())
	for range 1 << 16 {
		c.on(due(Retransmit)).does("send CHAT seq=0, start retransmit, tell retrying CHAT")
	}
	c.now("established tries=65535 in-flight").on(ackOf(CHAT, 0)).by("delivered")
}

// §4.6: "A legacy peer that has acknowledged in this chat gets them at growing intervals after the third copy: 1, 1, 2, 4, 8,
// then 12 retransmission times."
func TestEstablished_IntervalsGrowTowardsALegacyPeer(t *testing.T) {
	c := reach(t, Established, Legacy()).on(say(), ack(0), say())
	intervals := []uint8{interval(t, c)}
	for range 6 {
		c.on(due(Retransmit)).by("repeat-chat")
		intervals = append(intervals, interval(t, c))
	}
	if want := []uint8{1, 1, 2, 4, 8, 12, 12}; !slices.Equal(intervals, want) {
		t.Errorf("intervals %v, want %v", intervals, want)
	}
	// The next message starts over.
	c.on(ack(1), say()).does("queue, send CHAT seq=0, start retransmit")
}

// interval is the time until the next copy, in retransmission times.
func interval(t *testing.T, c *talk) uint8 {
	t.Helper()
	for _, a := range c.out.All() {
		if a.Effect == Start && a.Timer == Retransmit {
			return a.Scale
		}
	}
	t.Fatalf("on %s: no timer was started: %s", c.last, c.out.String())
	return 0
}

// §4.7: "A legacy peer that has acknowledged nothing in this chat gets 3 copies, and one more as 4.15 says; then the message is
// reported as unconfirmed and the next goes out."
func TestEstablished_APeerThatNeverAcknowledgesGetsThreeCopiesAndOneMore(t *testing.T) {
	silent := func(events ...Event) *talk {
		events = append([]Event{say()}, events...)
		c := reach(t, Established, Legacy()).on(append(events, due(Retransmit), due(Retransmit))...)
		return c.on(due(Retransmit)).by("try-other").does("send CHAT seq=1, start retransmit, tell retrying CHAT")
	}
	// The fourth copy used up a number as well: the next message carries the one that follows it.
	c := silent().now("established tries=4 tx=1 in-flight")
	c.on(due(Retransmit)).by("unconfirmed").does("give-up").now("established")
	c.on(say()).does("queue, send CHAT seq=0, start retransmit")

	silent(say()).on(due(Retransmit).more()).by("unconfirmed-next").
		does("give-up, send CHAT seq=0, start retransmit").now("established tries=1 in-flight")
	// §6.2: queued messages come first, delivered or not; then the user is gone.
	silent(act(Leave)).on(due(Retransmit)).by("unconfirmed-leave").
		does("give-up, stop all, send FIN seq=0 left, start retransmit").now("fin-wait tries=1 goodbye=left")
}

// §4.7: where the kind of peer is known there is no other number to try, and the third copy is the last.
func TestEstablished_APeerOfKnownNumbersGetsThreeCopies(t *testing.T) {
	silent := func(events ...Event) *talk {
		return reach(t, Established, knownNumbers()).on(append([]Event{say()}, events...)...)
	}
	c := silent(due(Retransmit), due(Retransmit)).now("established tries=3 in-flight")
	c.on(due(Retransmit)).by("unconfirmed").does("give-up").now("established tx=1")
	c.on(say()).does("queue, send CHAT seq=1, start retransmit")

	silent(say(), due(Retransmit), due(Retransmit)).on(due(Retransmit).more()).by("unconfirmed-next").
		does("give-up, send CHAT seq=1, start retransmit").now("established tries=1 tx=1 in-flight")
	silent(act(Leave), due(Retransmit), due(Retransmit)).on(due(Retransmit)).by("unconfirmed-leave").
		does("give-up, stop all, send FIN seq=1 left, start retransmit").now("fin-wait tries=1 tx=1 fin=1 goodbye=left")
}

// §4.5: "Every chat datagram from the partner is acknowledged, also a duplicate. A message is shown once."
// §4.11: "A duplicate is told by its number between native peers, and by number and payload together from legacy ones, of whom
// several never change the number."
func TestEstablished_DuplicatesAreAcknowledgedAndNotShown(t *testing.T) {
	c := reach(t, Established, Native()).on(chat(0)).by("message").does("deliver, send ACK seq=0 of=CHAT").now("established rx=1")
	c.unmovedBy(chat(0)).by("duplicate").does("send ACK seq=0 of=CHAT")
	c.unmovedBy(chat(2), chat(255)).by("misnumbered").does("")
	c.on(chat(1).repeat()).by("message").does("deliver, send ACK seq=1 of=CHAT").now("established") // "ok", and again "ok"

	c = reach(t, Established, Legacy()).on(chat(0)).by("message")
	c.unmovedBy(chat(0).repeat()).by("duplicate").does("send ACK seq=0 of=CHAT")
	c.on(chat(0)).by("message").does("deliver, send ACK seq=0 of=CHAT")
	c.on(chat(200)).by("message").does("deliver, send ACK seq=200 of=CHAT")
}

// §4.19: "One that was taken is acknowledged again however late its copy comes; one that cannot be the next is neither taken nor
// acknowledged; an ACK counts only for the message that it says."
func TestEstablished_NumberedMessagesMayOvertakeEachOther(t *testing.T) {
	c := reach(t, Established, Native())
	c.unmovedBy(chat(1).num(2), chat(0).num(3), chat(1).num(1), chat(0).num(1<<32-1)).by("misnumbered").does("")
	c.on(chat(0).num(1)).by("message").does("deliver, send ACK seq=0 num=1 of=CHAT").now("established rx=1 tx-num=1 rx-num=2")
	c.on(chat(1).num(2)).by("message").does("deliver, send ACK seq=1 num=2 of=CHAT")
	c.unmovedBy(chat(0).num(1)).by("duplicate").does("send ACK seq=0 num=1 of=CHAT") // though 0 is the next one's number
	c.on(chat(0).num(3)).by("message")

	c.on(say()).does("queue, send CHAT seq=0 num=1, start retransmit")
	c.on(due(Retransmit)).does("send CHAT seq=0 num=1, start retransmit, tell retrying CHAT")
	c.on(ackOf(CHAT, 0).num(1)).by("delivered").on(say(), ackOf(CHAT, 1).num(2), say())
	c.unmovedBy(ackOf(CHAT, 0).num(1), ackOf(CHAT, 0).num(4)).by("duplicate-ack").does("") // 0 is in flight again
	c.on(ackOf(CHAT, 0).num(3)).by("delivered").now("established tx=1 rx=1 tx-num=4 rx-num=4 acked")

	c.on(act(Leave)).unmovedBy(chat(1).num(4)).does("") // §6.6
	c.unmovedBy(chat(0).num(3), chat(1).num(2)).by("duplicate").does("send ACK seq=1 num=2 of=CHAT")
}

// §4.19: who counts nothing is taken as before.
func TestEstablished_ANativePeerThatDoesNotCount(t *testing.T) {
	c := reach(t, Established, Native()).on(chat(0)).by("message").on(chat(1)).by("message")
	c.unmovedBy(chat(1)).by("duplicate").does("send ACK seq=1 of=CHAT")
	c.on(say(), ackOf(CHAT, 0)).by("delivered")
	legacy := reach(t, Established, Legacy()).on(say()).now("established tries=1 in-flight") // and no num
	legacy.on(ack(0)).by("delivered").now("established tx=1 acked")
}

// §4.8: "A chat datagram is acknowledged only once the message has been handed to the client's queue, or to the daemon's
// inbox. Without room there is no ACK, and the sender tries again."
func TestEstablished_WithoutRoomThereIsNoACK(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		c := reach(t, Established, p)
		c.unmovedBy(chat(0).noRoom()).by("no-room").does("")
		c.on(chat(0)).does("deliver, send ACK seq=0 of=CHAT")
		c.unmovedBy(chat(0).repeat().noRoom()).by("duplicate").does("send ACK seq=0 of=CHAT") // needs no room
	})
}

// §4.10: "An ACK counts only for what it names, a FIN only for what its reason can end."
func TestEstablished_AnACKCountsOnlyForWhatItNames(t *testing.T) {
	c := reach(t, Established, Native()).on(say())
	c.unmovedBy(ack(0), ackOf(SYN, 0), ackOf(SYNACK, 0), ackOf(FIN, 0), ackOf(CHAT, 1)).by("duplicate-ack").does("")
	c.on(ackOf(CHAT, 0)).by("delivered")
}

// §4.9: "The side that sent SYN+ACK n times too often ignores up to n further ACKs with the handshake's number until its first
// message is acknowledged. Without this rule a lost first message is reported as delivered."
func TestEstablished_LateACKsOfTheHandshakeDeliverNothing(t *testing.T) {
	c := connecting(t, Legacy(), 3).on(ack(0), say()).now("established tries=1 stale=2 in-flight")
	c.on(ack(0)).by("late-handshake-ack").does("").now("established tries=1 stale=1 in-flight")
	c.on(ack(0)).by("late-handshake-ack").does("").now("established tries=1 in-flight")
	c.on(ack(0)).by("delivered").now("established tx=1 acked")

	// The first message's ACK ends the care at once. What is still on its way cannot fit the next message's number, and
	// the one after that is sent only when that one has been acknowledged, or given up.
	c = connecting(t, Legacy(), 3).on(ack(0), say(), ack(0), ack(0), ack(0)).now("established tx=1 acked")
	c.on(say()).unmovedBy(ack(0))

	connecting(t, Legacy(), 2).on(ack(0), say()).unmovedBy(ack(1)).by("duplicate-ack") // not the handshake's number
	// Where a peer's ACKs carry any number the handshake's is no mark of a late one; any ACK may be it.
	anyACK := Legacy()
	anyACK.AnyACK = true
	connecting(t, anyACK, 2).on(ack(0), say()).on(ack(1)).by("late-handshake-ack").now("established tries=1 in-flight").
		on(ack(1)).by("delivered")
}

// §3.9: "A SYN+ACK that is repeated in an open chat is acknowledged again: the final ACK was lost."
func TestEstablished_ARepeatedSYNACKIsAcknowledgedAgain(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		c := reach(t, Established, p)
		for range 3 {
			c.unmovedBy(synACK()).by("final-ack-lost").does("send ACK seq=0 of=SYN+ACK")
		}
	})
}

// §5.4: "A SYN from the current partner means that the partner has lost its state: the chat is closed as `restarted` and the
// SYN is a new invitation."
func TestEstablished_ThePartnerRestarts(t *testing.T) {
	inTheMiddle := func() *talk { return reach(t, Established, Native()).on(chat(0), say(), due(Retransmit)) }
	inTheMiddle().on(syn()).by("restarted").
		does("tell closed restarted, stop all, send ACK seq=0 of=SYN, start expiry, tell invitation").now("syn-received")
	inTheMiddle().on(verdict(RecvSYN, Take)).by("restarted-auto").
		does("tell closed restarted, stop all, send SYN+ACK seq=0, start retransmit").now("syn-received tries=1 answered")
	inTheMiddle().on(verdict(RecvSYN, Never)).by("restarted-never").
		does("tell closed restarted, stop all, start linger, send FIN seq=0 declined").now("idle after=ended")
	inTheMiddle().on(verdict(RecvSYN, InUse)).by("restarted-in-use").
		does("tell closed restarted, stop all, start linger, send ERR seq=0 busy, send FIN seq=0 busy").now("idle after=ended")
}

// §6.1: "The side that leaves sends FIN. The other answers ACK, then tells its user."
func TestEstablished_OneSideLeaves(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		reach(t, Established, p).on(act(Leave)).by("leave").
			does("stop all, send FIN seq=0 left, start retransmit").now("fin-wait tries=1 goodbye=left")
		reach(t, Established, p).on(say(), fin(NoReason).seq(1)).by("partner-left").
			does("send ACK seq=1 of=FIN, tell closed left, stop all, start linger").now("idle after=ended")
	})
	reach(t, Established, Native()).on(fin(ShutDown)).does("send ACK seq=0 of=FIN, tell closed shutdown, stop all, start linger")
}

// §6.2: "Queued messages are delivered before the FIN, unless the user leaves at once."
func TestEstablished_LeavingWaitsForTheQueue(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		c := reach(t, Established, p).on(say(), say())
		c.on(act(Leave)).by("leave-when-delivered").does("").now("established tries=1 in-flight leaving")
		c.unmovedBy(say()).by("say-while-leaving").does("refuse closing")
		c.unmovedBy(act(Leave)).by("leave-again").does("refuse closing")
		c.on(answer(p, 0).more()).by("delivered-next").does("complete, send CHAT seq=1, start retransmit")
		c.on(answer(p, 1)).by("delivered-leave").does("complete, stop all, send FIN seq=0 left, start retransmit").
			now("fin-wait tries=1 acked goodbye=left")

		// At once, the FIN carries the number behind the message that was in flight.
		reach(t, Established, p).on(say(), act(Leave), act(LeaveNow)).by("leave-now").
			does("stop all, send FIN seq=1 left, start retransmit").now("fin-wait tries=1 fin=1 goodbye=left")
	})
}

// §6.7: "A client that goes away, by `quit` or without a word, leaves its chats and cancels its invitations; what is queued is
// still delivered, for as long as an invitation may wait."
func TestEstablished_TheClientGoes(t *testing.T) {
	underBoth(t, func(t *testing.T, p Policy) {
		reach(t, Established, p).on(act(Detach)).by("client-gone").does("stop all, send FIN seq=0 left, start retransmit")

		c := reach(t, Established, p).on(say(), act(Detach)).by("client-gone-when-delivered").does("start expiry").
			now("established tries=1 in-flight leaving")
		c.on(due(Expiry)).by("goodbye-unattended").does("stop all, send FIN seq=1 left, start retransmit").
			now("fin-wait tries=1 fin=1 goodbye=left")
	})
}

// §6.8: "A daemon that stops sends FIN to all partners at once"
func TestEstablished_TheDaemonStops(t *testing.T) {
	reach(t, Established, Native()).on(say(), say(), act(Shutdown)).by("shutdown").
		does("stop all, send FIN seq=1 shutdown, start retransmit").now("fin-wait tries=1 fin=1 goodbye=shutdown")
}

// §7.2: "An ERR in a chat is shown and changes nothing; the message in flight stays in flight."
func TestEstablished_AnErrorIsShown(t *testing.T) {
	reach(t, Established, Legacy()).on(say()).unmovedBy(act(RecvERR)).by("partner-error").does("tell error")
}

// §10.2: "A timer's expiry is an input like any other. One that comes too late changes nothing."
func TestEstablished_LateTimersChangeNothing(t *testing.T) {
	c := reach(t, Established, Native())
	for timer := range AllTimers {
		c.unmovedBy(due(timer)).does("")
	}
}

func TestEstablished_CommandsForAnInvitationAreRefused(t *testing.T) {
	c := reach(t, Established, Native())
	for on, want := range map[Input]string{
		Invite: "refuse already-open", Accept: "refuse already-open", Cancel: "refuse not-inviting", Decline: "refuse no-invitation",
	} {
		c.unmovedBy(act(on)).does(want)
	}
}
