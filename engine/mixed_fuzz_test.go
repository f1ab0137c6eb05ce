package engine

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"simp/codec"
	"simp/codec/client"
)

// A script is what a fuzzer is given to mix: datagrams, lines of a client, and time. In front of each piece stand a byte that
// says which of these it is, what from and how much time passes behind it, and two bytes with its length.

const (
	isLine     = 1 << 7 // the piece is a line of the client's, else a datagram
	fromOthers = 1 << 6 // the datagram comes from another address than the usual one
)

// passing is how much time the lower bits say.
var passing = [...]time.Duration{0, 0, 0, 20 * millisecond, 60 * millisecond, sec, 5 * sec, 6 * sec, 31 * sec, 6 * time.Minute}

func appendPiece(script []byte, how byte, piece []byte) []byte {
	return append(binary.BigEndian.AppendUint16(append(script, how), uint16(len(piece))), piece...)
}

// pieces calls yield with each piece of a script.
func pieces(script []byte, yield func(how byte, piece []byte, pause time.Duration)) {
	for len(script) > 3 {
		how := script[0]
		n := min(int(binary.BigEndian.Uint16(script[1:])), len(script)-3, codec.MaxReceive)
		yield(how, script[3:3+n], passing[int(how&0x3f)%len(passing)])
		script = script[3+n:]
	}
}

// scripts are made of real traffic: what others sent in recorded conversations, and among it the lines of a client that lets
// the conversation go the same way.
func scripts(tb testing.TB) [][]byte {
	tb.Helper()
	said := map[codec.Kind]string{
		codec.SYN: `{"op":"accept","peer":"10.0.0.2"}`, codec.SYNACK: `{"op":"chat","text":"hello"}`, codec.ACK: `{"op":"chat","text":"one\ntwo","id":7}`,
		codec.CHAT: `{"op":"chat","peer":"10.0.0.2","text":"Grüße 漢"}`, codec.ERR: `{"op":"leave","now":true}`, codec.FIN: `{"op":"invite","peer":"10.0.0.2"}`,
	}
	var all [][]byte
	for _, r := range readRecordings(tb) {
		for _, invites := range []bool{false, true} {
			var script []byte
			if invites {
				script = appendPiece(script, isLine, []byte(said[codec.FIN]))
			}
			for i, d := range r.all[:min(10, len(r.all))] {
				got, _ := d.decoded(tb)
				script = appendPiece(script, byte(i%len(passing)), d.raw)
				script = appendPiece(script, isLine|4, []byte(said[got.Kind]))
			}
			all = append(all, script)
		}
	}
	golden, err := os.ReadFile(filepath.Join("..", "testdata", "client", "commands.golden"))
	if err != nil {
		tb.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(bytes.ReplaceAll(golden, []byte("192.0.2.2:7777"), []byte("10.0.0.2:7777"))), []byte("\n"))
	script := appendPiece(nil, 5, encode(tb, named(nativeSYN(), firstName)))
	script = appendPiece(script, isLine|5, []byte(said[codec.SYN]))
	script = appendPiece(script, 5, encode(tb, named(nativeACK(codec.SYNACK, 0), firstName)))
	for i, l := range lines {
		n := uint32(i/4 + 1)
		script = appendPiece(script, isLine|byte(i%8), l)
		script = appendPiece(script, byte(i%8), encode(tb, [...]codec.Datagram{
			withLabel(chat(byte(n-1)&1, "hi"), firstName, n), nativeSYNACK(), named(nativeFIN(0, codec.Left), secondName),
			{Kind: codec.ACK, User: []byte("bob"), Payload: codec.AppendNumbered(nil, codec.AckWord(codec.CHAT), firstName, n)},
		}[i%4]))
	}
	return append(all, script)
}

// inPlaceOf puts the name of the present conversation where a piece has the first name, which a fuzzer could not guess. What is
// sealed stays as it is.
func inPlaceOf(piece []byte, d *codec.Datagram, name codec.Token) []byte {
	if d.Announced || name == (codec.Token{}) {
		return piece
	}
	return bytes.Replace(piece, firstName[:], name[:], 1)
}

// FuzzSession_Mixed feeds one session with datagrams and its user's commands. The first byte is the way in which the daemon
// answers invitations.
func FuzzSession_Mixed(f *testing.F) {
	for i, script := range scripts(f) {
		f.Add(append([]byte{byte(i)}, script...))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) == 0 || len(script) > 16000 {
			return
		}
		p := newSolo(t, []func(*Config){nil, auto, never}[script[0]%3])
		announced := false
		var seen order
		written := make(drafts)
		pieces(script[1:], func(how byte, piece []byte, pause time.Duration) {
			if how&isLine != 0 {
				if cmd := forSession(piece); cmd != nil {
					p.do(cmd)
				}
			} else if d, _, err := codec.Decode(piece); err == nil {
				label, _ := d.Name() // which only native peers put behind a message (§6.9)
				announced = announced || codec.IsNative(d) || d.Kind == codec.CHAT && label != (codec.Token{})
				d, notes, err := codec.Decode(inPlaceOf(piece, &d, p.s.names.Conversation()))
				if err != nil {
					t.Fatal(err)
				}
				p.input(Input{Datagram: &d, Size: len(piece), Notes: notes})
			}
			p.pass(pause)
			seen.check(t, p.told)
			p.wantSane(announced, written)
			if p.s.Done() {
				p.again()
				announced = false
			}
		})
		p.detach()
		p.pass(24 * time.Hour)
		p.wantSane(true, written)
		if !p.s.Done() && !unattendedChat(p) {
			t.Fatalf("left alone the session stays in %s", p.s.snap)
		}
	})
}

// forSession reads a line as a command that a session may get; nil: there is none. The daemon keeps the rest from it, but for
// control characters in a message: those would be taken for somebody else's fault when the datagrams are looked at.
func forSession(line []byte) client.Command {
	cmd, err := client.Native{}.DecodeCommand(line)
	if err != nil {
		return nil
	}
	switch cmd := cmd.(type) {
	case client.Chat:
		if cmd.Text == "" || !utf8.ValidString(cmd.Text) || strings.ContainsFunc(cmd.Text, unicode.IsControl) {
			return nil
		}
		return cmd
	case client.Invite, client.Cancel, client.Accept, client.Decline, client.Leave:
		return cmd
	}
	return nil
}

// FuzzDaemon feeds a whole daemon: datagrams come from three addresses, and the client's bytes through a connection, cut
// wherever the fuzzer likes. Each line that comes back can be read, nothing is reported on twice, and a day after the last
// client has hung up nothing is left.
func FuzzDaemon(f *testing.F) {
	hello := []byte(`{"op":"connect","user":"alice"}` + "\n")
	for i, script := range scripts(f) {
		first := appendPiece([]byte{byte(i)}, isLine, hello)
		var cut []byte
		pieces(script, func(how byte, piece []byte, _ time.Duration) {
			if how&isLine != 0 {
				piece = append(bytes.Clone(piece), '\n')
			}
			cut = appendPiece(cut, how, piece)
		})
		f.Add(append(first, cut...))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) == 0 || len(script) > 16000 {
			return
		}
		synctest.Test(t, func(t *testing.T) { fuzzDaemon(t, script) })
	})
}

func fuzzDaemon(t *testing.T, script []byte) {
	n := startNode(t, newNetwork(), "10.0.0.1:7777", func(c *Config) {
		c.Accept = ways[int(script[0])%len(ways)].accept
		c.MaxChats = 1 + int(script[0])%2
	})
	c := openPort(t, n).dial(t)
	c.read()
	pieces(script[1:], func(how byte, piece []byte, pause time.Duration) {
		switch {
		case how&isLine != 0:
			_, _ = c.conn.Write(piece) // it may have been told to quit
		case how&fromOthers != 0:
			n.engine.receive(piece, flooder(int(how)&1))
		default:
			n.engine.receive(piece, bobAddr)
		}
		synctest.Wait()
		time.Sleep(pause)
	})
	_ = c.conn.Close()
	time.Sleep(24 * time.Hour)
	books := make(map[string]*order) // by peer
	for _, line := range c.lines {
		ev, err := client.Native{}.DecodeEvent([]byte(line))
		if err != nil {
			t.Fatalf("the client is told %q: %v", line, err)
		}
		peer := peerOf(ev)
		if books[peer] == nil {
			books[peer] = new(order)
		}
		books[peer].check(t, []client.Event{ev})
	}
	for _, fault := range [...]count{dropUnsent, gateRefused} {
		if got := n.engine.env.counters.counts[fault].Load(); got != 0 {
			t.Errorf("%s = %d", countNames[fault], got)
		}
	}
	// An answering machine may have kept something, or a chat that its caller does not leave: for the next client.
	n.login("carol")
	wait()
	n.client.Close()
	time.Sleep(24 * time.Hour)
	for _, a := range n.engine.all() {
		t.Errorf("%s is still there a day after the last client has gone, in %s", a.session.peer, a.session.snap)
	}
}

// peerOf is whom an event that order looks at concerns.
func peerOf(ev client.Event) string {
	switch ev := ev.(type) {
	case client.Established:
		return ev.Peer.String()
	case client.Closed:
		return ev.Peer.String()
	case client.Message:
		return ev.Peer.String()
	case client.Sent:
		return ev.Peer.String()
	case client.Delivered:
		return ev.Peer.String()
	case client.Unconfirmed:
		return ev.Peer.String()
	}
	return ""
}
