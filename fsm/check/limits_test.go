package check

import (
	"slices"
	"testing"

	"simp/fsm"
)

// A search that cannot find anything proves nothing: without the rule it has to find the acknowledgement hole (§4.9), in the
// nine moves that lead into it.
func TestFindsTheAcknowledgementHole(t *testing.T) {
	c, _ := Named("legacy")
	rules := slices.DeleteFunc(fsm.Rules(), func(r fsm.Rule) bool { return r.Name == "late-handshake-ack" })
	c.Next = fsm.NewTable(rules).Next
	wantStory(t, c, NotDelivered, 9)
}

// §4.15 has a price: a peer that counts as the specification says, and whose ACKs of three copies are lost or late, takes the
// copy with the other number for a new message. Nothing less leads there: without three unanswered copies there is no such
// copy. The shortest story loses no ACK; the peer is only slower than three of our timers.
func TestFindsWhatTheOtherNumberCosts(t *testing.T) {
	c, _ := Named("legacy")
	c.Messages = [2]uint8{1, 0}
	c.Policy.TriesOther = true
	wantStory(t, c, ShownTwice, 14)
}

// What cannot be kept between peers that do not announce themselves: their datagrams say neither to which chat they belong
// nor which message they are, and their ACKs not what of. On a network that repeats, or with one chat behind the other, that is
// enough to deceive both. Each entry is the shortest way there.
func TestLimitsOfLegacyPeers(t *testing.T) {
	for name, l := range map[string]struct {
		change   func(*Case)
		violates Property
		moves    int
	}{
		"a repeated ACK of the handshake": {func(c *Case) { c.Network = Duplicating }, NotDelivered, 7},
		"a message that comes again":      {func(c *Case) { c.Network, c.Messages = Reordering, [2]uint8{2, 0} }, ShownTwice, 13},
		"two messages that were given up": {func(c *Case) { c.Messages, c.Without = [2]uint8{3, 0}, []fsm.Input{fsm.Leave, fsm.LeaveNow} }, NotDelivered, 16},
		"a goodbye that is never heard":   {func(c *Case) { c.Messages = [2]uint8{2, 0} }, Restless, 23},
		"one chat behind the other":       {func(c *Case) { c.Invites, c.Messages = [2]uint8{2, 0}, [2]uint8{1, 0} }, NotDelivered, 9},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := Named("legacy")
			l.change(&c)
			wantStory(t, c, l.violates, l.moves)
		})
	}
}

func wantStory(t *testing.T, c Case, violates Property, moves int) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	c.Limit = 3_000_000
	r := Search(c)
	if r.Story == nil {
		t.Fatalf("nothing is violated in %d states, want %s", r.States, violates)
	}
	t.Logf("after %d states\n%s", r.States, r.Story)
	if got := len(r.Story.Steps) + len(r.Story.Calm); r.Story.Property != violates || got != moves {
		t.Errorf("%s in %d moves, want %s in %d", r.Story.Property, got, violates, moves)
	}
}

// Within the bounds no name of the past is forgotten, so keys need not say in which order they would be.
func TestNames_NoneIsForgotten(t *testing.T) {
	for _, c := range Cases() {
		// Each conversation leaves one name, and there are no more than invitations.
		if conversations := int(c.Invites[0] + c.Invites[1]); conversations > len(fsm.Names[name]{}.Past) {
			t.Errorf("%s: %d conversations", c.Name, conversations)
		}
		if c.Room > 3 || max(c.Messages[0], c.Messages[1]) > 3 || max(c.Crashes[0], c.Crashes[1]) > 1 {
			t.Errorf("%s: more than a key can tell apart", c.Name)
		}
	}
}
