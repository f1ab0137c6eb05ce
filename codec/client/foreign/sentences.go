package foreign

import (
	"fmt"
	"net/netip"
	"strings"

	"simp/codec/client"
	"simp/codec/text"
)

// The sentences that are said of more than one kind of daemon, and the checks
// of what no foreign daemon carries.

// longestText is the longest message in bytes: what fits into the 1,024 bytes
// that some daemons read, behind SIMP's header of 39 and a checksum of 2. A
// longer one would arrive cut off.
const longestText = 1024 - 39 - 2

// longestQueue is how many messages may wait to be handed to the daemon. A pipe
// reads up to 64 ahead.
const longestQueue = 256

func unsupported(op string, peer netip.AddrPort, format string, args ...any) client.Error {
	return client.Error{OpName: op, Peer: peer, Reason: ReasonUnsupported, Text: fmt.Sprintf(format, args...)}
}

// callable returns why no foreign daemon can invite peer, or nil.
func callable(k Kind, own netip.Addr, peer netip.AddrPort) client.Event {
	op := client.Invite{}.Op()
	switch {
	case peer.Addr() == own:
		return client.NewError(op, client.ReasonSelf, client.Facts{Peer: peer})
	case !peer.Addr().Is4():
		return unsupported(op, peer, "This daemon (%s) reaches IPv4 addresses only, and %s is none. Give an IPv4 address.", k, peer.Addr())
	case peer.Port() != client.DefaultPort:
		return unsupported(op, peer, "This daemon (%s) reaches other daemons at port %d only. Leave the port out.", k, client.DefaultPort)
	}
	return nil
}

// writable returns what a chat command puts on the wire for p, or why it does
// not. What is not ASCII kills a thread of a's daemon and is dropped by b's.
func writable(k Kind, c client.Chat, p *party) (string, client.Event) {
	facts := client.Facts{Peer: c.Peer}
	if p != nil {
		facts.Peer, facts.User = p.peer, p.user
	}
	switch {
	case p == nil || c.Peer.IsValid() && c.Peer != p.peer:
		return "", client.NewError(c.Op(), client.ReasonNoChat, client.Facts{Peer: c.Peer})
	case p.leaving:
		return "", client.NewError(c.Op(), client.ReasonClosing, facts)
	case len(p.queue) >= longestQueue:
		facts.Limit = longestQueue
		return "", client.NewError(c.Op(), client.ReasonQueueFull, facts)
	}
	onWire, _ := text.Transliterate(c.Text)
	if k == B {
		// Its daemon takes what stands before the first bar, and drops the rest.
		onWire = strings.ReplaceAll(onWire, "|", "/")
	}
	if len(onWire) > longestText {
		return "", unsupported(c.Op(), facts.Peer, "The text has %d bytes, and no more than %d get through this daemon (%s). Send less at a time.",
			len(onWire), longestText, k)
	}
	return onWire, nil
}

// refusal tells by the words of a daemon why an invitation came to nothing.
func refusal(words string) (client.CloseReason, string) {
	lower := strings.ToLower(words)
	switch {
	case strings.Contains(lower, "busy"), strings.Contains(lower, "already in"):
		return client.CloseBusy, words
	case words == "", strings.Contains(lower, "declined"):
		// A FIN without words is how most others decline.
		return client.CloseDeclined, ""
	}
	return client.CloseRefused, words
}

func silent(k Kind, at netip.Addr) string {
	return fmt.Sprintf("The daemon at %s (%s) has stopped answering, so nothing more can be done with it. Start it again, then start simp again.", at, k)
}
