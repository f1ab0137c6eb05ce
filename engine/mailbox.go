package engine

import (
	"sync"

	"simp/codec"
	"simp/codec/client"
)

// letter is one thing in a mailbox.
type letter struct {
	kind    letterKind
	packet  *packet        // datagram
	command client.Command // command
	from    *Client        // command, attach: whom to answer
	census  *census        // attach, query
}

type letterKind uint8

const (
	letterDatagram letterKind = iota
	letterCommand
	letterAttach
	letterDetach
	letterQuery
	letterShutdown
	letterKill
)

// packet is a received datagram with the buffer that it lives in.
type packet struct {
	buf      []byte
	datagram codec.Datagram // aliases buf
}

// posted is what became of a letter.
type posted uint8

const (
	postedOK posted = iota
	postedFull
	postedClosed // the owner has retired; look the peer up again
)

// mailbox is the one way to an actor. Any goroutine posts; one takes. Datagrams and commands are bounded apart, so that
// a flood from the network cannot keep the user out; the rest comes once in a client's or daemon's life and is always
// taken. It is a slice that grows when used and is let go when idle, because a channel of the same room would cost more
// than the goroutine that waits on it.
type mailbox struct {
	wake chan struct{} // one token: something is there

	mu        sync.Mutex
	letters   []letter
	datagrams int
	commands  int
	closed    bool
}

func newMailbox() mailbox { return mailbox{wake: make(chan struct{}, 1)} }

func (m *mailbox) post(l letter) posted {
	m.mu.Lock()
	switch {
	case m.closed:
		m.mu.Unlock()
		return postedClosed
	case l.kind == letterDatagram:
		if m.datagrams >= mailboxDatagrams {
			m.mu.Unlock()
			return postedFull
		}
		m.datagrams++
	case l.kind == letterCommand:
		if m.commands >= mailboxCommands {
			m.mu.Unlock()
			return postedFull
		}
		m.commands++
	}
	m.letters = append(m.letters, l)
	first := len(m.letters) == 1
	m.mu.Unlock()
	if first {
		m.knock()
	}
	return postedOK
}

// knock wakes the owner without a letter.
func (m *mailbox) knock() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// take empties the mailbox into the caller's slice, whose memory the mailbox keeps using.
func (m *mailbox) take(spare []letter) []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	got := m.letters
	m.letters, m.datagrams, m.commands = spare[:0], 0, 0
	return got
}

// closeIfEmpty closes the mailbox unless a letter has come in.
func (m *mailbox) closeIfEmpty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.letters) == 0 {
		m.closed = true
	}
	return m.closed
}

// close refuses all further letters and returns the ones that nobody will handle.
func (m *mailbox) close() []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	left := m.letters
	m.letters = nil
	return left
}
