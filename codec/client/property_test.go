package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Generators of what the values may hold.

func anyPeer() *rapid.Generator[netip.AddrPort] {
	return rapid.Custom(func(t *rapid.T) netip.AddrPort {
		port := rapid.Uint16Min(1).Draw(t, "port")
		if rapid.Bool().Draw(t, "ipv4") {
			b := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "ip")
			b[0] = b[0]%223 + 1 // neither unspecified nor multicast nor broadcast
			return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b)), port)
		}
		b := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "ip")
		b[0] &= 0xfe      // not multicast
		b[15] |= 1        // not unspecified
		b[0], b[1] = 2, 1 // not IPv4
		zone := rapid.SampledFrom([]string{"", "", "eth0", "12", "br-0.7@x"}).Draw(t, "zone")
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(b)).WithZone(zone), port)
	})
}

func anyID() *rapid.Generator[ID] {
	str := rapid.Map(rapid.StringN(0, 10, 10), func(s string) ID {
		token, err := json.Marshal(s)
		if err != nil || len(token) > MaxID {
			return mustID(`"long"`)
		}
		return mustID(string(token))
	})
	return rapid.OneOf(
		rapid.Just(ID{}),
		rapid.Map(rapid.Uint64(), NumberID),
		rapid.Map(rapid.Float64(), func(f float64) ID { return mustID(strconv.FormatFloat(f, 'e', -1, 64)) }),
		str,
	)
}

func anyTime() *rapid.Generator[time.Time] {
	return rapid.Map(rapid.Int64Range(0, 1<<33), func(s int64) time.Time {
		return time.Unix(s, s%1e9).In(time.FixedZone("", int(s%50400)))
	})
}

func anyText() *rapid.Generator[string] {
	return rapid.Map(rapid.StringN(0, 200, 2000), func(s string) string {
		return "x" + strings.ReplaceAll(s, "\x00", "\x01")
	})
}

func anyUser() *rapid.Generator[string] {
	return rapid.StringMatching(`[!-~]([ -~]{0,30}[!-~])?`)
}

func anyCommand() *rapid.Generator[Command] {
	orNobody := rapid.OneOf(anyPeer(), rapid.Just(netip.AddrPort{}))
	return rapid.Custom(func(t *rapid.T) Command {
		switch rapid.SampledFrom(commands()).Draw(t, "type").(type) {
		case Connect:
			return Connect{User: anyUser().Draw(t, "user")}
		case Invite:
			return Invite{Peer: anyPeer().Draw(t, "peer")}
		case Cancel:
			return Cancel{Peer: anyPeer().Draw(t, "peer")}
		case Accept:
			return Accept{Peer: anyPeer().Draw(t, "peer")}
		case Decline:
			return Decline{Peer: anyPeer().Draw(t, "peer")}
		case Chat:
			return Chat{Peer: orNobody.Draw(t, "peer"), Text: anyText().Draw(t, "text"), ID: anyID().Draw(t, "id")}
		case Leave:
			return Leave{Peer: orNobody.Draw(t, "peer"), Now: rapid.Bool().Draw(t, "now")}
		case Watch:
			return Watch{}
		case StatusQuery:
			return StatusQuery{}
		case Quit:
			return Quit{}
		default:
			return Ping{}
		}
	})
}

func anyEvent() *rapid.Generator[Event] {
	peers := rapid.OneOf(anyPeer(), rapid.Just(netip.AddrPort{}))
	return rapid.Custom(func(t *rapid.T) Event {
		peer, user := peers.Draw(t, "peer"), rapid.String().Draw(t, "user")
		text, id := rapid.String().Draw(t, "text"), anyID().Draw(t, "id")
		n, tries := rapid.Int().Draw(t, "n"), rapid.Int().Draw(t, "tries")
		pending := func() []Pending {
			var list []Pending
			for range rapid.IntRange(0, 3).Draw(t, "pending") {
				list = append(list, Pending{peers.Draw(t, "peer"), rapid.String().Draw(t, "user"), anyTime().Draw(t, "since"), user, text})
			}
			return list
		}
		switch rapid.SampledFrom(sampleEvents()).Draw(t, "type").(type) {
		case Pong:
			return Pong{Daemon: text}
		case Connected:
			return Connected{User: user, Daemon: text, Addr: peer, Pending: pending()}
		case Inviting:
			return Inviting{peer, user, tries}
		case Unanswered:
			return Unanswered{peer, user, n}
		case Invitation:
			return Invitation{peer, user}
		case Withdrawn:
			return Withdrawn{peer, user, WithdrawReason(text)}
		case Established:
			return Established{peer, user}
		case Recognised:
			return Recognised{peer, user, text, user, text}
		case Repeated:
			return Repeated{peer, user, text}
		case Message:
			return Message{peer, user, text, n}
		case Sent:
			return Sent{peer, user, id, n, text}
		case Retrying:
			return Retrying{peer, user, What(text), tries}
		case Delivered:
			return Delivered{peer, user, id, n}
		case Unconfirmed:
			return Unconfirmed{peer, user, id, n, tries}
		case Closed:
			var list []Undelivered
			for range rapid.IntRange(0, 3).Draw(t, "undelivered") {
				list = append(list, Undelivered{anyID().Draw(t, "id"), n, rapid.String().Draw(t, "text")})
			}
			return Closed{peer, user, CloseReason(user), text, list}
		case Status:
			var chats []ChatStatus
			for range rapid.IntRange(0, 3).Draw(t, "chats") {
				chats = append(chats, ChatStatus{peers.Draw(t, "peer"), user, text, n, tries, text, user})
			}
			var counters map[string]uint64
			if rapid.Bool().Draw(t, "counting") {
				counters = rapid.MapOfN(rapid.String(), rapid.Uint64(), 1, 5).Draw(t, "counters")
			}
			return Status{user, chats, pending(), counters}
		case Watching:
			var list []Machine
			for range rapid.IntRange(0, 3).Draw(t, "machines") {
				list = append(list, Machine{peers.Draw(t, "peer"), rapid.String().Draw(t, "user"), text})
			}
			return Watching{peer, text, user, list}
		case Step:
			return Step{anyTime().Draw(t, "at").Truncate(time.Microsecond), peer, user, text, user, text, user, n, tries, text}
		case Datagram:
			var b Hex
			if rapid.Bool().Draw(t, "bytes") {
				b = rapid.SliceOfN(rapid.Byte(), 1, 50).Draw(t, "hex")
			}
			return Datagram{anyTime().Draw(t, "at").Truncate(time.Microsecond), peer, Direction(text), b}
		case Missed:
			return Missed{n}
		case Error:
			return Error{text, peer, ErrorReason(user), text}
		default:
			return Unknown{EvName: "later", Raw: []byte(`{"v":1,"ev":"later","x":[]}`)}
		}
	})
}

func TestNativeCommandsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyCommand().Draw(t, "command")
		line, err := Native{}.AppendCommand(nil, want)
		if err != nil {
			t.Fatalf("%#v: %v", want, err)
		}
		checkLine(t, line)
		got, err := Native{}.DecodeCommand(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if diff := cmp.Diff(want, got, sameValue); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	})
}

func TestNativeEventsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyEvent().Draw(t, "event")
		line, err := Native{}.AppendEvent(nil, want)
		if err != nil {
			t.Fatalf("%#v: %v", want, err)
		}
		checkLine(t, line)
		if !bytes.HasPrefix(line, []byte(`{"v":1,"ev":"`+want.Name()+`"`)) {
			t.Errorf("%s: want version and name of %s first", line, want.Name())
		}
		got, err := Native{}.DecodeEvent(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if diff := cmp.Diff(want, got, sameValue); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	})
}

// checkLine demands one line of JSON that can be shown on a terminal.
func checkLine(t rapid.TB, line []byte) {
	t.Helper()
	if !json.Valid(line) || bytes.IndexByte(line, '\n') != len(line)-1 {
		t.Errorf("not one line of JSON: %q", line)
	}
	if !utf8.Valid(line) {
		t.Errorf("not UTF-8: %q", line)
	}
}

// encoding/json is the judge of strings: whatever bytes a peer sends, it reads
// from our string what it would read from its own.
func TestAppendString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(
			rapid.String(),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		).Draw(t, "string")
		token := appendString(nil, s)
		for _, r := range string(token) {
			if !strconv.IsPrint(r) {
				t.Errorf("%+q: %U is left in %+q", s, r, token)
			}
		}
		theirs, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var want, got string
		if err := errors.Join(json.Unmarshal(theirs, &want), json.Unmarshal(token, &got)); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%+q is written %s, which reads as %+q, want %+q", s, token, got, want)
		}
	})
}

func TestPeersComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyPeer().Draw(t, "peer")
		if got, err := ParsePeer(FormatPeer(want)); got != want || err != nil {
			t.Errorf("%v: got %v, %v", want, got, err)
		}
	})
}
