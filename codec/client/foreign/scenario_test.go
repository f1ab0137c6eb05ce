package foreign

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scenarios are played to a dialogue and the double of its daemon. Behind ">"
// stands what the person has been told by then.
var scenarios = []struct {
	name string
	kind Kind
	play string
	free bool // in the end the daemon takes another client
}{
	{"log in and go", A, `
		ping
		connect alice
		+50ms
		> pong
		> connected
		> note
		quit
		+2s`, true},
	{"gone before the menu was answered, or a name given", A, `
		+50ms
		quit
		+2s`, true},
	{"accepted when we are about to go", A, `
		connect alice
		invite 2
		+100ms
		> connected
		> note
		> inviting 2 try 1
		cancel 2
		quit
		+500ms
		peer 2 SYN+ACK
		> closed 2 cancelled
		> note
		+1s`, true},
	{"gone before the invitation went out", A, `
		peer 2 accepts
		connect alice
		invite 2
		status
		+27ms
		quit
		+2s
		> connected
		> note`, true},
	{"not connected", A, `
		+50ms
		invite 2
		chat x
		status
		> error invite not-connected
		> error chat not-connected
		> error status not-connected
		connect alice
		connect bob
		+50ms
		> connected
		> note
		> error connect already-connected`, false},
	{"invite, chat, leave, and once more on the same daemon", A, `
		peer 2 accepts
		connect alice
		invite 2
		+100ms
		> connected
		> note
		> inviting 2 try 1
		> established 2
		chat one
		chat zwei ü
		status
		> sent 1
		> unconfirmed 1
		> sent 2 as zwei ue
		> status 2 established 1
		+100ms
		> unconfirmed 2
		peer 2 chat hi
		peer 2 chat there
		+20ms
		> message 2 1 hi
		> message 2 2 there
		leave
		status
		chat late
		leave
		invite 2
		invite 3
		> status 2 fin-wait 0
		> error chat closing
		> error leave closing
		> error invite closing
		> error invite busy
		+2s
		> closed 2 left
		invite 2
		+3s
		> inviting 2 try 1
		> established 2
		quit
		+2s
		> closed 2 left`, true},
	{"the goodbye waits until every message has gone", A, `
		peer 2 accepts
		connect alice
		invite 2
		+100ms
		> connected
		> note
		> inviting 2 try 1
		> established 2
		chat 1
		chat 2
		chat 3
		leave
		> sent 1
		> unconfirmed 1
		> sent 2
		> sent 3
		+2s
		> unconfirmed 2
		> unconfirmed 3
		> closed 2 left
		quit
		+1s`, true},
	{"a partner who acknowledges slowly gets everything before the goodbye", A, `
		peer 2 accepts, and acknowledges slowly
		connect alice
		invite 2
		+100ms
		> connected
		> note
		> inviting 2 try 1
		> established 2
		chat 1
		chat 2
		leave
		+3s
		> sent 1
		> unconfirmed 1
		> sent 2
		> unconfirmed 2
		> closed 2 left
		quit
		+1s`, true},
	{"invited again at once", A, `
		peer 2 accepts
		connect alice
		invite 2
		+100ms
		> connected
		> note
		> inviting 2 try 1
		> established 2
		leave
		+25ms
		> closed 2 left
		invite 2
		+1s
		> inviting 2 try 1
		> established 2
		quit
		+2s
		> closed 2 left`, true},
	{"leaving at once", A, `
		peer 2 accepts
		connect alice
		invite 2
		+100ms
		> connected
		> note
		> inviting 2 try 1
		> established 2
		chat 1
		chat 2
		leave now
		> sent 1
		> unconfirmed 1
		> sent 2
		+2s
		> closed 2 left undelivered 2
		quit
		+1s`, true},
	{"they leave", A, `
		peer 2 accepts
		connect alice
		invite 2
		+100ms
		> connected
		> note
		> inviting 2 try 1
		> established 2
		peer 2 FIN
		+100ms
		> closed 2 left
		> note
		+10s
		quit
		+1s`, true},
	{"invited by us after they have left", A, `
		peer 2 accepts
		connect alice
		invite 2
		+100ms
		> connected
		> note
		> inviting 2 try 1
		> established 2
		peer 2 FIN
		+100ms
		> closed 2 left
		> note
		+10s
		invite 2
		+1s
		> inviting 2 try 1
		> established 2
		quit
		+2s
		> closed 2 left`, true},
	{"they do not say goodbye", A, `
		peer 2 accepts, and acknowledges no goodbye
		connect alice
		invite 2
		+100ms
		> connected
		> note
		> inviting 2 try 1
		> established 2
		leave
		+11s
		> closed 2 left
		> note
		> ended`, false},
	{"invited while waiting", A, `
		connect alice
		+2s
		> connected
		> note
		peer 2 SYN
		+20ms
		> invitation 2 peer
		invite 3
		accept 3
		status
		> error invite unsupported
		> error accept no-invitation
		> status 2 pending
		accept 2
		accept 2
		status
		> error accept connecting
		> status 2 syn-received 0
		+50ms
		> established 2
		leave
		+2s
		> closed 2 left
		quit
		+1s`, true},
	{"invited at the menu, and before the login", A, `
		peer 2 SYN
		connect alice
		+50ms
		> connected (2 peer)
		> note
		decline 2
		+50ms
		> closed 2 declined
		peer 3 SYN
		+50ms
		> invitation 3 peer
		accept 3
		+50ms
		> established 3
		quit
		+2s
		> closed 3 left`, true},
	{"after waiting the menu can be had again", A, `
		peer 2 accepts
		connect alice
		+5s
		> connected
		> note
		invite 2
		+100ms
		> inviting 2 try 1
		> established 2
		quit
		+2s
		> closed 2 left`, true},
	{"declined, busy, and reachable again", A, `
		peer 2 declines
		peer 3 busy
		connect alice
		invite 2
		+100ms
		> connected
		> note
		> inviting 2 try 1
		> closed 2 declined
		+3s
		invite 3
		+100ms
		> inviting 3 try 1
		> closed 3 busy
		+3s
		peer 2 SYN
		+50ms
		> invitation 2 peer
		quit
		> closed 2 declined
		+2s`, true},
	{"no answer, and given up", A, `
		connect alice
		invite 2
		+31s
		> connected
		> note
		> inviting 2 try 1
		> unanswered 2 30s
		invite 2
		invite 3
		+100ms
		> error invite unsupported
		> error invite unsupported
		status
		cancel 3
		cancel 2
		> status 2 syn-sent 0
		> error cancel not-inviting
		> closed 2 cancelled
		> note
		invite 3
		invite 2
		> error invite unsupported
		> error invite unsupported
		peer 3 SYN
		+50ms
		> invitation 3 peer
		decline 3
		+1s
		> closed 3 declined
		quit
		+2s`, false},
	{"accepted after it was withdrawn", A, `
		connect alice
		invite 2
		+100ms
		cancel 2
		> connected
		> note
		> inviting 2 try 1
		> closed 2 cancelled
		> note
		peer 2 SYN+ACK
		+3s
		peer 2 accepts
		invite 2
		+100ms
		> inviting 2 try 1
		> established 2`, false},
	{"both invite each other", A, `
		connect alice
		invite 2
		+50ms
		> connected
		> note
		> inviting 2 try 1
		peer 2 SYN
		+100ms
		> established 2`, false},
	{"somebody else invites meanwhile, and is accepted", A, `
		connect alice
		invite 2
		+50ms
		> connected
		> note
		> inviting 2 try 1
		peer 3 SYN
		+20ms
		> invitation 3 peer
		accept 3
		+50ms
		> closed 2 cancelled
		> established 3`, false},
	{"what a's daemon cannot do", A, `
		connect alice
		+50ms
		> connected
		> note
		invite 1
		chat x
		leave
		decline 2
		cancel 2
		> error invite self
		> error chat no-chat
		> error leave no-chat
		> error decline no-invitation
		> error cancel not-inviting`, false},

	{"log in and go", B, `
		ping
		connect alice
		+50ms
		> pong
		> connected
		> note
		+3s
		> note
		quit
		+1s`, true},
	{"gone without a name", B, `
		+50ms
		quit
		+1s`, true},
	{"invite, write, leave, and the same once more", B, `
		peer 2 accepts
		connect alice
		invite 2
		+100ms
		> connected
		> note
		> inviting 2 try 1
		> established 2
		chat one
		chat a|ü
		chat three
		leave
		status
		> sent 1
		> sent 2 as a/ue
		> sent 3
		> status 2 fin-wait 3
		+900ms
		> unconfirmed 1
		> unconfirmed 2
		> unconfirmed 3
		+200ms
		> note
		> closed 2 left
		invite 3
		> error invite unsupported
		invite 2
		+100ms
		> inviting 2 try 1
		> established 2
		quit
		+900ms
		+100ms
		> note
		> closed 2 left`, true},
	{"quit while the answer to the second invitation is on its way", B, `
		peer 2 accepts
		connect alice
		invite 2
		+100ms
		leave
		+3s
		> connected
		> note
		> inviting 2 try 1
		> established 2
		> note
		> closed 2 left
		peer 2
		invite 2
		+100ms
		quit
		+100ms
		> inviting 2 try 1
		> established 2
		peer 2 SYN+ACK
		+2s
		> note
		> closed 2 left`, true},
	{"waiting has no way back", B, `
		connect alice
		+21s
		> connected
		> note
		> note
		> note
		invite 2
		> error invite unsupported
		peer 2 SYN
		peer 2 SYN+ACK
		+50ms
		> invitation somebody peer
		> note
		status
		> status somebody pending
		quit
		+1s
		> note
		> closed somebody left`, true},
	{"gone while waiting: the daemon is free once somebody has come", B, `
		connect alice
		+21s
		> connected
		> note
		> note
		> note
		quit
		> ended
		+1s
		peer 2 SYN+ACK
		+100ms`, true},
	{"declined by us", B, `
		connect alice
		+21s
		> connected
		> note
		> note
		> note
		peer 2 SYN+ACK
		+50ms
		> invitation somebody peer
		> note
		decline 2
		> error decline no-invitation`, false},
	{"pending invitations", B, `
		peer 2 SYN
		peer 3 SYN
		connect alice
		+50ms
		> connected (2 peer) (3 peer)
		> note
		invite 4
		decline 3
		accept 2
		+50ms
		> error invite unsupported
		> closed 3 declined
		> established 2
		chat x
		+50ms
		> sent 1
		> unconfirmed 1
		quit
		+1s
		> note
		> closed 2 left`, true},
	{"an invitation that cannot be chosen", B, `
		peer 2 SYN as a|b
		peer 3 SYN as no
		connect alice
		+50ms
		> connected (2 a|b) (3 no)
		> note
		accept 2
		invite 3
		+50ms
		> error accept unsupported
		> error invite unsupported
		decline 2
		decline 3
		+50ms
		> closed 2 declined
		> closed 3 declined
		quit
		+1s`, true},
	{"none of the pending invitations", B, `
		peer 2 SYN
		connect alice
		+50ms
		> connected (2 peer)
		> note
		decline 2
		+50ms
		> closed 2 declined
		quit
		+1s`, true},
	{"no answer", B, `
		connect alice
		invite 2
		+31s
		> connected
		> note
		> inviting 2 try 1
		> unanswered 2 30s
		invite 3
		cancel 3
		cancel 2
		invite 3
		> error invite unsupported
		> error cancel not-inviting
		> closed 2 cancelled
		> note
		> error invite unsupported
		peer 2 SYN+ACK
		+1100ms
		invite 3
		> error invite unsupported`, true},
}

func TestScenarios(t *testing.T) {
	for _, test := range scenarios {
		t.Run(string(test.kind)+" "+test.name, func(t *testing.T) {
			s := newStage(t, test.kind)
			var got, want []string
			told := false
			for _, line := range strings.Split(strings.TrimSpace(test.play), "\n") {
				line = strings.TrimSpace(line)
				expected, is := strings.CutPrefix(line, "> ")
				if is != told {
					// Acts and expectations take turns.
					if told = is; told {
						got = append(got, short(s.take())...)
					} else {
						got, want = append(got, "-"), append(want, "-")
					}
				}
				if is {
					want = append(want, expected)
				} else {
					s.say(line)
				}
			}
			got = append(got, short(s.take())...)
			if want = drop(want, "ended"); len(want) < strings.Count(test.play, "> ") && !s.ended {
				t.Error("the dialogue has not ended")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the person is told (-want +got):\n%s", diff)
			}
			if len(s.harm) > 0 {
				t.Errorf("the daemon is harmed: %s", s.harm)
			}
			if strings.Contains(test.play, "quit") && !s.ended {
				t.Error("it has not ended")
			}
			if s.double.Free() != test.free {
				t.Errorf("the daemon takes another client: %t, want %t (%+v)", s.double.Free(), test.free, s.double)
			}
		})
	}
}

func drop(all []string, which string) []string {
	var kept []string
	for _, s := range all {
		if s != which {
			kept = append(kept, s)
		}
	}
	return kept
}
