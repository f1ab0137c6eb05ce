package netio

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// drain reads what is in a Conn's queue and leaves the Conn open. It must be
// called in a bubble, or where nothing is under way.
func drain(t *testing.T, c Conn) []string {
	t.Helper()
	mem, ok := c.(*memoryConn)
	if !ok {
		t.Fatalf("drain of a %T", c)
	}
	var texts []string
	for range len(mem.queue) {
		texts = append(texts, receive(t, c).Text)
	}
	return texts
}

// numbers returns the texts 0, 1, ... n-1.
func numbers(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = strconv.Itoa(i)
	}
	return all
}

func TestMemory_DeliversAtOnceWithoutDelay(t *testing.T) {
	m := NewMemory(Faults{}, 1)
	a, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
	for _, text := range numbers(10) {
		send(t, a, text, b.LocalAddr())
	}
	if diff := cmp.Diff(MemoryStats{Sent: 10, Delivered: 10}, m.Stats()); diff != "" {
		t.Errorf("stats right after sending (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(numbers(10), drain(t, b)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func TestMemory_SendingDoesNotKeepTheBuffer(t *testing.T) {
	m := NewMemory(Faults{Duplicate: 1}, 1)
	a, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
	buf := []byte("before")
	if err := a.WriteTo(buf, b.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	copy(buf, "after!")
	got := make([]byte, 10)
	n, _, err := b.ReadFrom(got)
	if err != nil || string(got[:n]) != "before" {
		t.Errorf("received %q, %v", got[:n], err)
	}
	copy(got, "after!") // what one reader does to its copy is no other's concern
	if second := receive(t, b).Text; second != "before" {
		t.Errorf("the second copy is %q", second)
	}
}

func TestMemory_OwnAddressAndMappedAddress(t *testing.T) {
	m := NewMemory(Faults{}, 1)
	a := listenMemory(t, m, "[::ffff:10.0.0.1]:7777")
	if a.LocalAddr() != addrPort("10.0.0.1:7777") {
		t.Errorf("LocalAddr is %v", a.LocalAddr())
	}
	send(t, a, "to myself", addrPort("[::ffff:10.0.0.1]:7777"))
	if got, want := receive(t, a), (received{"to myself", a.LocalAddr()}); got != want {
		t.Errorf("received %v, want %v", got, want)
	}
}

func TestMemory_Listen(t *testing.T) {
	m := NewMemory(Faults{}, 1)
	taken := listenMemory(t, m, "10.0.0.1:7777")
	for _, a := range []string{"10.0.0.1:7777", "[::ffff:10.0.0.1]:7777"} {
		if _, err := m.Listen(addrPort(a)); !errors.Is(err, ErrPortTaken) {
			t.Errorf("Listen(%s) = %v, want ErrPortTaken", a, err)
		}
	}
	for _, a := range []netip.AddrPort{{}, addrPort("0.0.0.0:1"), addrPort("224.0.0.1:1")} {
		if _, err := m.Listen(a); err == nil || errors.Is(err, ErrPortTaken) {
			t.Errorf("Listen(%v) = %v, want an error about the address", a, err)
		}
	}
	any1, any2 := listenMemory(t, m, "10.0.0.1:0"), listenMemory(t, m, "10.0.0.1:0")
	if any1.LocalAddr().Port() == 0 || any1.LocalAddr() == any2.LocalAddr() {
		t.Errorf("port 0 gave %v and %v", any1.LocalAddr(), any2.LocalAddr())
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	listenMemory(t, m, "10.0.0.1:7777")
}

func TestMemory_ListenRunsOutOfPorts(t *testing.T) {
	m := NewMemory(Faults{}, 1)
	defer func() { _ = m.Close() }()
	// Lists what Listen would, without making 16,384 queues.
	for port := firstEphemeralPort; port < 1<<16; port++ {
		m.conns[netip.AddrPortFrom(addr("10.0.0.1"), uint16(port))] = &memoryConn{closed: make(chan struct{})}
	}
	if _, err := m.Listen(addrPort("10.0.0.1:0")); !errors.Is(err, ErrPortTaken) {
		t.Errorf("Listen with no port free: %v, want ErrPortTaken", err)
	}
	listenMemory(t, m, "10.0.0.2:0")
}

func TestMemory_Delay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(Faults{MinDelay: 100 * time.Millisecond, MaxDelay: 100 * time.Millisecond}, 1)
		a, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
		start := time.Now()
		for _, text := range numbers(10) { // all due at the same instant
			send(t, a, text, b.LocalAddr())
		}
		if got := m.Stats(); got.InFlight != 10 || got.Delivered != 0 {
			t.Errorf("right after sending: %+v", got)
		}
		for _, want := range numbers(10) {
			if got := receive(t, b).Text; got != want {
				t.Errorf("received %s, want %s", got, want)
			}
		}
		if took := time.Since(start); took != 100*time.Millisecond {
			t.Errorf("took %v, want 100ms", took)
		}
	})
}

func TestMemory_RandomDelaysKeepTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(Faults{MaxDelay: 200 * time.Millisecond}, 1)
		a, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
		for i := range 200 {
			send(t, a, strconv.Itoa(i), b.LocalAddr())
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		if diff := cmp.Diff(numbers(200), drain(t, b)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	})
}

// A faster link does not let a datagram pass those that are under way.
func TestMemory_OrderSurvivesSetFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(Faults{MinDelay: time.Second, MaxDelay: time.Second}, 1)
		a, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
		send(t, a, "0", b.LocalAddr())
		m.SetFaults(Faults{})
		send(t, a, "1", b.LocalAddr())
		send(t, b, "answer", a.LocalAddr()) // a link without a past is fast at once
		if got := receive(t, a).Text; got != "answer" {
			t.Errorf("received %q", got)
		}
		time.Sleep(2 * time.Second)
		send(t, a, "2", b.LocalAddr()) // nothing is under way any more
		if diff := cmp.Diff(numbers(3), drain(t, b)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	})
}

// A timer goes off late on a busy machine. What is sent meanwhile must not pass
// what waits for it.
func TestMemory_OrderSurvivesLateTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(Faults{MinDelay: time.Second, MaxDelay: time.Second}, 1)
		a, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
		send(t, a, "0", b.LocalAddr())
		m.line.stop() // very late
		m.SetFaults(Faults{})
		time.Sleep(2 * time.Second)
		send(t, a, "1", b.LocalAddr())
		if diff := cmp.Diff(numbers(2), drain(t, b)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	})
}

func TestMemory_Reorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(Faults{Reorder: 0.3, MinDelay: time.Millisecond, MaxDelay: 10 * time.Millisecond}, 1)
		a, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
		for i := range 200 {
			send(t, a, strconv.Itoa(i), b.LocalAddr())
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		got := drain(t, b)
		if cmp.Equal(numbers(200), got) {
			t.Error("everything arrived in order")
		}
		sorted := cmpopts.SortSlices(func(x, y string) bool { return x < y })
		if diff := cmp.Diff(numbers(200), got, sorted); diff != "" {
			t.Errorf("received, whatever the order (-want +got):\n%s", diff)
		}
	})
}

func TestMemory_Loss(t *testing.T) {
	m := NewMemory(Faults{Drop: 0.5}, 1)
	a, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
	for range 200 {
		send(t, a, "x", b.LocalAddr())
	}
	stats := m.Stats()
	if stats.Lost < 60 || stats.Lost > 140 {
		t.Errorf("%d of 200 lost, want about half", stats.Lost)
	}
	if got := uint64(len(drain(t, b))); got != stats.Delivered || got+stats.Lost != 200 {
		t.Errorf("read %d, stats %+v", got, stats)
	}
}

// The same seed and the same sending lose the same datagrams, in the order of
// making links or in another.
func TestMemory_SameSeedSameFates(t *testing.T) {
	run := func(answerFirst bool) []string {
		m := NewMemory(Faults{Drop: 0.3, Duplicate: 0.3}, 42)
		a, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
		if answerFirst {
			send(t, b, "x", a.LocalAddr())
		}
		for _, text := range numbers(100) {
			send(t, a, text, b.LocalAddr())
		}
		return drain(t, b)
	}
	if diff := cmp.Diff(run(false), run(true)); diff != "" {
		t.Errorf("received with the links made in another order:\n%s", diff)
	}
}

func TestMemory_Partition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(Faults{MinDelay: time.Second, MaxDelay: time.Second}, 1)
		a, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
		a2, c := listenMemory(t, m, "10.0.0.1:8888"), listenMemory(t, m, "10.0.0.3:7777")
		exchange := func() {
			send(t, a, "from a", b.LocalAddr())
			send(t, b, "from b", a.LocalAddr())
			send(t, a2, "from a2", b.LocalAddr())
			send(t, a, "from a", c.LocalAddr())
		}
		steps := []struct {
			name        string
			do          func()
			ofA, ofB    []string // what they receive
			partitioned uint64   // in all so far
		}{
			{"joined", exchange, []string{"from b"}, []string{"from a", "from a2"}, 0},
			{"cut before sending", func() { m.Partition(addr("10.0.0.1"), addr("10.0.0.2"), true); exchange() }, nil, nil, 3},
			{"joined again", func() { m.Partition(addr("10.0.0.2"), addr("10.0.0.1"), false); exchange() }, []string{"from b"}, []string{"from a", "from a2"}, 3},
			{"cut while under way", func() { exchange(); m.Partition(addr("10.0.0.2"), addr("10.0.0.1"), true) }, nil, nil, 6},
			{"joined in one direction", func() { m.Cut(addr("::ffff:10.0.0.1"), addr("10.0.0.2"), false); exchange() }, nil, []string{"from a", "from a2"}, 7},
		}
		for _, step := range steps {
			step.do()
			time.Sleep(2 * time.Second)
			if diff := cmp.Diff(step.ofA, drain(t, a)); diff != "" {
				t.Errorf("%s: a received (-want +got):\n%s", step.name, diff)
			}
			if diff := cmp.Diff(step.ofB, drain(t, b)); diff != "" {
				t.Errorf("%s: b received (-want +got):\n%s", step.name, diff)
			}
			if diff := cmp.Diff([]string{"from a"}, drain(t, c)); diff != "" {
				t.Errorf("%s: c, whom it does not concern, received (-want +got):\n%s", step.name, diff)
			}
			if got := m.Stats().Partitioned; got != step.partitioned {
				t.Errorf("%s: %d counted as partitioned, want %d", step.name, got, step.partitioned)
			}
		}
	})
}

func TestMemory_FullQueueDropsTheNewest(t *testing.T) {
	m := NewMemory(Faults{}, 1)
	a, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
	for _, text := range numbers(MemoryQueue + 3) {
		send(t, a, text, b.LocalAddr())
	}
	want := MemoryStats{Sent: MemoryQueue + 3, Delivered: MemoryQueue, Overflowed: 3}
	if diff := cmp.Diff(want, m.Stats()); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(numbers(MemoryQueue), drain(t, b)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func TestMemory_NobodyThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(Faults{MinDelay: time.Second, MaxDelay: time.Second}, 1)
		a, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
		send(t, a, "into the blue", addrPort("10.0.0.9:7777"))
		send(t, a, "too late", b.LocalAddr())
		_ = b.Close()
		time.Sleep(1500 * time.Millisecond)
		if diff := cmp.Diff(MemoryStats{Sent: 2, Unreachable: 2}, m.Stats()); diff != "" {
			t.Errorf("stats (-want +got):\n%s", diff)
		}

		send(t, a, "to whoever listens then", b.LocalAddr())
		restarted := listenMemory(t, m, "10.0.0.2:7777")
		if got := receive(t, restarted).Text; got != "to whoever listens then" {
			t.Errorf("received %q", got)
		}
	})
}

func TestMemory_Close(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(Faults{MinDelay: time.Second, MaxDelay: time.Second}, 1)
		a, b := listenMemory(t, m, "10.0.0.1:7777"), listenMemory(t, m, "10.0.0.2:7777")
		send(t, a, "under way", b.LocalAddr())
		result := make(chan error, 1)
		go func() {
			_, _, err := b.ReadFrom(make([]byte, 10))
			result <- err
		}()
		synctest.Wait()
		if err := m.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-result; !errors.Is(err, net.ErrClosed) {
			t.Errorf("ReadFrom returned %v, want net.ErrClosed", err)
		}
		if err := a.WriteTo(nil, b.LocalAddr()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("WriteTo returned %v, want net.ErrClosed", err)
		}
		if _, err := m.Listen(addrPort("10.0.0.3:7777")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Listen returned %v, want net.ErrClosed", err)
		}
		if err := m.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the second Close returned %v, want net.ErrClosed", err)
		}
		if diff := cmp.Diff(MemoryStats{Sent: 1, Unreachable: 1}, m.Stats()); diff != "" {
			t.Errorf("stats (-want +got):\n%s", diff)
		}
	})
}

// Whatever is done to a network, every datagram is accounted for at every moment,
// and every one that was read had been sent.
func TestMemory_EveryDatagramIsAccountedFor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := drawFaults(rt)
		seed := rapid.Uint64().Draw(rt, "seed")
		steps := rapid.SliceOfN(rapid.IntRange(0, 99), 1, 200).Draw(rt, "steps")
		var complaint string
		synctest.Test(t, func(t *testing.T) {
			complaint = accountForAll(t, f, seed, steps)
		})
		if complaint != "" {
			rt.Fatal(complaint)
		}
	})
}

func accountForAll(t *testing.T, f Faults, seed uint64, steps []int) (complaint string) {
	m := NewMemory(f, seed)
	defer func() { _ = m.Close() }()
	ends := []string{"10.0.0.1:7777", "10.0.0.2:7777", "10.0.0.3:7777"}
	conns := make([]Conn, len(ends))
	for i, end := range ends {
		conns[i] = listenMemory(t, m, end)
	}
	copies := make(map[string]int)
	read := func() {
		for _, c := range conns {
			for _, text := range drain(t, c) {
				copies[text]++
			}
		}
	}
	for i, step := range steps {
		from, to := step%3, step/3%3
		switch {
		case step < 70:
			text := strconv.Itoa(i)
			copies[text] = 0
			send(t, conns[from], text, conns[to].LocalAddr())
		case step < 80:
			time.Sleep(time.Duration(step) * time.Millisecond)
		case step < 85:
			read()
		case step < 90:
			m.Partition(conns[from].LocalAddr().Addr(), conns[to].LocalAddr().Addr(), step%2 == 0)
		case step < 95:
			m.SetFaults(Faults{Drop: f.Drop, Duplicate: 1 - f.Duplicate, MaxDelay: f.MinDelay})
		default:
			for _, text := range drain(t, conns[to]) {
				copies[text]++
			}
			_ = conns[to].Close()
			conns[to] = listenMemory(t, m, ends[to])
		}
		if complaint := unaccounted(m.Stats()); complaint != "" {
			return fmt.Sprintf("after step %d: %s", i, complaint)
		}
	}
	// Nothing takes longer than a few seconds.
	time.Sleep(time.Hour)
	read()
	stats := m.Stats()
	if stats.InFlight != 0 {
		return fmt.Sprintf("%d datagrams never arrive", stats.InFlight)
	}
	total := uint64(0)
	for text, n := range copies {
		if n > 2 {
			return fmt.Sprintf("datagram %s arrived %d times", text, n)
		}
		total += uint64(n)
	}
	if total != stats.Delivered {
		return fmt.Sprintf("%d were read, but %d delivered", total, stats.Delivered)
	}
	return unaccounted(stats)
}

func unaccounted(s MemoryStats) string {
	in := s.Sent + s.Duplicated
	out := s.Delivered + s.Lost + s.Partitioned + s.Unreachable + s.Overflowed + s.InFlight
	if in != out {
		return fmt.Sprintf("%d sent, %d accounted for: %+v", in, out, s)
	}
	return ""
}

func BenchmarkMemory(b *testing.B) {
	m := NewMemory(Faults{}, 1)
	defer func() { _ = m.Close() }()
	from, err := m.Listen(addrPort("10.0.0.1:7777"))
	if err != nil {
		b.Fatal(err)
	}
	msg, buf := make([]byte, 50), make([]byte, 2048)
	b.ReportAllocs()
	for b.Loop() {
		if err := from.WriteTo(msg, from.LocalAddr()); err != nil {
			b.Fatal(err)
		}
		if _, _, err := from.ReadFrom(buf); err != nil {
			b.Fatal(err)
		}
	}
}
