package engine

import (
	"net/netip"
	"sync"
)

// memory remembers which addresses are native, so that an invitation to a peer known from an earlier chat is repeated
// freely (2.7). It is a hint: losing an entry costs nothing but adaptation. Safe for concurrent use.
type memory struct {
	mu     sync.Mutex
	native map[netip.AddrPort]struct{}
}

func newMemory() *memory { return &memory{native: make(map[netip.AddrPort]struct{})} }

func (m *memory) isNative(peer netip.AddrPort) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, is := m.native[peer]
	return is
}

func (m *memory) learn(peer netip.AddrPort, native bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !native {
		delete(m.native, peer)
		return
	}
	if _, is := m.native[peer]; !is && len(m.native) >= maxRemembered {
		for other := range m.native { // any one will do
			delete(m.native, other)
			break
		}
	}
	m.native[peer] = struct{}{}
}
