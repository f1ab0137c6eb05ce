package codec

import "errors"

// Errors of [Decode]. They are returned as they are, because decoding must not
// allocate: a stranger decides how often it fails.
var (
	// ErrEmpty: a datagram of no bytes.
	ErrEmpty = errors.New("codec: decode: empty datagram")

	// ErrShort: less than a header, and neither the 35-byte control form nor a
	// [Stub].
	ErrShort = errors.New("codec: decode: datagram shorter than its 39-byte header")

	// ErrOversized: more than [MaxReceive] bytes.
	ErrOversized = errors.New("codec: decode: datagram longer than 4096 bytes")

	// ErrType: a Type that is neither control nor chat.
	ErrType = errors.New("codec: decode: unknown type")

	// ErrOperation: an Operation that the Type does not have.
	ErrOperation = errors.New("codec: decode: unknown operation")
)

// Errors of [Wire.Append], wrapped with what was refused.
var (
	// ErrKind: not one of the six kinds.
	ErrKind = errors.New("no such kind of datagram")

	// ErrForm: a form that the kind does not have.
	ErrForm = errors.New("a datagram of this kind has no such form")

	// ErrSeq: a Sequence above 1 that is neither the echo of a peer's own nor
	// meant for a peer that counts.
	ErrSeq = errors.New("a sequence number is 0 or 1")

	// ErrUser: a name that other implementations would not survive or that
	// would not come back as it was.
	ErrUser = errors.New("a user name is 1 to 32 printable ASCII bytes with no blank at either end")

	// ErrPayload: a payload that is too long, or that its kind must not carry.
	ErrPayload = errors.New("payload cannot be sent")
)

// ErrorName returns the short name by which an error of this package is
// counted ("empty", "short", "oversized", "type", "operation"; "kind", "form",
// "seq", "user", "payload"), wrapped or not. It returns "" for nil and "other" for
// everything else.
func ErrorName(err error) string {
	if err == nil {
		return ""
	}
	for _, e := range [...]struct {
		err  error
		name string
	}{
		{ErrEmpty, "empty"},
		{ErrShort, "short"},
		{ErrOversized, "oversized"},
		{ErrType, "type"},
		{ErrOperation, "operation"},
		{ErrKind, "kind"},
		{ErrForm, "form"},
		{ErrSeq, "seq"},
		{ErrUser, "user"},
		{ErrPayload, "payload"},
	} {
		if errors.Is(err, e.err) {
			return e.name
		}
	}
	return "other"
}
