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
	census  *census        // attach, query, watch
}

type letterKind uint8

const (
	letterDatagram letterKind = iota
	letterCommand
	letterAttach
	letterDetach
	letterQuery
	letterWatch
	letterShutdown
	letterKill
)

// packet is a received datagram with the buffer that it lives in.
type packet struct {
	buf      []byte
	datagram codec.Datagram // aliases buf
	notes    codec.Notes
}

// posted is what became of a letter.
type posted uint8

const (
	postedOK posted = iota
	postedFull
	postedClosed // the owner has retired; look the peer up again
)

// mailbox is the one way to an actor. Any goroutine posts; one, the owner, takes. Datagrams and commands are bounded
// apart, so that a flood from the network cannot keep the user out; the rest comes once in a client's or daemon's life
// and is always taken. It is a slice that grows when used and is let go when idle, because a channel of the same room
// would cost more than everything else of an idle peer.
type mailbox struct {
	wake  chan struct{} // one token: something is there
	rouse func()        // starts the owner again after sleep

	mu        sync.Mutex
	letters   []letter
	datagrams int
	commands  int
	asleep    bool // the owner's goroutine has ended for want of work
	closed    bool
}

func newMailbox(rouse func()) mailbox {
	return mailbox{wake: make(chan struct{}, 1), rouse: rouse}
}

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
	first, asleep := len(m.letters) == 1, m.asleep
	m.asleep = false
	m.mu.Unlock()
	if first {
		m.signal(asleep)
	}
	return postedOK
}

// knock wakes the owner without a letter.
func (m *mailbox) knock() {
	m.mu.Lock()
	asleep := m.asleep
	m.asleep = false
	m.mu.Unlock()
	m.signal(asleep)
}

func (m *mailbox) signal(asleep bool) {
	if asleep {
		m.rouse()
		return
	}
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// sleep lets the owner's goroutine end, unless a letter has come in. The next letter or knock rouses the owner.
func (m *mailbox) sleep() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.letters) > 0 || m.closed {
		return false
	}
	m.asleep = true
	m.letters = nil
	return true
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
