package sim

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"simp/codec/client"
	"simp/engine"
	"simp/engine/double"
)

// One of kind f leaves without our last message, and at its address each of the others runs in its place. It lives, whoever
// calls: a number above 1 goes to nobody who has not shown that it takes one.
func TestSuccessors(t *testing.T) {
	for _, kind := range double.Kinds() {
		for _, weCall := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, ours calls: %v", kind, weCall), func(t *testing.T) {
				w := New(goodNetwork, 1)
				ours := w.Add(hostAddr, "alice", engine.Defaults())
				delivered, unconfirmed := 0, 0
				ours.Hear = func(ev client.Event) {
					switch ev.(type) {
					case client.Delivered:
						delivered++
					case client.Unconfirmed:
						unconfirmed++
					}
				}
				var guest *Guest
				shown := 0
				starts := func(k double.Kind) {
					guest = w.Invite(double.New(k, guestAddr, rand.New(rand.NewPCG(1, 2))), "bob")
					guest.See = func(s double.Shown) {
						if s.What == double.Message {
							shown++
						}
					}
					guest.Act(func(d *double.Double, now time.Time) { d.Login(now, "bob") })
					w.Run(time.Second)
				}
				weSay := func(text string) {
					ours.Do(guestAddr, client.Chat{Peer: guestAddr, Text: text})
					w.Run(30 * time.Second)
				}
				meet := func(weCall bool) {
					if weCall {
						ours.Do(guestAddr, client.Invite{Peer: guestAddr})
						w.Run(time.Second)
						guest.Act((*double.Double).Accept)
					} else {
						guest.Act(func(d *double.Double, now time.Time) { d.Invite(now, hostAddr) })
						w.Run(time.Second)
						ours.Do(guestAddr, client.Accept{Peer: guestAddr})
					}
					w.Run(time.Second)
				}

				starts(double.F)
				meet(true)
				for i := range 4 {
					weSay(text("ours", i))
					guest.Act(func(d *double.Double, now time.Time) { d.Say(now, text("theirs", i)) })
					w.Run(time.Second)
				}
				if delivered != 4 || ours.Session(guestAddr) == nil {
					t.Fatalf("%d messages delivered to f, want 4", delivered)
				}
				w.Invite(double.New(double.F, guestAddr, nil), "bob") // nobody is logged in there, so nothing is acknowledged
				weSay("into the void")
				ours.Do(guestAddr, client.Leave{Peer: guestAddr, Now: true})
				w.Run(20 * time.Minute)

				shown, delivered, unconfirmed = 0, 0, 0
				starts(kind)
				meet(weCall)
				weSay("hello")
				w.Run(5 * time.Minute)
				if dead := guest.Dead(); dead != "" {
					t.Errorf("it dies: %s", dead)
				}
				if delivered+unconfirmed != 1 {
					t.Errorf("our user hears %d times that its message is delivered, %d times that it is not confirmed", delivered, unconfirmed)
				}
				if delivered > shown && kind != double.B { // shows nothing to its user
					t.Errorf("our user hears that %d messages are delivered, of which %d are shown", delivered, shown)
				}
			})
		}
	}
}
