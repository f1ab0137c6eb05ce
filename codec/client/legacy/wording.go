package legacy

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"simp/codec/client"
	"simp/codec/text"
)

// who names somebody in a sentence.
func (c *conversation) who() string {
	if c.user == "" {
		return "the user at " + client.FormatPeer(c.peer)
	}
	return c.user
}

// ending is the sentence by which the user hears how a conversation ended. These clients show it as it is.
func (c *conversation) ending() string {
	if c.refusal != "" {
		return c.refusal
	}
	s := upper(c.who())
	switch c.reason {
	case client.CloseLeft: // as B's own daemon says it
		s += " left the chat"
	case client.CloseDeclined:
		s += " declined your invitation."
	case client.CloseBusy:
		s += " is busy in another chat. Try again later."
	case client.CloseCancelled:
		s += " does not ask for a chat any more."
	case client.CloseUnreachable:
		s += " does not answer. Check the address, and whether a daemon runs there."
	case client.CloseRestarted:
		s += " lost the chat and began anew."
	case client.CloseRefused:
		s += " refused your invitation."
	case client.CloseShutdown:
		return "The chat ended because a daemon was stopped."
	default:
		s += " ended the chat."
	}
	if c.detail != "" && c.reason == client.CloseRefused {
		s += " It says: " + c.detail
	}
	return s
}

// losses is the sentence about messages that did not arrive, "" if all did.
func losses(lost []client.Undelivered) string {
	if len(lost) == 0 {
		return ""
	}
	texts := make([]string, 0, len(lost))
	for _, m := range lost {
		texts = append(texts, m.Text)
	}
	return "Not delivered: " + strings.Join(texts, " / ")
}

// unconfirmed is the sentence about a message of which nobody knows whether it arrived.
func unconfirmed(e client.Unconfirmed) string {
	return fmt.Sprintf("your message %d was sent %d times and never confirmed, so it may not have arrived", e.N, e.Tries)
}

func repeated(e client.Repeated) string {
	return "the last message came again, as a copy or written twice: " + e.Text
}

// aside is a line of the daemon's own where a protocol has place only for what the partner says. It is used where the
// user would otherwise lose a message without hearing of it, or the protocol would stand still.
func aside(s string) string { return "[daemon: " + s + "]" }

func upper(s string) string {
	if rest, is := strings.CutPrefix(s, "the user at "); is {
		return "The user at " + rest
	}
	return s
}

// peer reads the address that a user typed.
func peer(typed string) (netip.AddrPort, error) { return client.ParsePeer(strings.TrimSpace(typed)) }

// message makes a text that a client sent one that the daemon takes. Whatever these clients' terminals let through, a
// message is not lost for a byte in it.
func message(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// plain makes a text one that B and C can read: ASCII, and without the character at which they end a field. What they
// could not show is written as it is elsewhere in such texts: <U+007C>.
func plain(s string) string {
	ascii, _ := text.Transliterate(s)
	return strings.ReplaceAll(ascii, "|", "<U+007C>")
}

// line is plain on one line, for names and sentences.
func line(s string) string { return strings.ReplaceAll(plain(s), "\n", " ") }

// cut splits a text into pieces of at most limit bytes, behind a blank where there is one in the second half of a
// piece, else between two characters. Joined they are the text.
func cut(s string, limit int) []string {
	var pieces []string
	for len(s) > limit {
		at := limit
		for at > 0 && !utf8.RuneStart(s[at]) {
			at--
		}
		if at == 0 {
			at = limit // not UTF-8
		}
		if blank := strings.LastIndexByte(s[:at], ' '); blank >= at/2 {
			at = blank + 1
		}
		pieces, s = append(pieces, s[:at]), s[at:]
	}
	return append(pieces, s)
}
