package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// ID is what a client attaches to a message in order to recognise it in later
// events: a JSON string or number, kept as the client wrote it and returned
// byte for byte. The zero ID is none. IDs are equal if their bytes are: 1 and 1.0
// are two.
type ID struct{ token string }

// NumberID returns the ID that is the number n.
func NumberID(n uint64) ID { return ID{strconv.FormatUint(n, 10)} }

// ParseID takes a JSON string or number of at most [MaxID] bytes as an ID.
func ParseID(token string) (ID, error) {
	id, _, err := parseID([]byte(token))
	if err != nil {
		return ID{}, fmt.Errorf("client: parse id: %w", err)
	}
	return id, nil
}

// parseID also returns the reason by which a command with that ID is refused.
func parseID(token []byte) (ID, ErrorReason, error) {
	token = bytes.TrimSpace(token)
	switch k := kindOf(token); {
	case len(token) > MaxID:
		return ID{}, ReasonTooLong, complain("longer than %d bytes", MaxID)
	case k != kindString && k != kindNumber, !json.Valid(token):
		return ID{}, ReasonWrongType, complaint("neither a JSON string nor a JSON number")
	case !utf8.Valid(token):
		return ID{}, ReasonBadText, complaint("not valid UTF-8")
	default:
		return ID{string(token)}, "", nil
	}
}

// IsZero reports whether there is no ID.
func (id ID) IsZero() bool { return id.token == "" }

// String returns the ID as it stands in the JSON, a string with its quotes.
func (id ID) String() string { return id.token }

// MarshalJSON returns the ID's own bytes, and null for none.
func (id ID) MarshalJSON() ([]byte, error) {
	if id.IsZero() {
		return []byte("null"), nil
	}
	return []byte(id.token), nil
}

// UnmarshalJSON takes the bytes as they are; null is none.
func (id *ID) UnmarshalJSON(token []byte) error {
	if kindOf(token) == kindNull {
		*id = ID{}
		return nil
	}
	parsed, err := ParseID(string(token))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}
