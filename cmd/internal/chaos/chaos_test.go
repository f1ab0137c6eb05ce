package chaos

import (
	"sync"
	"testing"
	"time"
)

// play lets two people live at the same time until both have what they want, and neither leaves before.
func play(t *testing.T, deadline time.Time, a, b *person, wantA, wantB func() bool) {
	t.Helper()
	var both sync.WaitGroup
	done := map[*person]chan struct{}{a: make(chan struct{}), b: make(chan struct{})}
	until := func(p, other *person, want func() bool) {
		reached := false
		err := p.live(deadline, func() bool {
			if !reached && want() {
				reached = true
				close(done[p])
			}
			return reached && isClosed(done[other])
		})
		if err != nil {
			t.Error(err)
		}
	}
	both.Go(func() { until(a, b, wantA) })
	both.Go(func() { until(b, a, wantB) })
	both.Wait()
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// part lets both end their input and hear the rest, the first one first.
func part(t *testing.T, deadline time.Time, wantStatus map[*person]int, all ...*person) {
	t.Helper()
	for _, p := range all {
		status, err := p.hangUp(deadline)
		switch {
		case err != nil:
			t.Error(err)
		case status != wantStatus[p]:
			t.Errorf("the client of %s ends with status %d, want %d", p.name, status, wantStatus[p])
		}
	}
}

// TestEverythingArrives: over a network that loses three datagrams of ten, doubles one of ten, delays all and lets some
// overtake others, all messages of both sides arrive once, in order, and are reported as delivered.
func TestEverythingArrives(t *testing.T) {
	ipA, ipB := hosts(t)
	t.Parallel()
	deadline := time.Now().Add(patience())
	a, b := startDaemon(t, ipA, 1, t.TempDir()), startDaemon(t, ipB, 2, t.TempDir())
	alice := attach(t, &ledger{name: "alice"}, a, ipB, true, *messages)
	bob := attach(t, &ledger{name: "bob"}, b, ipA, false, *messages)

	start := time.Now()
	play(t, deadline, alice, bob, alice.settled, bob.settled)
	t.Logf("%d messages each way took %s", *messages, time.Since(start).Round(time.Millisecond))
	if t.Failed() {
		return
	}
	part(t, deadline, nil, alice, bob)

	alice.wantHeard(t, bob.heard)
	bob.wantHeard(t, alice.heard)
	for _, p := range []*person{alice, bob} {
		if got := p.count(delivered); got != *messages || len(p.heard) != *messages {
			t.Errorf("%s; want all %d delivered, and as many heard", p.ledger, *messages)
		}
		if p.repeats == 0 {
			t.Errorf("%s never heard of a repeat: the network was not a bad one", p.name)
		}
	}
}

// TestDaemonIsKilled: one of the two daemons is killed in the middle, with messages under way in both directions, and started
// again. Its user comes back with a new client, invites again, and both go on. Nothing that anybody was told is delivered is
// missing; of everything else those whose daemon lived are told that it is not, and those whose daemon was killed know that
// nobody has answered.
func TestDaemonIsKilled(t *testing.T) {
	ipA, ipB := hosts(t)
	t.Parallel()
	deadline := time.Now().Add(patience())
	state := t.TempDir()
	a, b := startDaemon(t, ipA, 3, state), startDaemon(t, ipB, 4, t.TempDir())
	books := &ledger{name: "alice"}
	alice := attach(t, books, a, ipB, true, *messages)
	bob := attach(t, &ledger{name: "bob"}, b, ipA, false, *messages)

	var bobs sync.WaitGroup
	back := make(chan struct{}) // closed when alice has said everything, in her second life
	bobs.Go(func() {
		if err := bob.live(deadline, func() bool { return bob.settled() && isClosed(back) }); err != nil {
			t.Error(err)
		}
	})

	// The first life ends in the middle.
	if err := alice.live(deadline, func() bool { return books.count(delivered) >= *messages/2 }); err != nil {
		t.Error(err)
	}
	a.kill()
	if status, err := alice.leave(deadline); err != nil || status != 1 {
		t.Errorf("the client whose daemon was killed ends with status %d, %v; want 1, since it does not know what has become of everything", status, err)
	}
	lost := books.count(accepted) + books.count(unanswered)
	if lost == 0 {
		t.Error("nothing was under way when the daemon was killed: this was no test")
	}
	firstLife := len(books.said)

	a = startDaemon(t, ipA, 5, state)
	alice = attach(t, books, a, ipB, true, *messages)
	if err := alice.live(deadline, alice.settled); err != nil {
		t.Error(err)
	}
	close(back)
	bobs.Wait()
	if t.Failed() {
		return
	}
	part(t, deadline, map[*person]int{bob: 1}, alice, bob)
	t.Logf("%s\n%s", books, bob.ledger)

	books.wantHeard(t, bob.heard)
	bob.wantHeard(t, books.heard)
	for n, f := range books.said {
		if f != delivered && (n >= firstLife || f != accepted && f != unanswered) {
			t.Errorf("alice knows of her message %d that it is %s", n, f)
		}
	}
	for n, f := range bob.said {
		if f == unanswered || f == accepted {
			t.Errorf("bob was never told what has become of his message %d: it is %s", n, f)
		}
	}
	if bob.count(undelivered) == 0 || firstLife == len(books.said) {
		t.Errorf("%s; %d of alice's were said before her daemon was killed: this was no test", bob.ledger, firstLife)
	}
}
