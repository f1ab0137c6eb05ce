package sim

import (
	"fmt"
	"net/netip"
	"time"

	"simp/codec/client"
	"simp/engine"
	"simp/netio"
)

// Storm is a simulation of users who do anything at any moment: invite, accept, decline, cancel, write, leave, leave at
// once, with daemons that are killed and started again. Chats follow each other so fast that datagrams of one are still
// on their way when the next one opens.
type Storm struct {
	Faults  netio.Faults
	Nodes   int           // at least 2
	Acts    int           // of each user
	Pace    time.Duration // between a user's acts, at most
	Crashes bool
	Trace   func(line string)
}

// stormer is a user of a Storm. Every text is written once, so each can be followed.
type stormer struct {
	node    *Node
	others  []netip.AddrPort
	written int
	heard   map[string]int // how often each text was shown
	last    map[netip.AddrPort]int
	pending map[string]string // id of a message to its text
}

// Run simulates the storm with a seed, then a calm in which users do nothing and the network is good. What must hold in
// every run: no text is shown twice, or before an earlier one of the same chat; none is reported delivered that was not
// shown; and in the calm every conversation comes to rest: open with nothing under way, or over.
func (st Storm) Run(seed uint64) (violations []string) {
	w := New(st.Faults, seed)
	w.Trace = st.Trace
	violate := func(format string, args ...any) {
		violations = append(violations, fmt.Sprintf("%.3fs ", w.Elapsed().Seconds())+fmt.Sprintf(format, args...))
	}
	cfg := engine.Defaults()
	cfg.InvitationExpiry = time.Minute
	users := make(map[netip.AddrPort]*stormer, st.Nodes)
	var all []*stormer
	for i := range st.Nodes {
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}), 7777)
		u := &stormer{node: w.Add(addr, fmt.Sprintf("user%d", i+1), cfg), heard: make(map[string]int), last: make(map[netip.AddrPort]int), pending: make(map[string]string)}
		users[addr] = u
		all = append(all, u)
	}
	for _, u := range all {
		for _, o := range all {
			if o != u {
				u.others = append(u.others, o.node.Addr)
			}
		}
		u.node.Hear = func(ev client.Event) { u.hear(ev, users, violate) }
		at := time.Duration(0)
		for range st.Acts {
			at += time.Duration(w.rand.Int64N(int64(st.Pace)))
			w.After(at, func() { u.act(w, st.Crashes) })
		}
	}
	w.Run(time.Duration(st.Acts) * st.Pace)
	w.SetFaults(netio.Faults{MinDelay: time.Millisecond, MaxDelay: time.Millisecond})
	w.Run(10 * time.Minute)
	for _, u := range all {
		for _, peer := range u.others {
			if s := u.node.Session(peer); s != nil && !s.AtRest() {
				// A chat whose partner has forgotten it is repeated until the user leaves, as it says to the user. That
				// is the one thing that may still be under way.
				u.node.Do(peer, client.Leave{Peer: peer, Now: true})
			}
		}
	}
	w.Run(10 * time.Minute)
	for _, u := range all {
		for _, peer := range u.others {
			if s := u.node.Session(peer); s != nil && !s.AtRest() {
				violate("%s's conversation with %s never comes to rest: %s", u.node.Name, peer, s.State())
			}
		}
	}
	return violations
}

func (u *stormer) act(w *World, crashes bool) {
	peer := u.others[w.rand.IntN(len(u.others))]
	switch dice := w.rand.IntN(20); {
	case dice < 4:
		u.node.Do(peer, client.Invite{Peer: peer})
	case dice < 7:
		u.node.Do(peer, client.Accept{Peer: peer})
	case dice < 8:
		u.node.Do(peer, client.Decline{Peer: peer})
	case dice < 9:
		u.node.Do(peer, client.Cancel{Peer: peer})
	case dice < 16:
		u.written++
		txt := fmt.Sprintf("%s %d", u.node.Name, u.written)
		id := client.NumberID(uint64(u.written))
		u.pending[id.String()] = txt
		u.node.Do(peer, client.Chat{Peer: peer, Text: txt, ID: id})
	case dice < 18:
		u.node.Do(peer, client.Leave{Peer: peer})
	case dice < 19:
		u.node.Do(peer, client.Leave{Peer: peer, Now: true})
	case crashes && w.rand.IntN(3) == 0:
		if w.Trace != nil {
			w.trace("%-8s crashes", u.node.Name)
		}
		u.node.Restart()
	}
}

func (u *stormer) hear(ev client.Event, users map[netip.AddrPort]*stormer, violate func(string, ...any)) {
	switch ev := ev.(type) {
	case client.Message:
		var from string
		var n int
		if _, err := fmt.Sscanf(ev.Text, "%s %d", &from, &n); err != nil {
			violate("%s is shown %q, which nobody wrote", u.node.Name, ev.Text)
		}
		if u.heard[ev.Text]++; u.heard[ev.Text] > 1 {
			violate("%s is shown %q again", u.node.Name, ev.Text)
		}
		if n <= u.last[ev.Peer] {
			violate("%s is shown %q after message %d", u.node.Name, ev.Text, u.last[ev.Peer])
		}
		u.last[ev.Peer] = n
	case client.Delivered:
		if txt := u.pending[ev.ID.String()]; users[ev.Peer].heard[txt] == 0 {
			violate("%s hears that %q is delivered, but it was never shown", u.node.Name, txt)
		}
	}
}
