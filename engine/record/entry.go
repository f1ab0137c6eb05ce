package record

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"time"

	"simp/codec"
	"simp/codec/client"
	"simp/engine"
)

// Version is of the format. A reader takes what is not newer.
const Version = 1

// Head is the first line of a recording, or of a part of one.
type Head struct {
	Format  string         `json:"simp"` // "record"
	Version int            `json:"version"`
	Daemon  string         `json:"daemon"` // its version
	Addr    netip.AddrPort `json:"addr"`
	Start   time.Time      `json:"start"`
	Config  Config         `json:"config"`

	Known map[netip.AddrPort]string `json:"known,omitempty"` // as what peers were remembered

	Part      int    `json:"part"`                // from 1
	Continues string `json:"continues,omitempty"` // the file before
}

const format = "record"

// Config is what of a daemon's configuration decides what its conversations do.
type Config struct {
	MaxChats         int                       `json:"max-chats"`
	Accept           engine.Accept             `json:"accept"`
	Retransmit       span                      `json:"retransmit"`
	InvitationExpiry span                      `json:"invitation-expiry"`
	Plain            bool                      `json:"plain,omitempty"`
	Dialects         map[netip.AddrPort]string `json:"dialects,omitempty"`
}

// span is a duration that is written as 5s.
type span time.Duration

func (s span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

func (s *span) UnmarshalText(b []byte) error {
	d, err := time.ParseDuration(string(b))
	*s = span(d)
	return err
}

// NewHead describes the recording of a daemon that starts now.
func NewHead(cfg engine.Config, addr netip.AddrPort, start time.Time) Head {
	return Head{
		Format: format, Version: Version, Daemon: cfg.Version, Addr: addr, Start: start, Part: 1, Known: maps.Clone(cfg.Known),
		Config: Config{
			MaxChats: cfg.MaxChats, Accept: cfg.Accept, Retransmit: span(cfg.Retransmit),
			InvitationExpiry: span(cfg.InvitationExpiry), Plain: cfg.Plain, Dialects: cfg.Dialects,
		},
	}
}

// engineConfig is the configuration of then.
func (h Head) engineConfig() (engine.Config, error) {
	cfg := engine.Defaults()
	cfg.MaxChats, cfg.Accept, cfg.Plain, cfg.Dialects = h.Config.MaxChats, h.Config.Accept, h.Config.Plain, h.Config.Dialects
	cfg.Retransmit, cfg.InvitationExpiry = time.Duration(h.Config.Retransmit), time.Duration(h.Config.InvitationExpiry)
	return cfg, cfg.Validate()
}

// Entry is every other line: what happened to a conversation, or a note.
type Entry struct {
	T    int64           `json:"t"` // nanoseconds since the start
	Peer *netip.AddrPort `json:"peer,omitempty"`

	Cause   string          `json:"cause,omitempty"`
	Raw     bytesInHex      `json:"raw,omitempty"`
	Command json.RawMessage `json:"command,omitempty"`
	Error   string          `json:"error,omitempty"`

	Begins  *Birth   `json:"begins,omitempty"`
	Ends    bool     `json:"ends,omitempty"`
	Answers []string `json:"answers,omitempty"`

	Outcome

	User string `json:"user,omitempty"`

	Lost   uint64 `json:"lost,omitempty"`
	Closed bool   `json:"closed,omitempty"`
	Next   string `json:"next,omitempty"`
}

// Outcome is what came of an input.
type Outcome struct {
	Steps  []Step            `json:"steps,omitempty"`
	Events []json.RawMessage `json:"events,omitempty"`
	Sent   []bytesInHex      `json:"sent,omitempty"`
	State  string            `json:"state,omitempty"`
}

// Birth is what a conversation began with.
type Birth struct {
	Attached bool   `json:"attached"`
	Dialect  string `json:"dialect"`
}

// Step is a step by its names, which another version may not have.
type Step struct {
	From  string `json:"from"`
	To    string `json:"to"`
	On    string `json:"on"`
	Rule  string `json:"rule"`
	Seq   uint8  `json:"seq"`
	Tries int    `json:"tries"`
}

// bytesInHex are bytes that are written in hexadecimal digits.
type bytesInHex []byte

func (b bytesInHex) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b), nil }

func (b *bytesInHex) UnmarshalText(text []byte) (err error) {
	*b, err = hex.AppendDecode([]byte{}, text)
	return err
}

// NewEntry is the line of an observation.
func NewEntry(o *engine.Observation, start time.Time) Entry {
	e := Entry{
		T: int64(o.At.Sub(start)), Peer: &o.Peer, Cause: o.Cause.String(), Raw: o.Raw, Ends: o.Ends, User: o.User, Outcome: outcomeOf(o),
	}
	if o.Command != nil {
		if line, err := (client.Native{}).AppendCommand(nil, o.Command); err == nil {
			e.Command = bytes.TrimSuffix(line, []byte("\n"))
		} else {
			e.Error = err.Error()
		}
	}
	if o.Err != nil {
		e.Error = codec.ErrorName(o.Err)
	}
	if o.Begins != nil {
		e.Begins = &Birth{Attached: o.Begins.Attached, Dialect: o.Begins.Dialect}
	}
	for _, a := range o.Answers {
		e.Answers = append(e.Answers, a.String())
	}
	return e
}

func outcomeOf(o *engine.Observation) Outcome {
	var out Outcome
	if o.Cause == engine.CauseUnreadable || o.Cause == engine.CauseDropped {
		return out // there is no conversation
	}
	out.State = o.State.String()
	for _, st := range o.Steps {
		out.Steps = append(out.Steps, Step{
			From: st.From.String(), To: st.To.String(), On: st.On.String(), Rule: st.Rule, Seq: st.Seq, Tries: st.Tries,
		})
	}
	for _, ev := range o.Events {
		line, err := client.Native{}.AppendEvent(nil, ev)
		if err != nil { // it does not reach the client either
			line = fmt.Appendf(nil, `{"ev":%q,"error":%q}`, ev.Name(), err)
		}
		out.Events = append(out.Events, bytes.TrimSuffix(line, []byte("\n")))
	}
	for _, b := range o.Sent {
		out.Sent = append(out.Sent, b)
	}
	return out
}

// observation is what happened, without what came of it.
func (e *Entry) observation(start time.Time) (*engine.Observation, error) {
	cause, known := engine.ParseCause(e.Cause)
	switch {
	case !known:
		return nil, fmt.Errorf("%.40q is nothing that happens to a conversation", e.Cause)
	case e.Peer == nil || !e.Peer.IsValid():
		return nil, fmt.Errorf("it does not say with whom")
	}
	o := &engine.Observation{At: start.Add(time.Duration(e.T)), Peer: *e.Peer, Cause: cause, Raw: e.Raw, Ends: e.Ends}
	if e.Begins != nil {
		o.Begins = &engine.Birth{Attached: e.Begins.Attached, Dialect: e.Begins.Dialect}
	}
	for _, a := range e.Answers {
		o.Answers = append(o.Answers, engine.ParseAnswer(a))
	}
	if cause == engine.CauseCommand && (len(e.Command) > 0 || e.Error == "") {
		cmd, err := client.Native{}.DecodeCommand(e.Command)
		if err != nil {
			return nil, fmt.Errorf("its command cannot be read: %w", err)
		}
		o.Command = cmd
	}
	return o, nil
}
