package legacy_test

import (
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"simp/codec/client"
	"simp/codec/client/legacy"
)

// longestScript is how many bytes of a fuzzer's are played: more than a recording has.
const longestScript = 16000

// FuzzDatagrams gives dialogues the fuzzer's own datagrams, the recorded ones to begin with: the first opens the dialogue, if it
// is anybody's. The daemon answers what the client asks for. In front of each datagram stand a byte that says what the daemon
// has to tell besides, whether it refuses, and how much time passes, and two bytes with the length. Nothing may panic, what is
// sent has to be what the client can take, and what it is taken to want has to be a command.
//
// That nothing is held for ever is FuzzDialogue's to show, whose client does what it is there for.
func FuzzDatagrams(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "traces", "client-*.pcap"))
	if err != nil || len(paths) < 10 {
		f.Fatalf("%d recordings: %v", len(paths), err)
	}
	for _, path := range paths {
		for first := range byte(4) {
			var script []byte
			what := first
			for _, r := range recording(&testing.T{}, strings.TrimSuffix(filepath.Base(path), ".pcap")) {
				if r.fromC {
					script = append(binary.BigEndian.AppendUint16(append(script, what%16), uint16(len(r.datagram))), r.datagram...)
					what += 5
				}
			}
			f.Add(script)
		}
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		z := &served{fuzzed: fuzzed{now: start}}
		var protocol legacy.Protocol
		for len(script) > 3 && len(script) <= longestScript {
			what := int(script[0])
			n := min(int(binary.BigEndian.Uint16(script[1:])), len(script)-3, legacy.MaxDatagram)
			datagram := string(script[3 : 3+n])
			script = script[3+n:]
			if z.d == nil || z.d.anew {
				var known bool
				if protocol, known = legacy.Recognise([]byte(datagram)); !known {
					if legacy.Open(z.now, []byte(datagram), legacy.Circumstances{}, new(legacy.Output)) != nil {
						t.Fatalf("%q opens a dialogue, of nobody", datagram)
					}
					continue
				}
				z.d = openAt(t, z.now, datagram, legacy.Circumstances{Near: what&1 == 0, Taken: what&0x70 == 0x70})
			} else {
				z.d.receive(z.now, datagram)
			}
			z.answer(t, what&0x40 != 0)
			if all := told(datagram); what&15 < len(all) {
				z.tell(all[what&15])
			}
			if z.now = z.now.Add(time.Duration(what>>4) * 300 * time.Millisecond); !z.d.gone {
				z.d.expire(z.now)
			}
			z.check(t, byte(protocol))
			if z.answer(t, false); z.d.gone {
				return
			}
		}
	})
}

// served is a dialogue whose daemon keeps to what daemons do.
type served struct {
	fuzzed
	chatting bool // with bob
}

// told is what a daemon may have to tell, with a text that the fuzzer has chosen. No datagram carries a longer name than 32
// bytes.
func told(text string) []client.Event {
	user := text[:min(len(text), 32)]
	return []client.Event{
		invitation(user), established(user), said(text), closed(bob, client.CloseLeft),
		client.Withdrawn{Peer: bob, Reason: client.WithdrawCancelled}, client.NewError("chat", client.ReasonQueueFull, client.Facts{Peer: bob}),
		client.Closed{Peer: carla, Reason: client.CloseDeclined, Text: text, Undelivered: []client.Undelivered{{Text: text}}},
		client.Established{Peer: carla, User: user},
	}
}

// answer does what the client is understood to want, or refuses it. Everything that it wants can be asked of a daemon.
func (z *served) answer(t *testing.T, refuse bool) {
	for _, cmd := range z.d.takeCommands() {
		if _, err := (client.Native{}).AppendCommand(nil, cmd); err != nil {
			t.Fatalf("%#v cannot be carried out: %v", cmd, err)
		}
		var with []client.Event
		switch cmd := cmd.(type) {
		case client.Connect:
			with = []client.Event{client.Connected{User: cmd.User, Pending: []client.Pending{{Peer: carla, User: "carla"}}}}
		case client.Invite:
			if cmd.Peer != bob && cmd.Peer != carla { // nobody else is there
				with = []client.Event{client.NewError(cmd.Op(), client.ReasonSelf, client.Facts{Peer: cmd.Peer})}
				break
			}
			with = []client.Event{client.Inviting{Peer: cmd.Peer, Tries: 1}, client.Established{Peer: cmd.Peer}}
		case client.Accept:
			with = []client.Event{client.Established{Peer: cmd.Peer}}
		case client.Decline:
			with = []client.Event{closed(cmd.Peer, client.CloseDeclined)}
		case client.Cancel:
			with = []client.Event{closed(cmd.Peer, client.CloseCancelled)}
		case client.Chat:
			with = []client.Event{client.Sent{Peer: cmd.Peer, N: 1}, client.Delivered{Peer: cmd.Peer, N: 1}}
		case client.Leave:
			with = []client.Event{closed(cmd.Peer, client.CloseLeft)}
		}
		if refuse {
			with = []client.Event{client.NewError(cmd.Op(), client.ReasonBusy, client.Facts{Peer: bob, Limit: 1})}
		}
		for _, ev := range with {
			z.tell(ev)
		}
	}
}

// tell tells the client of an event, as long as it is there. There are no messages outside a chat.
func (z *served) tell(ev client.Event) {
	if z.d.gone || z.d.anew {
		return
	}
	switch ev := ev.(type) {
	case client.Established:
		z.chatting = z.chatting || ev.Peer == bob
	case client.Closed:
		z.chatting = z.chatting && ev.Peer != bob
	case client.Message:
		if !z.chatting {
			z.tell(established("bob"))
		}
	}
	z.d.tell(z.now, ev)
}
