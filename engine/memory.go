package engine

import (
	"net/netip"
	"sync"
)

// memory remembers as what each address was recognised, so that it is treated well from the first datagram of the next
// conversation on (2.7). It is a hint: losing an entry costs nothing but adaptation, and what an address sends corrects it.
// Safe for concurrent use.
type memory struct {
	mu      sync.Mutex
	known   map[netip.AddrPort]*dialect
	numbers map[netip.AddrPort]lastNumber // where they may matter (4.17)

	changed func(peer netip.AddrPort, dialect string) // may be nil
}

// lastNumber is the number of the last message that went to a peer.
type lastNumber struct {
	number uint8
	shown  [2]bool // whether that of the last message which the peer has may be 0, and 1
}

// takes reports whether a message with this number, of the two that everybody takes, cannot be taken for a copy of the last
// one that the peer has.
func (l lastNumber) takes(number uint8) bool { return number > 1 || !l.shown[number] }

// newMemory takes what is remembered from an earlier run. Names that it does not know are left out: they may be a newer
// version's.
func newMemory(known map[netip.AddrPort]string, changed func(netip.AddrPort, string)) *memory {
	m := &memory{known: make(map[netip.AddrPort]*dialect), numbers: make(map[netip.AddrPort]lastNumber), changed: changed}
	for peer, name := range known {
		if d := dialectNamed(name); d != nil && !d.open() && len(m.known) < maxRemembered {
			m.known[peer] = d
		}
	}
	return m
}

// recall returns as what the peer was recognised, unknown if it was not.
func (m *memory) recall(peer netip.AddrPort) *dialect {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d := m.known[peer]; d != nil {
		return d
	}
	return unknown
}

func (m *memory) learn(peer netip.AddrPort, d *dialect) {
	m.mu.Lock()
	was := m.known[peer]
	var forgotten netip.AddrPort
	switch {
	case d.open():
		delete(m.known, peer)
	case was != d:
		forgotten = makeRoom(m.known, peer)
		m.known[peer] = d
	}
	m.mu.Unlock()
	if forgotten.IsValid() && m.changed != nil {
		m.changed(forgotten, unknown.name)
	}
	if was == nil {
		was = unknown
	}
	if was.name != d.name && m.changed != nil {
		m.changed(peer, d.name)
	}
}

// sent notes the number of a message that goes to the peer, or that it is there.
func (m *memory) sent(peer netip.AddrPort, number uint8, confirmed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	makeRoom(m.numbers, peer)
	last, any := m.numbers[peer]
	if !any {
		last.shown = anyShown
	}
	if confirmed {
		last.shown = [2]bool{}
	}
	if last.number = number; number < 2 {
		last.shown[number] = true
	}
	m.numbers[peer] = last
}

// anyShown is for a peer of whom we do not know what went there: before we were started, perhaps.
var anyShown = [2]bool{true, true}

// lastSent returns what is known of the number of the last message that went to the peer.
func (m *memory) lastSent(peer netip.AddrPort) (last lastNumber, any bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if last, any = m.numbers[peer]; !any {
		last.shown = anyShown
	}
	return last, any
}

// makeRoom forgets some other peer if there are too many, and says which.
func makeRoom[V any](of map[netip.AddrPort]V, peer netip.AddrPort) (forgotten netip.AddrPort) {
	if _, is := of[peer]; is || len(of) < maxRemembered {
		return netip.AddrPort{}
	}
	for forgotten = range of { // any one will do
		delete(of, forgotten)
		return forgotten
	}
	return netip.AddrPort{}
}
