package double

import (
	"net/netip"
	"strings"
	"time"
)

// Kind B: Hollaus/Meseli, github.com/LisaHollaus/Simple-IMC-Messaging-Protocol
// (simp_daemon.py, simp_protocol.py, simp_check_functions.py, checksum.py,
// simp_client.py), and the recordings b-*.
//
// One thread reads the daemons' socket, one serves the client. What matters:
//
//   - Two bytes of checksum stand behind every datagram; Length does not count
//     them. The last two bytes of whatever comes are taken for the checksum.
//   - For each IP address it expects 1 minus the number of the last datagram
//     from there that was not an ERR; 0 from a stranger, 1 after its own SYN.
//   - It accepts a SYN at once if it has no partner, its user is told later.
//     A partner is never forgotten: not after FIN, not after its user left.
//     From then on SYNs are met with silence.
//   - A chat is acknowledged twice, then "forwarded to the client" at the
//     daemon's own client port: the daemon's client thread takes it for a line
//     that its user typed and sends it back to the partner (of whatever
//     address), number 0. The client never sees it.
//     The reading thread waits until somebody acknowledges the forwarded
//     message, and competes for that acknowledgement with the client thread.
//     If it loses, it reads nothing for 5 s, forwards again, three times at
//     most: the partner gets the echo again. Without a random source it wins.
//     On loopback it sometimes gets hold of its own message, throws it away and
//     sends it again, hundreds of times; the network sees nothing of that.
//   - A FIN is answered by ERR and a FIN of its own, which wants an ACK. What
//     comes instead is thrown away, and the FIN sent again to whoever sent it.
//   - Its user's leaving is not told to anybody. What comes afterwards finds no
//     user, which is fatal for all but ACK and ERR.
//   - A SYN while nobody is logged in is fatal, too. A daemon whose list of
//     invitations is not empty asks the next client about them in a way that
//     the client cannot answer; neither does anything any more. Since those
//     who were accepted stay on that list, so does every later client of the
//     invited side.
//   - It always sends its chats with number 0, whatever is expected. Its own
//     client sends one and waits for an answer that never comes; the double's
//     user may go on typing, as with any other client of that daemon.
//
// What kills it: whatever is not in order (see bHeader.code), or not numbered
// as expected, if it is CHAT, SYN or SYN+ACK, or an ACK while it has no
// partner: the program answers ERR, goes on with bytes where it needs fields,
// and the exception's handler raises the next one. Then: everything that it
// has to answer while nobody is logged in; an ERR with a byte above 0x7f in
// its text; a FIN whose FIN is not acknowledged within 5 s.

const (
	bWait  = 5 * time.Second
	bTries = 3
	bReads = 1024
	bLimit = 256 // bytes of payload that it takes
)

type bPartner struct {
	ip   netip.Addr
	name string
}

type bDaemon struct {
	*host
	name string // "" is None: nobody is logged in

	// The client thread.
	waiting bool       // it does nothing until a partner appears
	target  netip.Addr // whom it invited
	open    bool       // its client was told that it is connected
	stuck   bool       // it asks about old invitations, for ever

	partners []bPartner
	requests map[netip.Addr]bool
	expect   map[netip.Addr]int

	// The reading thread.
	buffer    buffer
	closing   []byte    // its FIN, while it waits for the ACK
	closeBy   time.Time // the wait for the first answer is bounded
	forwarded string    // the message that nobody acknowledged yet
	tries     int
	again     time.Time // when it is forwarded again; zero: it does not wait
}

func newB(h *host) program {
	return &bDaemon{host: h, requests: map[netip.Addr]bool{}, expect: map[netip.Addr]int{}}
}

func (b *bDaemon) inChat() bool   { return len(b.partners) > 0 }
func (b *bDaemon) attached() bool { return b.name != "" }

func (b *bDaemon) login(_ time.Time, user string) {
	if b.name != "" || b.stuck {
		return
	}
	b.name, b.open = user, false
	b.stuck = len(b.requests) > 0
}

func (b *bDaemon) invite(_ time.Time, peer netip.AddrPort) {
	if b.name == "" || b.stuck || b.waiting || b.open {
		return
	}
	ip := peer.Addr()
	b.control(netip.AddrPortFrom(ip, daemonPort), opSyn, 0, "")
	b.expect[ip] = 1
	b.waiting, b.target = true, ip
	b.connect()
}

// connect ends the client thread's wait for a partner, be it this one or one
// of an earlier chat. With another than the invited it fails on looking the
// invited up, and its client hears nothing.
func (b *bDaemon) connect() {
	if len(b.partners) == 0 || b.open || b.name == "" {
		return
	}
	partner := b.partners[0]
	if b.waiting {
		b.waiting = false
		i := b.partner(b.target)
		if i < 0 {
			return
		}
		partner = b.partners[i]
	}
	b.open = true
	b.show(Opened, netip.AddrPortFrom(partner.ip, daemonPort), partner.name)
}

// partner returns the index of a partner's address, -1 if it is none.
func (b *bDaemon) partner(ip netip.Addr) int {
	for i, p := range b.partners {
		if p.ip == ip {
			return i
		}
	}
	return -1
}

// accept is silence: a chat has long been open when its user is asked.
func (b *bDaemon) accept(time.Time) {}

// decline: its client says goodbye to its daemon, and the daemon tells nobody.
func (b *bDaemon) decline(now time.Time) {
	if b.open {
		b.leave(now)
	}
}

func (b *bDaemon) leave(time.Time) {
	if b.stuck || b.waiting {
		return
	}
	b.name, b.open = "", false
}

func (b *bDaemon) say(_ time.Time, text string) {
	if b.name != "" && !b.stuck && !b.waiting {
		b.chat(text)
	}
}

// chat is the client thread's treatment of a line that was typed.
func (b *bDaemon) chat(text string) {
	if len(b.partners) == 0 || b.name == "" {
		return
	}
	text, _, _ = strings.Cut(text, "|") // the separator of the client's protocol
	b.post(netip.AddrPortFrom(b.partners[0].ip, daemonPort), pack(typeChat, opChat, 0, b.name, 0, text))
}

func (b *bDaemon) receive(now time.Time, from netip.AddrPort, bytes []byte) {
	b.buffer.push(datagram{from, cut(bytes, 0, bReads)})
	b.pump(now)
}

func (b *bDaemon) expire(now time.Time) {
	if due(b.closeBy, now) {
		b.die("no ACK within 5 s for the FIN that answered a FIN")
		return
	}
	for due(b.again, now) {
		b.tries++
		b.forward(b.again)
	}
	b.pump(now)
}

func (b *bDaemon) deadline() time.Time { return earliest(b.closeBy, b.again) }

// pump is the reading thread's loop, as long as it reads.
func (b *bDaemon) pump(now time.Time) {
	for b.dead == "" && len(b.buffer) > 0 && b.again.IsZero() {
		d := b.buffer.pop()
		h, body := b.read(d)
		switch {
		case b.closing != nil && h != nil && h.op == opAck && h.typ == typeControl:
			b.closing, b.closeBy = nil, time.Time{}
		case b.closing != nil:
			// From the second round on the wait has no end.
			b.closeBy = time.Time{}
			b.send(d.from, append([]byte(nil), b.closing...))
		case h != nil:
			b.handle(now, d.from, h, body)
		}
	}
}

// bHeader is what the check of a datagram leaves behind.
type bHeader struct {
	typ, op byte // 0: unknown
	seq     int
	code    string // why it is refused; "" is in order

	name, payload string // only where the body was parsed
}

// bBody says what became of a datagram's fields.
type bBody byte

const (
	bNone   bBody = iota // could not be read: ignored
	bRaw                 // still bytes: every use of a field is an exception
	bParsed              //
)

// inspect checks a datagram; nil if an exception ends the check, which does no harm.
func (b *bDaemon) inspect(p []byte) *bHeader {
	if len(p) < 3 || !ascii(cut(p, userAt, lengthAt)) {
		return nil
	}
	h := &bHeader{seq: int(p[2])}
	switch p[0] {
	case typeChat:
		h.typ, h.op = typeChat, opChat
	case typeControl:
		h.typ = typeControl
		switch p[1] {
		case opErr, opSyn, opAck, opSynAck, opFin:
			h.op = p[1]
		}
	}
	var length uint64
	for _, c := range cut(p, lengthAt, payloadAt) {
		length = length<<8 | uint64(c)
	}
	switch {
	case len(p) < payloadAt:
		h.code = "Message too short"
	case h.typ == 0:
		h.code = "Unknown message"
	case h.op == 0, h.seq > 1:
		h.code = "Invalid operation"
	case stripped(cut(p, userAt, lengthAt), "\x00") == "":
		h.code = "Invalid user"
	case length > bLimit:
		h.code = "Message too long"
	case length == 0 && h.typ == typeChat:
		h.code = "Message too short"
	}
	summed := append(append([]byte(nil), cut(p, 0, payloadAt)...), cut(p, payloadAt, len(p)-2)...)
	if sum := trailer(summed); sum != [2]byte(p[len(p)-2:]) {
		h.code = "Wrong payload"
	}
	return h
}

// read takes a datagram from the socket: checks it, compares its number, and
// acknowledges a chat for the first time.
func (b *bDaemon) read(d datagram) (*bHeader, bBody) {
	h := b.inspect(d.bytes)
	if h == nil {
		return nil, bNone
	}
	readable := ascii(cut(d.bytes, payloadAt, len(d.bytes)-2))
	if h.typ == typeControl && h.op == opErr {
		if !readable {
			return h, bRaw
		}
		return h, bParsed
	}
	ip := d.from.Addr()
	switch expected := b.expect[ip]; {
	case h.code != "":
		b.control(d.from, opErr, h.seq, h.code)
		return h, bRaw
	case h.seq != expected:
		b.control(d.from, opErr, expected, "Wrong sequence number")
		return h, bRaw
	default:
		b.expect[ip] = 1 - expected
	}
	if h.typ == typeChat {
		b.control(d.from, opAck, h.seq, "")
	}
	if !readable {
		return h, bNone
	}
	h.name = stripped(cut(d.bytes, userAt, lengthAt), "\x00")
	h.payload = string(cut(d.bytes, payloadAt, len(d.bytes)-2))
	return h, bParsed
}

// handle acts on what was read. Where it needs a field of what is still bytes,
// and where it has to answer in nobody's name, it dies.
func (b *bDaemon) handle(now time.Time, from netip.AddrPort, h *bHeader, body bBody) {
	const unread = "that it refused: bad checksum, wrong number, or not in order"
	const nobody = "while nobody is logged in"
	if body == bNone {
		return
	}
	ip := from.Addr()
	switch {
	case h.typ == typeChat:
		switch {
		case body == bRaw:
			b.die("a CHAT " + unread)
		case b.name == "":
			b.die("a CHAT " + nobody)
		default:
			b.control(from, opAck, h.seq, "")
			b.tries, b.forwarded = 0, h.payload
			b.forward(now)
		}
	case h.op == opAck:
		b.expect[ip] = 1 - h.seq
		if len(b.partners) > 0 {
			return
		}
		if body == bRaw {
			b.die("an ACK " + unread + ", while it has no partner")
			return
		}
		b.partners = append(b.partners, bPartner{ip, h.name})
		b.connect()
	case h.op == opSyn:
		if body == bRaw {
			b.die("a SYN " + unread)
			return
		}
		b.requests[ip] = true
		if len(b.partners) > 0 {
			return
		}
		if b.name == "" {
			b.die("a SYN " + nobody)
			return
		}
		b.control(from, opSynAck, h.seq+1, "")
	case h.op == opSynAck:
		delete(b.requests, ip)
		if b.name == "" {
			b.die("a SYN+ACK " + nobody)
			return
		}
		b.control(from, opAck, h.seq, "")
		if body == bRaw {
			b.die("a SYN+ACK " + unread)
			return
		}
		if i := b.partner(ip); i >= 0 {
			b.partners[i].name = h.name
		} else {
			b.partners = append(b.partners, bPartner{ip, h.name})
		}
		b.expect[ip] = 1 - h.seq
		b.connect()
	case h.op == opErr:
		if body == bRaw {
			b.die("an ERR with a byte above 0x7f in its text")
		}
	default: // FIN, and what it does not know
		if b.name == "" {
			b.die("a FIN " + nobody)
			return
		}
		b.control(from, opErr, h.seq, "User already in another chat")
		b.closing = b.control(from, opFin, h.seq, "")
		b.closeBy = now.Add(bWait)
	}
}

// forward sends a received message to the daemon's own client port, where the
// client thread sends it on to the partner and acknowledges it. Who gets the
// acknowledgement is a matter of luck.
func (b *bDaemon) forward(now time.Time) {
	if b.tries == bTries {
		b.again = time.Time{}
		return
	}
	if b.stuck {
		b.again = now.Add(bWait)
		return
	}
	b.chat(b.forwarded)
	b.again = time.Time{}
	if b.chance(0.5) {
		b.again = now.Add(bWait)
	}
}

// control sends a control datagram in the user's name and returns it. In
// nobody's name it is an exception, which the caller either survives or not.
func (b *bDaemon) control(to netip.AddrPort, op byte, seq int, text string) []byte {
	if b.name == "" || seq < 0 || seq > 255 {
		return nil
	}
	return b.post(to, pack(typeControl, op, byte(seq), b.name, 0, text))
}

func (b *bDaemon) post(to netip.AddrPort, p []byte) []byte {
	sum := trailer(p)
	p = append(p, sum[:]...)
	b.send(to, p)
	return p
}
