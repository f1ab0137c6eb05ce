package legacy

import (
	"strings"
	"time"
)

const (
	linkACK      = "ACK" // ours; the client's is "ACK|"
	linkRepeat   = 5 * time.Second
	linkTries    = 3
	linkCrossing = linkRepeat - time.Second // a repeat that comes sooner after our ACK was sent before the ACK was read
)

// link is the acknowledged exchange under B's dialogue. Each side acknowledges every message but an ACK; a message is sent
// three times, five seconds apart.
//
// The client's half is careless, and ours has to make up for it. It never looks into its socket but where it expects
// something, and there it takes the oldest datagram, whatever that is. While it waits for an ACK, anything else is
// acknowledged, thrown away, and makes it send its message again; an ACK too many is taken for the answer to a later
// message, or ends the client. So an ACK is sent only when nothing of ours lies unread in front of it.
type link struct {
	near bool // nothing is lost on the way to the client

	flight   string    // our message that the client has not read yet, as far as we know; "": none
	tries    int       // copies sent of it
	repeatAt time.Time // when it is sent again; zero: not
	unread   int       // datagrams of ours that may still lie in the client's socket

	// blocked is a message of the client's that came while something of ours was unread. We do not answer: the client
	// throws ours away and sends it again. "": none.
	blocked string
	read    bool // it has read something since

	acked   string // the client's message that was acknowledged last
	ackedAt time.Time
}

// received is what came of a datagram.
type received struct {
	confirmed bool // our message in flight was read where it was expected
	thrown    bool // our message in flight was thrown away
	fresh     bool // the datagram is a message to act on, and to acknowledge
}

// idle reports whether the client may be sent another message.
func (l *link) idle() bool { return l.flight == "" && l.blocked == "" }

// send sends a message. patient means that the client may read it only after its user has typed something: it is not
// repeated, since the copies would all lie there when it does. They would do so too when a client has just been stopped
// for a while, and it would take the second copy for what it waits for next: so nothing is repeated without need.
func (l *link) send(now time.Time, message string, patient bool, out *Output) {
	l.flight, l.tries, l.repeatAt = message, 1, time.Time{}
	if !patient && !l.near {
		l.repeatAt = now.Add(linkRepeat)
	}
	l.unread++
	out.send(message)
}

// acknowledge confirms a message of the client's.
func (l *link) acknowledge(now time.Time, message string, out *Output) {
	l.acked, l.ackedAt = message, now
	out.send(linkACK)
}

// receive takes a datagram.
func (l *link) receive(message string) received {
	if message == linkACK || strings.HasPrefix(message, linkACK+"|") {
		return l.receiveACK()
	}
	if l.unread > 0 {
		if l.blocked != message || l.read {
			l.blocked, l.read, l.repeatAt = message, false, time.Time{}
			return received{}
		}
		// Sent again although it has read nothing meanwhile: so there is nothing. It has gone on, so it had read ours
		// before, and the ACK was lost.
		l.unread = 0
	}
	got := received{fresh: true}
	if l.flight != "" {
		got.thrown = l.blocked == message && l.read
		got.confirmed = !got.thrown
	}
	l.flight, l.blocked, l.repeatAt = "", "", time.Time{}
	return got
}

func (l *link) receiveACK() received {
	if l.unread == 0 {
		return received{}
	}
	l.unread--
	l.read = true
	if l.flight == "" || l.blocked != "" {
		return received{}
	}
	l.flight, l.repeatAt = "", time.Time{}
	return received{confirmed: true}
}

// late reports whether a message is a repeat of what we have acknowledged, sent because the ACK was lost.
func (l *link) late(now time.Time, message string) bool {
	return message == l.acked && now.Sub(l.ackedAt) >= linkCrossing
}

// expire sends the message in flight again when it is time, and doubts that the client is there after the last copy.
func (l *link) expire(now time.Time, out *Output) {
	if l.repeatAt.IsZero() || now.Before(l.repeatAt) {
		return
	}
	if l.tries >= linkTries {
		l.repeatAt = time.Time{}
		out.Doubt = true
		return
	}
	l.tries++
	l.unread++
	l.repeatAt = now.Add(linkRepeat)
	out.send(l.flight)
}
