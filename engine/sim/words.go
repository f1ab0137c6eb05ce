package sim

import (
	"fmt"

	"simp/codec/client"
	"simp/engine/double"
)

// What users do and see, in words.

// deed is what is done, without when and by whom.
func (a *Act) deed() string {
	switch a.Verb {
	case Says:
		return fmt.Sprintf("says to %s: %s", a.Whom, a.Text)
	case Crashes, Detaches, Attaches:
		return string(a.Verb)
	case Fires:
		return fmt.Sprintf("fires %s %s", a.Whom, a.Timer)
	case Partition:
		return fmt.Sprintf("is cut off from %s for %s", a.Whom, formatTime(a.For))
	case Forge:
		return fmt.Sprintf("gets what somebody sends in the name of %s: %s", a.Who, summary(a.Bytes))
	case Invites, Cancels, Accepts, Declines, Leaves, LeavesNow:
	}
	return fmt.Sprintf("%s %s", a.Verb, a.Whom)
}

// wording says what a user of ours is told; "" for what is no news to them.
func (s *stage) wording(ev client.Event) string {
	switch ev := ev.(type) {
	case client.Inviting:
		if ev.Tries > 1 {
			return fmt.Sprintf("invites %s, copy %d", s.nameOf(ev.Peer), ev.Tries)
		}
		return ""
	case client.Unanswered:
		return fmt.Sprintf("%s has not answered for %d s", s.nameOf(ev.Peer), ev.Seconds)
	case client.Invitation:
		return fmt.Sprintf("%s invites", s.nameOf(ev.Peer))
	case client.Withdrawn:
		return fmt.Sprintf("the invitation of %s is gone (%s)", s.nameOf(ev.Peer), ev.Reason)
	case client.Established:
		return fmt.Sprintf("in a chat with %s", s.nameOf(ev.Peer))
	case client.Recognised:
		return fmt.Sprintf("%s is of kind %s", s.nameOf(ev.Peer), ev.Dialect)
	case client.Message:
		return fmt.Sprintf("%s: %s", s.nameOf(ev.Peer), visible(ev.Text))
	case client.Sent:
		if ev.As != "" {
			return fmt.Sprintf("%s will read: %s", s.nameOf(ev.Peer), ev.As)
		}
		return ""
	case client.Retrying:
		return fmt.Sprintf("%s to %s, copy %d", ev.What, s.nameOf(ev.Peer), ev.Tries)
	case client.Delivered:
		return fmt.Sprintf("message %d to %s is delivered", ev.N, s.nameOf(ev.Peer))
	case client.Unconfirmed:
		return fmt.Sprintf("message %d to %s was sent %d times, and may have arrived", ev.N, s.nameOf(ev.Peer), ev.Tries)
	case client.Closed:
		line := fmt.Sprintf("the chat with %s is over (%s)", s.nameOf(ev.Peer), ev.Reason)
		for i, u := range ev.Undelivered {
			if i == 0 {
				line += ", undelivered:"
			} else {
				line += ","
			}
			line += " " + visible(u.Text)
		}
		return line
	case client.Error:
		return fmt.Sprintf("is refused: %s", ev.Reason)
	}
	return ev.Name()
}

// guestWording says what a user of another make is shown.
func (s *stage) guestWording(shown double.Shown) string {
	line := shown.What.String()
	if shown.Peer.IsValid() {
		line += " (" + s.nameOf(shown.Peer) + ")"
	}
	if shown.Text != "" {
		line += ": " + visible(shown.Text)
	}
	return line
}

// visible is a text without what would spoil a line.
func visible(text string) string {
	for _, r := range text {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return fmt.Sprintf("%q", text)
		}
	}
	return text
}
