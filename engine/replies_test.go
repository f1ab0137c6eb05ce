package engine

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"simp/codec"
	"simp/netio"
)

// besieged is a daemon that gets datagrams from addresses which have proved nothing, and whose own are weighed.
type besieged struct {
	*node
	received map[netip.AddrPort]int // bytes of what could be read at all

	mu     sync.Mutex
	sent   map[netip.AddrPort]int
	proved map[netip.AddrPort]bool // it has completed a handshake, so it is there
}

// ways are the ways to answer invitations, for a daemon whose user is there, in a chat, or not there.
var ways = [...]struct {
	name            string
	accept          Accept
	attended, inUse bool
}{
	{"ask", AcceptAsk, true, false}, {"ask, busy", AcceptAsk, true, true}, {"ask, alone", AcceptAsk, false, false},
	{"auto", AcceptAuto, true, false}, {"auto, busy", AcceptAuto, true, true}, {"auto, alone", AcceptAuto, false, false},
	{"never", AcceptNever, true, false}, {"never, alone", AcceptNever, false, false},
}

// besiege starts a daemon in the way of that number. It runs in a bubble.
func besiege(t *testing.T, way int) *besieged {
	t.Helper()
	b := &besieged{received: make(map[netip.AddrPort]int), sent: make(map[netip.AddrPort]int), proved: make(map[netip.AddrPort]bool)}
	w := ways[way]
	b.node = startNodeOn(t, newNetwork(), "10.0.0.1:7777", func(c *Config) {
		c.Accept = w.accept
		c.MaxChats = 4
		c.OnTransition = func(tr Transition) {
			if tr.To == "established" {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.proved[netip.MustParseAddrPort(tr.Peer)] = true
			}
		}
	}, b.weigh)
	if w.attended {
		b.login("alice")
	}
	for i := range 4 {
		if w.inUse {
			b.engine.env.admit.takeChat(soloPeer(byte(i)))
		}
	}
	synctest.Wait()
	return b
}

type scales struct {
	netio.Conn
	of *besieged
}

func (b *besieged) weigh(c netio.Conn) netio.Conn { return scales{c, b} }

func (s scales) WriteTo(d []byte, to netip.AddrPort) error {
	s.of.mu.Lock()
	s.of.sent[to] += len(d)
	s.of.mu.Unlock()
	return s.Conn.WriteTo(d, to)
}

// receive lets a datagram come and everything happen that comes of it at once.
func (b *besieged) receive(d []byte, from netip.AddrPort) {
	if _, _, err := codec.Decode(d); err == nil {
		b.received[from] += len(d)
	}
	b.engine.receive(d, from)
	synctest.Wait()
}

// most returns the greatest ratio of what went to an address that has proved nothing to what came from there.
func (b *besieged) most() (ratio float64, to netip.AddrPort) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for addr, sent := range b.sent {
		if !b.proved[addr] {
			if r := float64(sent) / float64(b.received[addr]); r > ratio {
				ratio, to = r, addr
			}
		}
	}
	return ratio, to
}

// wantModest returns an error if the daemon has sent more than the three times that it may.
func (b *besieged) wantModest() error {
	if ratio, to := b.most(); ratio > 3 {
		return fmt.Errorf("%s has proved nothing, and was sent %d bytes for %d", to, b.sent[to], b.received[to])
	}
	return nil
}

// §9.3: each datagram that was ever recorded, or that a native peer sends, alone and from an address that is never heard of
// again. What comes back in the hour that follows is never more than three times as long, and the test says how much it was.
func TestReplies_ToOneDatagram(t *testing.T) {
	all := [][]byte{
		shortSYN(), encode(t, plain(codec.SYN, 0)), encode(t, nativeSYN()), encode(t, named(nativeSYN(), firstName)), encode(t, nativeSYNACK()),
		encode(t, named(nativeSYNACK(), firstName)), encode(t, nativeACK(codec.CHAT, 0)), encode(t, nativeFIN(0, codec.Left)),
	}
	for _, r := range readRecordings(t) {
		for _, d := range r.all {
			all = append(all, d.raw)
		}
	}
	for way, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				b := besiege(t, way)
				var most float64
				for i, d := range all {
					b.receive(d, flooder(i))
					time.Sleep(time.Hour)
					if err := b.wantModest(); err != nil {
						t.Errorf("after %x: %v", d, err)
					}
				}
				most, _ = b.most()
				t.Logf("the longest answer to %d datagrams has %.2f of the request's bytes", len(all), most)
				if most == 0 {
					t.Error("nothing was answered: the test tests nothing")
				}
			})
		})
	}
}

// §9.3: whatever a few addresses send, in any order and at any time, as long as none completes a handshake.
func TestReplies_ToAnything(t *testing.T) {
	var most float64
	rapid.Check(t, func(r *rapid.T) {
		// Drawn before, since rapid wants to be asked on its own goroutine.
		c := &byteChoices{rapid.SliceOfN(rapid.Byte(), 20, 600).Draw(r, "script")}
		way := c.below(len(ways))
		var failed error
		synctest.Test(t, func(t *testing.T) {
			b := besiege(t, way)
			for len(c.b) > 0 && failed == nil {
				if c.below(4) == 0 {
					time.Sleep(pick(c, 60*millisecond, sec, 6*sec, 31*sec, 6*time.Minute))
				} else {
					from := flooder(c.below(3))
					b.receive(anyDatagram(t, c, true, pick(c, codec.Token{}, firstName, secondName)), from)
				}
				failed = b.wantModest()
			}
			if time.Sleep(time.Hour); failed == nil {
				failed = b.wantModest()
			}
			ratio, _ := b.most()
			most = max(most, ratio)
		})
		if failed != nil {
			r.Fatal(failed)
		}
	})
	t.Logf("the most that was sent is %.2f of what was received", most)
	if most < 1 {
		t.Error("hardly anything was ever answered: the test tests nothing")
	}
}

// FuzzReplies gives a daemon the fuzzer's own datagrams from three addresses. The first byte is the daemon's way; a byte in
// front of each datagram says from whom it comes and how much time passes then, two more are its length.
func FuzzReplies(f *testing.F) {
	frame := func(b []byte, how byte, d []byte) []byte {
		return append(binary.BigEndian.AppendUint16(append(b, how), uint16(len(d))), d...)
	}
	for i, r := range readRecordings(f) {
		b := []byte{byte(i)}
		for j, d := range r.all[:min(6, len(r.all))] {
			b = frame(b, byte(j*5), d.raw)
		}
		f.Add(b)
	}
	for way := range ways {
		b := frame([]byte{byte(way)}, 0, shortSYN())
		b = frame(b, 4, encode(f, nativeSYN()))
		f.Add(frame(b, 12, encode(f, nativeSYNACK())))
	}
	passing := [...]time.Duration{0, 60 * millisecond, sec, 6 * sec, 31 * sec, 6 * time.Minute}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) == 0 || len(script) > 8000 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			b := besiege(t, int(script[0])%len(ways))
			for rest := script[1:]; len(rest) > 3; {
				how := int(rest[0])
				n := min(int(binary.BigEndian.Uint16(rest[1:])), len(rest)-3, codec.MaxReceive)
				b.receive(rest[3:3+n], flooder(how%3))
				time.Sleep(passing[how/3%len(passing)])
				if err := b.wantModest(); err != nil {
					t.Fatal(err)
				}
				rest = rest[3+n:]
			}
			time.Sleep(time.Hour)
			if err := b.wantModest(); err != nil {
				t.Fatal(err)
			}
		})
	})
}
