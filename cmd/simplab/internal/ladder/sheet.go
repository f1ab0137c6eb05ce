package ladder

import (
	"bytes"
	"fmt"
)

// MostRows is how many rows a picture or a page may have: more can neither be shown nor read.
const MostRows = 4000

// ErrTooMany says that there are more rows than can be drawn on one sheet.
var ErrTooMany = fmt.Errorf("there is too much for one picture (more than %d rows): pick one conversation with --conversation N, or those of one address with --peer ADDR, or take --to text, plain or json, which have no limit", MostRows)

// sheet keeps what is drawn once all of it is known.
type sheet struct {
	ladders []*whole
	rows    int
}

// whole is a conversation with all of its rows.
type whole struct {
	*Conversation
	rows []Row
}

// Row implements [Drawing].
func (s *sheet) Row(r *Row) error {
	if s.rows++; s.rows > MostRows {
		return ErrTooMany
	}
	kept := *r
	kept.Bytes = bytes.Clone(r.Bytes)
	for _, w := range s.ladders {
		if w.Conversation == r.Conversation {
			w.rows = append(w.rows, kept)
			return nil
		}
	}
	s.ladders = append(s.ladders, &whole{r.Conversation, []Row{kept}})
	return nil
}

// Ended implements [Drawing].
func (s *sheet) Ended(*Conversation) error { return nil }
