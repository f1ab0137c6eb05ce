package ladder

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"slices"
	"time"

	"simp/codec"
	"simp/engine/follow"
)

// RowJSON is a row as programs read it. Fields may be added, and do not change their meaning. What does not apply is left out.
type RowJSON struct {
	Row          string  `json:"row"` // "packet", "missing" or "remark"
	Conversation int     `json:"conversation"`
	Number       int     `json:"number"`            // its place among the rows of the conversation, from 1
	At           string  `json:"at,omitempty"`      // RFC 3339; of what is missing: when it was due; without it a user decides when it comes
	Seconds      float64 `json:"seconds"`           // the same since the capture began
	Delta        float64 `json:"delta,omitempty"`   // seconds since the packet before it in the conversation
	From         int     `json:"from"`              // who sent it, or should have: 0, the left one, or 1
	Summary      string  `json:"summary"`           // in one line
	Kind         string  `json:"kind,omitempty"`    // "SYN", "SYN+ACK", "ACK", "FIN", "ERR" or "CHAT"
	Seq          *uint8  `json:"seq,omitempty"`     // its Sequence
	Answers      int     `json:"answers,omitempty"` // the number of the packet that it answers

	States  [2]string `json:"states"`            // of both sides, after it: "idle", "syn-sent", "syn-received", "established", "fin-wait"
	Changed [2]bool   `json:"changed"`           // whether it changed them
	Remarks []string  `json:"remarks,omitempty"` // what the text forms say beside the arrow

	Packet     int      `json:"packet,omitempty"` // its number in the capture
	Copy       string   `json:"copy,omitempty"`   // "duplicate", "retransmission" or "changed retransmission"
	Of         int      `json:"of,omitempty"`     // of a copy: the number of the first one
	Copies     int      `json:"copies,omitempty"` // how many there have been
	Gap        float64  `json:"gap,omitempty"`    // seconds since the copy before it
	Late       bool     `json:"late,omitempty"`   // it answers, but was missing for a while
	Unreadable bool     `json:"unreadable,omitempty"`
	Strayed    bool     `json:"strayed,omitempty"` // it belongs to another conversation of the two
	Cut        bool     `json:"cut,omitempty"`     // the capture does not hold all of it
	Notes      []string `json:"notes,omitempty"`   // what is remarkable about how it is written
	Bytes      string   `json:"bytes,omitempty"`   // in hexadecimal
	Fields     []Field  `json:"fields,omitempty"`  // they cover the bytes, in their order

	Because int  `json:"because,omitempty"` // of what is missing: the number of the packet because of which it was awaited
	Repeat  bool `json:"repeat,omitempty"`  // it should have been a further copy of that
	Awaited bool `json:"awaited,omitempty"` // the capture ends before it was due
}

// PartyJSON is one of the two.
type PartyJSON struct {
	Addr string `json:"addr"`           // IP:port
	Name string `json:"name,omitempty"` // safe to print: quoted as in Go if it has to be
}

// ConversationJSON says what rows belong to. It stands in front of the first of them, and as "end" behind the last.
type ConversationJSON struct {
	Row          string       `json:"row"` // "conversation" or "end"
	Conversation int          `json:"conversation"`
	Parties      [2]PartyJSON `json:"parties"` // the left one has called
	Began        string       `json:"began"`
	Native       bool         `json:"native"` // both have announced themselves
	Middle       bool         `json:"middle"` // the capture begins in its middle
	Packets      int          `json:"packets"`
	Missing      int          `json:"missing"` // datagrams that should have come
	Rows         int          `json:"rows"`
}

// JSON writes each row as an object on a line of its own. It keeps nothing.
type JSON struct {
	to     *json.Encoder
	fields Fields
}

// NewJSON returns a drawing in lines of JSON.
func NewJSON(to io.Writer) *JSON {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	return &JSON{to: e, fields: NewFields()}
}

// Row implements [Drawing].
func (j *JSON) Row(r *Row) error {
	if r.Counted == 1 {
		if err := j.to.Encode(r.Conversation.JSON("conversation")); err != nil {
			return err
		}
	}
	return j.to.Encode(r.JSON(j.fields))
}

// Ended implements [Drawing].
func (j *JSON) Ended(c *Conversation) error { return j.to.Encode(c.JSON("end")) }

// Close implements [Drawing].
func (j *JSON) Close() error { return nil }

// JSON is the conversation as programs read it.
func (c *Conversation) JSON(row string) ConversationJSON {
	out := ConversationJSON{
		Row: row, Conversation: c.ID, Began: stamp(c.Began), Native: c.Native, Middle: c.Late,
		Packets: c.Packets, Missing: c.Missed, Rows: c.rows,
	}
	for i, p := range c.Parties {
		out.Parties[i] = PartyJSON{Addr: p.Addr.String()}
		if p.Name != "" {
			out.Parties[i].Name = safe(p.Name)
		}
	}
	return out
}

// JSON is the row as programs read it.
func (r *Row) JSON(fields Fields) RowJSON {
	out := RowJSON{
		Row: string(r.What), Conversation: r.Conversation.ID, Number: r.Counted, Seconds: seconds(r.Since), Delta: seconds(r.Delta),
		From: int(r.From), Summary: r.Summary, Changed: r.Changed, Answers: r.Answers, Remarks: r.Said(),
		Packet: r.N, Copy: r.Copy.String(), Late: r.Late, Unreadable: r.Unreadable, Strayed: r.Strayed, Cut: r.Cut,
		Because: r.For, Repeat: r.Repeat, Awaited: r.Awaited,
	}
	for i, s := range r.States {
		out.States[i] = s.String()
	}
	if !r.At.IsZero() {
		out.At = stamp(r.At)
	}
	if r.Kind != codec.Invalid {
		seq := r.Seq // the row is not ours to keep
		out.Kind, out.Seq = r.Kind.String(), &seq
	}
	if r.Copy != follow.Fresh {
		out.Of, out.Copies, out.Gap = r.First, r.Copies, seconds(r.Gap)
	}
	if r.What == Packet {
		out.Bytes, out.Fields = hex.EncodeToString(r.Bytes), fields.Of(r.Bytes)
	}
	if r.Notes != 0 {
		out.Notes = slices.Collect(func(yield func(string) bool) {
			for n := range r.Notes.All() {
				if !yield(n.String()) {
					return
				}
			}
		})
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// seconds keeps microseconds, since captures are not more exact than that.
func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*1e6) / 1e6 }
