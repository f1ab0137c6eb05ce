package ui

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"simp/cmd/simp/internal/core"
	"simp/codec/client"
)

// A user who types anything and a network that says anything, in any order. Whatever happens, what is shown cannot be
// mistaken, what is sent can be taken, and the end comes.
func TestModelWithstandsAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opt := Options{User: rapid.SampledFrom([]string{"", "alice"}).Draw(t, "user"), Pipe: rapid.Bool().Draw(t, "pipe")}
		columns := rapid.SampledFrom([]int{0, 16, 40, 80}).Draw(t, "columns")
		m := New(opt)
		m.Resize(columns)
		done := false
		did := func(s core.Step) {
			checkStep(t, opt, columns, s)
			checkPrompt(t, m.Prompt())
			done = s.Done
		}
		did(m.Start())
		if opt.User != "" {
			did(m.Event(client.Connected{User: opt.User, Addr: peers().Draw(t, "own")}, ""))
		}
		unlessDone := func(f func(t *rapid.T)) func(*rapid.T) {
			return func(t *rapid.T) {
				if !done {
					f(t)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"type":    unlessDone(func(t *rapid.T) { did(m.Line(typedLine().Draw(t, "line"))) }),
			"hear":    unlessDone(func(t *rapid.T) { did(m.Event(anyEvent().Draw(t, "event"), "")) }),
			"meet":    unlessDone(func(t *rapid.T) { did(m.Event(client.Established{Peer: peers().Draw(t, "peer")}, "")) }),
			"expire":  unlessDone(func(*rapid.T) { did(m.Expire()) }),
			"give up": unlessDone(func(t *rapid.T) { did(rapid.SampledFrom([]func() core.Step{m.End, m.Interrupt}).Draw(t, "how")()) }),
		})
		for range 3 {
			if done {
				return
			}
			did(m.End())
		}
		if !done {
			t.Fatal("three ends are not the end")
		}
	})
}

func checkStep(t *rapid.T, opt Options, columns int, s core.Step) {
	for _, l := range s.Show {
		for _, r := range l {
			if unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("a terminal would execute this: %+q", l)
			}
		}
		if w := columnsOf(l); columns >= narrowest && w >= columns && !opt.Pipe {
			lead := len(l) - len(strings.TrimLeft(l, " "))
			if name, _, ok := strings.Cut(l, ": "); lead > 0 || !ok || columnsOf(name)+narrowest/2+2 < columns {
				t.Fatalf("%d columns on a screen of %d: %q", w, columns, l)
			}
		}
		if !strings.HasPrefix(l, noticeMark) && !strings.HasPrefix(l, promptMark) && !strings.HasPrefix(l, " ") &&
			!strings.HasPrefix(l, own+": ") && l != own+":" && !fromSomebody(l) {
			t.Fatalf("nobody can tell what this is: %q", l)
		}
	}
	for _, cmd := range s.Send {
		if _, err := (client.Native{}).AppendCommand(nil, cmd); err != nil {
			t.Fatalf("the daemon would not take %#v: %v", cmd, err)
		}
	}
}

// fromSomebody reports whether a line begins with another user's name, and not with ours.
func fromSomebody(l string) bool {
	if strings.HasPrefix(l, `"`) {
		return true
	}
	word := strings.FieldsFunc(l+" ", func(r rune) bool { return r == ':' || r == '@' })[0]
	return plainWord(word) && !strings.EqualFold(word, own)
}

func checkPrompt(t *rapid.T, prompt string) {
	for _, r := range prompt {
		if unicode.IsControl(r) {
			t.Fatalf("a terminal would execute this: %+q", prompt)
		}
	}
}

func peers() *rapid.Generator[netip.AddrPort] {
	return rapid.Map(rapid.IntRange(2, 4), func(n int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, byte(n)}), client.DefaultPort)
	})
}

func hostileText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"", "you", "bob", "Bob Smith", "> q", "* In a chat", "\x1b[2J", "a\nyou: b", "\u202e", "日本語", "\xff", `"`, `\`,
		strings.Repeat(" ", 60) + "you: hi", strings.Repeat("x", 200), strings.Repeat("\n", 60),
	}))
}

func typedLine() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{
		"", "q", "y", "n", "s", "g", "127.0.0.2", "127.0.0.3:7777", "hello", "/accept", "/decline", "/back", "/status", "/help",
		"/quit", "/to", "/to bob", "/accept 127.0.0.2", "/start 127.0.0.4", "//x", "/say q", "/x",
	}), hostileText())
}

// anyEvent makes an event of any type with any fields: the model takes what a daemon would never say, too.
func anyEvent() *rapid.Generator[client.Event] {
	return rapid.Custom(func(t *rapid.T) client.Event {
		shape := rapid.SampledFrom([]client.Event{
			client.Pong{}, client.Connected{}, client.Connected{}, client.Inviting{}, client.Unanswered{}, client.Invitation{}, client.Withdrawn{},
			client.Established{}, client.Established{}, client.Repeated{}, client.Message{}, client.Message{}, client.Sent{}, client.Retrying{}, client.Delivered{},
			client.Unconfirmed{}, client.Closed{}, client.Status{}, client.Error{}, client.Unknown{},
		}).Draw(t, "type")
		v := reflect.New(reflect.TypeOf(shape)).Elem()
		fill(t, v)
		return v.Interface().(client.Event)
	})
}

func fill(t *rapid.T, v reflect.Value) {
	switch p := v.Addr().Interface().(type) {
	case *netip.AddrPort:
		*p = peers().Draw(t, "peer")
		return
	case *client.ID:
		*p = client.NumberID(uint64(rapid.IntRange(0, 5).Draw(t, "id")))
		return
	case *client.ErrorReason:
		*p = rapid.SampledFrom(client.ErrorReasons()).Draw(t, "reason")
		return
	}
	switch v.Kind() { //nolint:exhaustive // the kinds that events have
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(t, v.Field(i))
			}
		}
	case reflect.Slice:
		n := rapid.IntRange(0, 2).Draw(t, "length")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(t, v.Index(i))
		}
	case reflect.String:
		reasons := []string{"left", "declined", "busy", "cancelled", "unreachable", "restarted", "refused", "shutdown", "expired", "lost",
			"connect", "invite", "accept", "decline", "chat", "message", "established"}
		v.SetString(rapid.OneOf(hostileText(), rapid.SampledFrom(reasons)).Draw(t, "text"))
	case reflect.Int:
		v.SetInt(int64(rapid.IntRange(0, 5).Draw(t, "number")))
	case reflect.Uint8:
		v.SetUint(uint64(rapid.Byte().Draw(t, "byte")))
	}
}

func TestName(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"bob", "bob"}, {"Bob-2.x_y", "Bob-2.x_y"}, {"", `""`}, {"Bob Smith", `"Bob Smith"`}, {"you", `"you"`}, {"YOU", `"YOU"`},
		{"bob:", `"bob:"`}, {"bob@127.0.0.1", `"bob@127.0.0.1"`}, {`a"b\`, `"a\"b\\"`}, {"-x", `"-x"`}, {"*", `"*"`}, {"\x1b", `"␛"`}, {"ü", `"ü"`},
	} {
		if got := Name(test.in); got != test.want {
			t.Errorf("Name(%q) = %s, want %s", test.in, got, test.want)
		}
	}
}

// Breaking lines loses nothing but blanks at the ends of lines, and no line is wider than the screen.
func TestWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`([a-z]{1,12}|日本|[ ]{1,9}){0,40}`).Draw(t, "text")
		columns := rapid.IntRange(narrowest, 100).Draw(t, "columns")
		lines := wrap("* ", "  ", s, columns)
		joined := ""
		for i, l := range lines {
			if w := columnsOf(l); w >= columns {
				t.Fatalf("%d columns on a screen of %d: %q", w, columns, l)
			}
			if lead := "  "; i > 0 && !strings.HasPrefix(l, lead) {
				t.Fatalf("line %d does not begin with blanks: %q", i, l)
			}
			joined += l[2:]
		}
		strip := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if strip(joined) != strip(s) {
			t.Fatalf("%q became %q", s, lines)
		}
	})
}

// The prompt says less where it would take half the screen.
func TestPromptOnNarrowScreens(t *testing.T) {
	peer := netip.MustParseAddrPort("127.0.0.2:7777")
	for _, test := range []struct {
		columns int
		tries   int
		ours    int
		want    string
	}{
		{80, 0, 0, "bob > "},
		{80, 0, 1, "bob, 1 on its way > "},
		{80, 3, 1, "bob, not answering, try 3 > "},
		{40, 0, 1, "bob, 1 on its way > "},
		{40, 3, 1, "bob, try 3 > "},
		{24, 0, 2, "bob, 2 > "},
		{0, 3, 1, "bob, not answering, try 3 > "},
	} {
		t.Run(fmt.Sprintf("%d columns, %d tries", test.columns, test.tries), func(t *testing.T) {
			m := New(Options{User: "alice"})
			m.Event(client.Connected{User: "alice"}, "")
			m.Event(client.Established{Peer: peer, User: "bob"}, "")
			for range test.ours {
				m.Line("x")
			}
			if test.tries > 0 {
				m.Event(client.Retrying{Peer: peer, Tries: test.tries}, "")
			}
			m.Resize(test.columns)
			if got := m.Prompt(); got != test.want {
				t.Errorf("Prompt() = %q, want %q", got, test.want)
			}
		})
	}
}
