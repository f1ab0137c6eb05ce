package client

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// DecodeCommand implements [Protocol].
func (Native) DecodeCommand(frame []byte) (Command, error) {
	if len(frame) > MaxLine {
		return nil, refuse("", ReasonTooLong, Facts{Limit: MaxLine})
	}
	var o object
	if err := json.Unmarshal(frame, &o.fields); err != nil {
		return nil, refuse("", ReasonBadJSON, Facts{Detail: jsonTrouble(err)})
	}
	if o.fields == nil {
		return nil, refuse("", ReasonBadJSON, Facts{Detail: "it is null"})
	}
	o.op = o.str("op")
	if o.err == nil && !utf8.Valid(frame) {
		// encoding/json would quietly put U+FFFD in the place of such bytes, and
		// the message would not be the one that the user sent.
		o.refuse(ReasonBadText, Facts{Detail: "This line is not valid UTF-8. Send it in that encoding."})
	}
	if o.err != nil {
		return nil, o.err
	}
	c := o.command()
	if o.err != nil {
		return nil, o.err
	}
	if err := check(c); err != nil {
		return nil, err
	}
	return c, nil
}

// command returns the command of which o is the line.
func (o *object) command() Command {
	switch o.op {
	case Ping{}.Op():
		return Ping{}
	case Watch{}.Op():
		return Watch{}
	case Connect{}.Op():
		return Connect{User: o.str("user")}
	case Invite{}.Op():
		return Invite{Peer: o.peer()}
	case Cancel{}.Op():
		return Cancel{Peer: o.peer()}
	case Accept{}.Op():
		return Accept{Peer: o.peer()}
	case Decline{}.Op():
		return Decline{Peer: o.peer()}
	case Chat{}.Op():
		return Chat{Peer: o.optionalPeer(), Text: o.text(), ID: o.id()}
	case Leave{}.Op():
		return Leave{Peer: o.optionalPeer(), Now: o.flag("now")}
	case StatusQuery{}.Op():
		return StatusQuery{}
	case Quit{}.Op():
		return Quit{}
	default:
		o.refuse(ReasonUnknownOp, Facts{})
		return nil
	}
}

// object reads the fields of a command. After the first that is not as it should
// be, err is set, and what the methods return means nothing.
type object struct {
	op     string
	fields map[string]json.RawMessage
	err    *DecodeError
}

func (o *object) refuse(reason ErrorReason, f Facts) {
	if o.err == nil {
		o.err = refuse(o.op, reason, f)
	}
}

// has reports whether the field is there and not null.
func (o *object) has(name string) bool {
	raw, ok := o.fields[name]
	return ok && kindOf(raw) != kindNull
}

// str returns a string that must be there.
func (o *object) str(name string) string {
	if !o.has(name) {
		o.refuse(ReasonMissingField, Facts{Field: name})
		return ""
	}
	raw := o.fields[name]
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		o.refuse(ReasonWrongType, Facts{Field: name, Detail: "a string, and not " + kindOf(raw).String()})
	}
	return s
}

// text returns the text of a message.
func (o *object) text() string {
	s := o.str("text")
	if o.err == nil && loneSurrogate(o.fields["text"]) {
		// As with bytes that are not UTF-8: not the text that was meant.
		o.refuse(ReasonBadText, Facts{Detail: "The text has half a surrogate pair, which is no character. " +
			`Write the whole pair, for example "\ud83d\ude00", or the character itself.`})
	}
	return s
}

func (o *object) peer() netip.AddrPort {
	s := o.str("peer")
	if o.err != nil {
		return netip.AddrPort{}
	}
	peer, err := ParsePeer(s)
	if err != nil {
		o.refuse(ReasonBadAddress, Facts{Detail: err.Error()})
	}
	return peer
}

func (o *object) optionalPeer() netip.AddrPort {
	if !o.has("peer") {
		return netip.AddrPort{}
	}
	return o.peer()
}

// flag returns a boolean that is false when left out.
func (o *object) flag(name string) bool {
	if !o.has(name) {
		return false
	}
	raw := o.fields[name]
	b, err := strconv.ParseBool(string(raw))
	if err != nil || kindOf(raw) != kindBoolean {
		o.refuse(ReasonWrongType, Facts{Field: name, Detail: "true or false, and not " + kindOf(raw).String()})
	}
	return b
}

func (o *object) id() ID {
	if !o.has("id") {
		return ID{}
	}
	raw := o.fields["id"]
	id, reason, err := parseID(raw)
	switch {
	case err == nil:
	case reason == ReasonTooLong:
		o.refuse(reason, Facts{Field: `field "id"`, Limit: MaxID})
	default:
		o.refuse(reason, Facts{Field: "id", Detail: "a string or a number, and not " + kindOf(raw).String()})
	}
	return id
}

// jsonTrouble words an error of encoding/json for people.
func jsonTrouble(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return "it is a JSON " + wrong.Value
	}
	return err.Error()
}

// loneSurrogate reports whether a JSON string has an escape that is one half of
// a surrogate pair without the other.
func loneSurrogate(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++ // the next byte is escaped, whether it is a u or a backslash
		first := codeUnit(raw[i-1:])
		if !utf16.IsSurrogate(first) {
			continue
		}
		if i+5 > len(raw) || utf16.DecodeRune(first, codeUnit(raw[i+5:])) == utf8.RuneError {
			return true
		}
		i += 10
	}
	return false
}

// codeUnit returns the UTF-16 code unit of the escape at the beginning of raw,
// 0 if there is none.
func codeUnit(raw []byte) rune {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0
	}
	n, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(n)
}

// kind is the type of a JSON value.
type kind byte

const (
	kindNone kind = iota
	kindNull
	kindBoolean
	kindNumber
	kindString
	kindList
	kindObject
)

func (k kind) String() string {
	return [...]string{"nothing", "null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// kindOf returns the type of a valid JSON value that begins with raw[0].
func kindOf(raw []byte) kind {
	if len(raw) == 0 {
		return kindNone
	}
	switch c := raw[0]; {
	case c == 'n':
		return kindNull
	case c == 't' || c == 'f':
		return kindBoolean
	case c == '-' || '0' <= c && c <= '9':
		return kindNumber
	case c == '"':
		return kindString
	case c == '[':
		return kindList
	case c == '{':
		return kindObject
	default:
		return kindNone
	}
}
