package wireshark

import (
	"strings"

	"simp/codec"
)

// remark is what Wireshark calls expert information: something that it shows in colour, with its weight. Weights and
// groups are Wireshark's.
type remark struct{ name, weight, group, text string }

// What weighs how much. A deviation that belongs to a way of writing which is known to be somebody's is worth a note; one
// that no implementation was seen to make is a warning; what cannot be read is an error.
const (
	chatter = "CHAT"
	note    = "NOTE"
	warning = "WARN"
	failure = "ERROR"
)

const (
	protocol  = "PROTOCOL"
	malformed = "MALFORMED"
	sum       = "CHECKSUM"
	undecoded = "UNDECODED"
)

// ofNotes are the remarks on what the codec notes.
var ofNotes = [codec.NumNotes]remark{
	codec.LengthShort:          {"", warning, malformed, "Length is smaller than what is there"},
	codec.LengthLong:           {"", warning, malformed, "Length is larger than what is there"},
	codec.NoLength:             {"", note, protocol, "The Length field is left out (35 bytes)"},
	codec.SeqAbove1:            {"", warning, protocol, "Sequence is neither 0 nor 1"},
	codec.UserEmpty:            {"", warning, protocol, "There is no name in User"},
	codec.UserNotASCII:         {"", warning, protocol, "User has bytes that are not ASCII"},
	codec.UserControl:          {"", warning, protocol, "User has control characters"},
	codec.UserPaddedWithSpaces: {"", note, protocol, "User is padded with blanks instead of NUL"},
	codec.UserBlanks:           {"", warning, protocol, "The name in User begins or ends with blanks"},
	codec.UserAfterNUL:         {"", warning, protocol, "Something follows the NUL that ends the name in User"},
	codec.PayloadNotASCII:      {"", chatter, protocol, "The payload has bytes that are not ASCII (between native peers it is UTF-8)"},
	codec.PayloadControl:       {"", note, protocol, "The payload has control characters"},
	codec.Trailer:              {"", note, protocol, "Two bytes behind the payload are the right checksum of the rest"},
	codec.ExtraPayload:         {"", note, protocol, "A control datagram has a payload that means nothing"},
	codec.LeadingNUL:           {"", note, protocol, "A NUL stands in front of the message"},
	codec.FormFINERR:           {"", note, protocol, "Operation 09 is FIN and ERR together: it declines"},
	codec.FormFINACK:           {"", note, protocol, "Operation 0c is FIN and ACK together: it acknowledges a FIN"},
	codec.FormStub:             {"", note, protocol, "33 bytes that begin with 08: the user is busy"},
}

// remarks are all that can be remarked on datagrams between daemons.
func remarks() []remark {
	var all []remark
	for _, err := range codec.DecodeErrors() {
		_, text, _ := strings.Cut(err.Error(), "decode: ")
		all = append(all, remark{codec.ErrorName(err), failure, malformed, text})
	}
	for n, r := range ofNotes {
		r.name = codec.Note(n).String()
		all = append(all, r)
	}
	return append(all,
		remark{"wrong-trailer", warning, sum, "Two bytes behind the payload are not the checksum of the rest"},
		remark{"wrong-seal", warning, sum, "The last two bytes of the announcement are not the checksum of the rest"},
		cut,
	)
}

var cut = remark{"cut", warning, undecoded, "The capture has only a part of it"}

// clientRemarks are all that can be remarked on what clients and their daemon say.
func clientRemarks() []remark {
	return []remark{
		{"no-object", failure, malformed, "The line is no JSON object"},
		{"no-word", failure, malformed, "The line has neither op nor ev"},
		{"unknown-word", warning, protocol, "There is no such command or event"},
		{"long-line", warning, protocol, "The line is longer than a daemon reads"},
		{"unknown-protocol", note, undecoded, "A client protocol that is not known"},
		cut,
	}
}
