package foreign

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"simp/codec/client"
)

// In the recordings of daemons among themselves each daemon has its own unmodified client. What its user did shows in what the
// client sent, so nobody has to say it here.

// typed is what the person did for the client to send a datagram; nil if it is no act of its own. asked is who invites.
func typed(k Kind, datagram string, asked netip.AddrPort) client.Command {
	if k == A {
		switch {
		case strings.HasPrefix(datagram, nameA) && datagram != greetA:
			return client.Connect{User: datagram[len(nameA):]}
		case strings.HasPrefix(datagram, menuA) && strings.Count(datagram, ".") == 3:
			return client.Invite{Peer: atDaemonPort(datagram[len(menuA):])}
		case datagram == answerA+"y":
			return client.Accept{Peer: asked}
		case datagram == answerA+"n":
			return client.Decline{Peer: asked}
		case strings.HasPrefix(datagram, chatA):
			return client.Chat{Text: datagram[len(chatA):]}
		case datagram == quitA:
			return client.Leave{}
		}
		return nil
	}
	op, rest, _ := strings.Cut(datagram, "|")
	switch op {
	case "CONNECT":
		return client.Connect{User: rest}
	case "CONNECTING":
		if _, ip, start := strings.Cut(rest, "request: "); start {
			return client.Invite{Peer: atDaemonPort(ip)}
		}
	case "CHAT":
		return client.Chat{Text: rest}
	case "QUIT":
		if asked.IsValid() {
			return client.Decline{Peer: asked}
		}
		return client.Leave{}
	}
	return nil
}

func atDaemonPort(ip string) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(ip), client.DefaultPort)
}

// asked is who invites, of those whom the person has heard of.
func (p *player) asked() netip.AddrPort {
	var peer netip.AddrPort
	for _, ev := range p.events {
		switch ev := ev.(type) {
		case client.Invitation:
			peer = ev.Peer
		case client.Connected:
			for _, inv := range ev.Pending {
				peer = inv.Peer
			}
		}
	}
	return peer
}

// cut are the dialogues that are only followed to a datagram of the client's, with the reason.
var cut = map[string]struct {
	at  int
	why string
}{
	"b-quitfirst client 1": {16, "the original has ended its chat, and its client repeats itself while the two wait for each other's ACK"},
}

// Our dialogue, in the place of each client and with the same done by its user, sends the daemon the same.
func TestRecordedDaemons(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "traces", "[ab]-*.pcap"))
	if err != nil || len(paths) < 15 {
		t.Fatalf("%d recordings: %v", len(paths), err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".pcap")
		for i, r := range records(t, name) {
			name := fmt.Sprintf("%s client %d", name, i)
			t.Run(name, func(t *testing.T) { r.follow(t, cut[name].at) })
		}
	}
}

func (r *record) follow(t *testing.T, until int) {
	t.Helper()
	kind := A
	if strings.HasPrefix(r.datagrams[0].payload, "PING") {
		kind = B
	}
	p := newPlayer(t, kind, Config{Daemon: r.daemon})
	for i, d := range r.datagrams {
		switch {
		case until > 0 && i >= until:
			return
		case d.fromDaemon:
			p.datagram(d.payload)
			continue
		case !p.has():
			does := d.payload
			if does == startA { // and the address later, which is one act of our person
				does = r.next(i)
			}
			if c := typed(kind, does, p.asked()); c != nil {
				p.command(c)
			}
		}
		if got := p.next(); got != d.payload {
			t.Fatalf("datagram %d: %q, want %q; told %+v", i, got, d.payload, p.events)
		}
	}
	if p.has() && p.sent[0] != "ACK|" { // of what the daemon said last
		t.Errorf("it goes on with %q", p.sent)
	}
}

// next returns the client's next datagram.
func (r *record) next(i int) string {
	for _, d := range r.datagrams[i+1:] {
		if !d.fromDaemon {
			return d.payload
		}
	}
	return ""
}
