package engine

import (
	"net/netip"
	"sync"
)

// admission decides who gets in: chats, invitations that wait, and what waits for a client. All conversations of a
// daemon share one, so a place is taken under its lock before the step that needs it, and given back after a step that
// did not. Otherwise two chats could open in the same instant where one is allowed.
//
// Safe for concurrent use. It calls nobody.
type admission struct {
	maxChats int

	mu        sync.Mutex
	chats     map[netip.AddrPort]struct{}
	ringing   map[netip.AddrPort]struct{}
	ringingIP map[netip.Addr]int
	inviting  map[netip.AddrPort]struct{}
	boxes     int
	lingering int
}

func newAdmission(maxChats int) *admission {
	return &admission{
		maxChats: maxChats, chats: make(map[netip.AddrPort]struct{}), ringing: make(map[netip.AddrPort]struct{}),
		ringingIP: make(map[netip.Addr]int), inviting: make(map[netip.AddrPort]struct{}),
	}
}

// takeChat takes a place among the chats. It succeeds if the peer has one already.
func (a *admission) takeChat(peer netip.AddrPort) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, has := a.chats[peer]; has {
		return true
	}
	if len(a.chats) >= a.maxChats {
		return false
	}
	a.chats[peer] = struct{}{}
	return true
}

func (a *admission) leaveChat(peer netip.AddrPort) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.chats, peer)
}

// inUse reports whether chats with others leave no place for this peer.
func (a *admission) inUse(peer netip.AddrPort) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, has := a.chats[peer]
	return !has && len(a.chats) >= a.maxChats
}

// onlyChat returns the peer of the only chat there is.
func (a *admission) onlyChat() (peer netip.AddrPort, chats int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for p := range a.chats {
		peer = p
	}
	return peer, len(a.chats)
}

// takeRing takes a place among the invitations that wait for the user.
func (a *admission) takeRing(peer netip.AddrPort) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, has := a.ringing[peer]; has {
		return true
	}
	if len(a.ringing) >= maxHalfOpen || a.ringingIP[peer.Addr()] >= maxHalfOpenPerIP {
		return false
	}
	a.ringing[peer] = struct{}{}
	a.ringingIP[peer.Addr()]++
	return true
}

func (a *admission) leaveRing(peer netip.AddrPort) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, has := a.ringing[peer]; !has {
		return
	}
	delete(a.ringing, peer)
	if a.ringingIP[peer.Addr()]--; a.ringingIP[peer.Addr()] == 0 {
		delete(a.ringingIP, peer.Addr())
	}
}

// takeInviting takes a place among the invitations that the user has out.
func (a *admission) takeInviting(peer netip.AddrPort) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, has := a.inviting[peer]; !has && len(a.inviting) >= maxInvitations {
		return false
	}
	a.inviting[peer] = struct{}{}
	return true
}

func (a *admission) leaveInviting(peer netip.AddrPort) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.inviting, peer)
}

// takeBox takes a place among the peers for whom something waits for a client.
func (a *admission) takeBox() bool { return a.takeOne(&a.boxes, maxBoxes) }
func (a *admission) leaveBox()     { a.leaveOne(&a.boxes) }

// takeLinger takes a place among the peers that are remembered after the end.
func (a *admission) takeLinger() bool { return a.takeOne(&a.lingering, maxLingering) }
func (a *admission) leaveLinger()     { a.leaveOne(&a.lingering) }

func (a *admission) takeOne(n *int, limit int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if *n >= limit {
		return false
	}
	*n++
	return true
}

func (a *admission) leaveOne(n *int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	*n--
}
