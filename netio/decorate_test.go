package netio

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// faultyPair is two Conns of a perfect network, of which the first sends with
// faults.
func faultyPair(t *testing.T, f Faults, opts ...FaultOption) (faulty, plain Conn) {
	t.Helper()
	m := NewMemory(Faults{}, 1)
	faulty = WithFaults(listenMemory(t, m, "10.0.0.1:7777"), f, 42, opts...)
	return closing(t, faulty), listenMemory(t, m, "10.0.0.2:7777")
}

func TestDecorators_NothingToDoCostsNothing(t *testing.T) {
	c := listenMemory(t, NewMemory(Faults{}, 1), "10.0.0.1:7777")
	for name, got := range map[string]Conn{
		"WithFaults": WithFaults(c, Faults{}, 1, CountFaults(new(FaultCounters))),
		"WithFilter": WithFilter(c, nil),
		"WithTap":    WithTap(c, nil),
	} {
		if got != c {
			t.Errorf("%s returned a %T", name, got)
		}
	}
}

func TestWithFaults_ActsOnSendingOnly(t *testing.T) {
	a, b := faultyPair(t, Faults{Drop: 1})
	send(t, a, "lost", b.LocalAddr())
	send(t, b, "arrives", a.LocalAddr())
	if got := receive(t, a).Text; got != "arrives" {
		t.Errorf("received %q", got)
	}
	if got := drain(t, b); got != nil {
		t.Errorf("received %q through a link that loses everything", got)
	}
}

// The decorator and the in-memory network decide alike.
func TestWithFaults_SameFatesAsMemory(t *testing.T) {
	f := Faults{Drop: 0.3, Duplicate: 0.3, Reorder: 0.3, MinDelay: time.Millisecond, MaxDelay: 50 * time.Millisecond}
	run := func(pair func(t *testing.T) (a, b Conn)) (arrived []string) {
		synctest.Test(t, func(t *testing.T) {
			a, b := pair(t)
			for _, text := range numbers(100) {
				send(t, a, text, b.LocalAddr())
				time.Sleep(5 * time.Millisecond)
			}
			time.Sleep(time.Second)
			arrived = drain(t, b)
		})
		return arrived
	}
	decorated := run(func(t *testing.T) (Conn, Conn) { return faultyPair(t, f) })
	network := run(func(t *testing.T) (Conn, Conn) {
		m := NewMemory(f, 42)
		return listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
	})
	if len(decorated) == 0 {
		t.Fatal("nothing arrived")
	}
	if diff := cmp.Diff(network, decorated); diff != "" {
		t.Errorf("arrived (-network +decorator):\n%s", diff)
	}
}

func TestWithFaults_Delay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := faultyPair(t, Faults{MinDelay: time.Second, MaxDelay: time.Second})
		start := time.Now()
		buf := make([]byte, 4)
		for i := range 10 { // all due at the same instant, from one buffer
			n := copy(buf, strconv.Itoa(i))
			if err := a.WriteTo(buf[:n], b.LocalAddr()); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range numbers(10) {
			if got := receive(t, b).Text; got != want {
				t.Errorf("received %s, want %s", got, want)
			}
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v, want 1s", took)
		}
	})
}

// As TestMemory_OrderSurvivesLateTimer.
func TestWithFaults_OrderSurvivesLateTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := faultyPair(t, Faults{MinDelay: time.Second, MaxDelay: time.Second})
		faulty, ok := a.(*faultConn)
		if !ok {
			t.Fatalf("WithFaults returned a %T", a)
		}
		send(t, a, "0", b.LocalAddr())
		faulty.line.stop()
		faulty.links[b.LocalAddr()].SetFaults(Faults{})
		time.Sleep(2 * time.Second)
		send(t, a, "1", b.LocalAddr())
		if diff := cmp.Diff(numbers(2), drain(t, b)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	})
}

func TestWithFaults_EveryDatagramIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var counters FaultCounters
		f := Faults{Drop: 0.2, Duplicate: 0.2, Reorder: 0.2, MinDelay: time.Millisecond, MaxDelay: 20 * time.Millisecond}
		a, b := faultyPair(t, f, CountFaults(&counters))
		const n = 150
		for range n {
			send(t, a, "x", b.LocalAddr())
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		passed := uint64(len(drain(t, b)))
		if got := counters.Passed.Load(); got != passed {
			t.Errorf("%d counted as passed, %d arrived", got, passed)
		}
		lost, doubled := counters.Lost.Load(), counters.Duplicated.Load()
		if lost == 0 || doubled == 0 {
			t.Errorf("%d lost, %d doubled, want some of each", lost, doubled)
		}
		if n+doubled != passed+lost || counters.Sent.Load() != n {
			t.Errorf("%d sent, %d doubled, but %d passed and %d lost", counters.Sent.Load(), doubled, passed, lost)
		}
	})
}

func TestWithFaults_CloseAbandonsWhatIsHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var counters FaultCounters
		a, b := faultyPair(t, Faults{MinDelay: time.Second, MaxDelay: time.Second}, CountFaults(&counters))
		send(t, a, "1", b.LocalAddr())
		send(t, a, "2", b.LocalAddr())
		if err := a.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		time.Sleep(2 * time.Second)
		if got := drain(t, b); got != nil {
			t.Errorf("%q left after Close", got)
		}
		if got := counters.Abandoned.Load(); got != 2 {
			t.Errorf("%d counted as abandoned, want 2", got)
		}
	})
}

func TestWithFaults_HoldsBackOnlySoMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var counters FaultCounters
		a, b := faultyPair(t, Faults{MinDelay: time.Second, MaxDelay: time.Second}, CountFaults(&counters))
		for range maxDelayed + 5 {
			send(t, a, "x", b.LocalAddr())
		}
		if got := counters.Overflowed.Load(); got != 5 {
			t.Errorf("%d counted as overflowed, want 5", got)
		}
	})
}

// failingConn refuses to send.
type failingConn struct{ Conn }

var errNoRoute = errors.New("no route")

func (failingConn) WriteTo([]byte, netip.AddrPort) error { return errNoRoute }

func TestWithFaults_ErrorsOfTheConnBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := addrPort("10.0.0.2:7777")
		var counters FaultCounters
		below := failingConn{listenMemory(t, NewMemory(Faults{}, 1), "10.0.0.1:7777")}
		atOnce := WithFaults(below, harmless(), 1, CountFaults(&counters))
		if err := atOnce.WriteTo([]byte("x"), to); !errors.Is(err, errNoRoute) {
			t.Errorf("sending at once: %v, want the error of the Conn below", err)
		}
		later := WithFaults(below, Faults{MinDelay: time.Second, MaxDelay: time.Second}, 1, CountFaults(&counters))
		if err := later.WriteTo([]byte("x"), to); err != nil {
			t.Errorf("sending later: %v, want nil", err)
		}
		time.Sleep(2 * time.Second)
		if got := counters.Failed.Load(); got != 2 {
			t.Errorf("%d counted as failed, want 2", got)
		}
	})
}

// Answering made-up addresses must not make a daemon grow, nor give the real
// ones the same fates again and again.
func TestWithFaults_RemembersOnlySoManyDestinations(t *testing.T) {
	a, b := faultyPair(t, Faults{Drop: 0.5})
	faulty, ok := a.(*faultConn)
	if !ok {
		t.Fatalf("WithFaults returned a %T", a)
	}
	const rounds = 20
	arrived := 0
	for i := range rounds {
		send(t, a, "first", b.LocalAddr())
		arrived += len(drain(t, b))
		for j := range maxLinks {
			to := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(1 + i), byte(j >> 8), byte(j)}), 1)
			send(t, a, "x", to)
			if n := len(faulty.links); n > maxLinks {
				t.Fatalf("%d destinations remembered", n)
			}
		}
	}
	if arrived == 0 || arrived == rounds {
		t.Errorf("%d of %d arrived right after being forgotten, want some", arrived, rounds)
	}
}

func TestWithFilter_DropsWhatIsPicked(t *testing.T) {
	m := NewMemory(Faults{}, 1)
	below, b, c := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777"), listenMemory(t, m, "10.0.0.3:7777")
	seen := 0
	a := WithFilter(below, func(_ []byte, to netip.AddrPort) bool {
		if to != b.LocalAddr() {
			return false
		}
		seen++
		return seen == 2
	})
	for _, text := range numbers(4) {
		send(t, a, text, b.LocalAddr())
		send(t, a, text, c.LocalAddr())
	}
	if diff := cmp.Diff([]string{"0", "2", "3"}, drain(t, b)); diff != "" {
		t.Errorf("b received (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(numbers(4), drain(t, c)); diff != "" {
		t.Errorf("c received (-want +got):\n%s", diff)
	}
}

func TestWithTap_ShowsBothDirections(t *testing.T) {
	m := NewMemory(Faults{}, 1)
	below, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
	var log []string
	a := WithTap(below, func(dir Direction, text []byte, peer netip.AddrPort) {
		log = append(log, fmt.Sprintf("%v %s %v", dir, text, peer))
	})
	send(t, a, "question", b.LocalAddr())
	send(t, b, "answer", a.LocalAddr())
	receive(t, a)
	_ = a.Close()
	_, _, _ = a.ReadFrom(make([]byte, 10))
	_ = a.WriteTo([]byte("late"), b.LocalAddr())
	want := []string{"out question 10.0.0.2:7777", "in answer 10.0.0.2:7777"}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
	if got := Direction(9).String(); got != "unknown direction" {
		t.Errorf("Direction(9) is %q", got)
	}
}

// The order of decorators decides what each of them sees.
func TestDecorators_Compose(t *testing.T) {
	m := NewMemory(Faults{}, 1)
	below, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
	meant, left := 0, 0
	count := func(n *int) func(Direction, []byte, netip.AddrPort) {
		return func(Direction, []byte, netip.AddrPort) { *n++ }
	}
	a := WithTap(WithFaults(WithTap(below, count(&left)), Faults{Drop: 0.5}, 1), count(&meant))
	for range 100 {
		send(t, a, "x", b.LocalAddr())
	}
	arrived := len(drain(t, b))
	if meant != 100 || left != arrived || left == 0 || left == 100 {
		t.Errorf("%d meant, %d left, %d arrived; want 100, and some of them left and arrived", meant, left, arrived)
	}
}
