package codec

import (
	"bytes"
	"encoding/binary"
)

// Announcement is the first word of an announcement that this version of the
// protocol makes and understands. Further words may follow it.
const Announcement = announcementPrefix + "1"

const (
	announcementPrefix = "simp/"

	// minLastWord is the last word of an announcement at its shortest: a filler
	// of two bytes and the seal.
	minLastWord = 2 + trailerLen

	// maxSealed is the most that appendSeal appends: a blank, a filler of four
	// bytes, the seal.
	maxSealed = 1 + 4 + trailerLen
)

// IsNative reports whether d announces a peer that speaks this version. A sealed
// FIN always does: one of another version is not opened, see takeWords.
func IsNative(d Datagram) bool {
	return d.Announced && (d.Kind == FIN || string(firstWord(d.Payload)) == Announcement)
}

// canAnnounce reports whether a datagram like d can carry an announcement: those
// that may be the first that a peer ever has of us. A FIN is one of them, since
// it may withdraw an invitation that was lost on its way, or be the answer to a
// peer that had a conversation with whoever was at our address before.
func (d *Datagram) canAnnounce() bool {
	switch d.Kind {
	case SYN, SYNACK:
		return true
	case FIN:
		return d.Form == Usual
	case ACK, ERR, CHAT, Invalid:
	}
	return false
}

// takeWords makes d the datagram that announces with words. The words of a FIN
// are those of one without a seal, with the announcement in front: it is taken
// off, so that whoever asks for reason and token need not know which of the two
// it is. Another version's words may mean anything; such a FIN stays as it came.
func (d *Datagram) takeWords(words []byte) {
	if d.Kind == FIN {
		if string(firstWord(words)) != Announcement {
			return
		}
		words = afterWord(words)
	}
	d.Payload, d.Announced = words, true
}

// announcedLen is how much an announcement adds to the payload of d at most.
func (d *Datagram) announcedLen() int {
	switch {
	case !d.Announced:
		return 0
	case d.Kind == FIN:
		return len(Announcement) + 1 + maxSealed
	}
	return maxSealed
}

// appendWords appends what the seal of d ends: the reverse of takeWords.
func appendWords(dst []byte, d *Datagram) []byte {
	if d.Kind == FIN {
		dst = append(dst, Announcement...)
		if len(d.Payload) > 0 {
			dst = append(dst, ' ')
		}
	}
	return append(dst, d.Payload...)
}

func isAnnouncement(payload []byte) bool {
	return bytes.HasPrefix(payload, []byte(announcementPrefix))
}

// openAnnouncement returns the words of the announcement in the datagram b,
// which ends with its payload, or false if there is none.
func openAnnouncement(b []byte) (words []byte, ok bool) {
	payload := b[offPayload:]
	if !isAnnouncement(payload) {
		return nil, false
	}
	blank := bytes.LastIndexByte(payload, ' ')
	if blank < 0 {
		return nil, false
	}
	last := payload[blank+1:]
	if len(last) < minLastWord {
		return nil, false
	}
	for _, c := range last {
		if !graphic(c) {
			return nil, false
		}
	}
	sealAt := len(b) - trailerLen
	if Checksum(b[:sealAt]) != [trailerLen]byte(b[sealAt:]) {
		return nil, false
	}
	return payload[:blank:blank], true
}

// appendSeal turns the datagram dst[start:], which ends with the words of an
// announcement, into a sealed one: blank, filler and seal are appended, and
// Length is set to count them.
//
// Each byte of the checksum can be moved by one byte of the filler, and only by
// 94 of 256 values. For many names ("alice" is one) no filler of two bytes makes
// both bytes of the seal graphic. Two bytes more in front, each the least or the
// greatest graphic byte, move the sum far enough in all of those cases.
func appendSeal(dst []byte, start int) []byte {
	dst = append(dst, ' ')
	end := len(dst)
	for _, front := range [...]string{"", "~~", "~!", "!~"} {
		dst = append(dst[:end], front...)
		length := len(dst) - start - HeaderLen + minLastWord
		binary.BigEndian.PutUint32(dst[start+offLength:], uint32(length))
		if word, ok := findSeal(sum(dst[start:]), len(dst)-start); ok {
			return append(dst, word[:]...)
		}
	}
	panic("codec: no filler gives a graphic seal") // excluded by TestSealExistsForEverySum
}

// findSeal looks for a filler of two bytes at offset at behind a datagram whose
// bytes add up to before, such that both bytes of the seal are graphic. The
// search is deterministic: the same datagram is encoded in the same way always,
// and its retransmission is the same datagram.
//
// It settles one byte of the seal after the other instead of trying all pairs,
// since the second byte of the filler reaches the first one's byte of the seal
// by a carry at most. The few solutions that this overlooks are not needed.
func findSeal(before uint64, at int) (word [minLastWord]byte, ok bool) {
	for i := range graphics {
		first := nthGraphic(i)
		withFirst := before + weight(first, at)
		// The seal is written big endian: an even offset moves its last byte.
		if !graphic(complement(withFirst)[1-at&1]) {
			continue
		}
		for j := range graphics {
			second := nthGraphic(j)
			seal := complement(withFirst + weight(second, at+1))
			if graphic(seal[0]) && graphic(seal[1]) {
				return [...]byte{first, second, seal[0], seal[1]}, true
			}
		}
		return word, false
	}
	return word, false
}

// graphics is how many graphic characters ASCII has: '!' to '~'.
const graphics = int('~'-'!') + 1

func graphic(c byte) bool { return '!' <= c && c <= '~' }

// nthGraphic counts the graphic characters round from 'A', since letters look
// least like an accident to somebody who is shown the payload as text.
func nthGraphic(n int) byte {
	return byte('!' + (n+'A'-'!')%graphics)
}
