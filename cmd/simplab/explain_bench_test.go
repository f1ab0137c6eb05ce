package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"simp/codec"
	"simp/netio/pcap"
)

// writeCrowd writes a capture of so many packets: conversations of a hundred, of which many are open at a time, some with a fault.
func writeCrowd(tb testing.TB, path string, packets, open int) {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	buffered := bufio.NewWriter(f)
	w, err := pcap.NewWriter(buffered)
	if err != nil {
		tb.Fatal(err)
	}
	began := make([]int, open)
	step := make([]int, open)
	at := time.Unix(1_700_000_000, 0)
	count := 0
	for n := range packets {
		i := n % open
		if step[i] == 0 {
			count++
			began[i] = count
		}
		at = at.Add(100 * time.Microsecond)
		d := line(began[i], step[i])
		d.At = at
		if err := w.Write(d); err != nil {
			tb.Fatal(err)
		}
		if step[i]++; step[i] == 101 {
			step[i] = 0
		}
	}
	if err := buffered.Flush(); err != nil {
		tb.Fatal(err)
	}
}

// line is one datagram of a conversation.
func line(conversation, step int) pcap.Datagram {
	caller := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(conversation >> 16), byte(conversation >> 8), byte(conversation)}), 7777)
	called := netip.AddrPortFrom(netip.AddrFrom4([4]byte{11, byte(conversation >> 16), byte(conversation >> 8), byte(conversation)}), 7777)
	var kind codec.Kind
	var payload string
	seq, answer := 0, step%2 == 0
	switch step {
	case 0:
		kind, answer = codec.SYN, false
	case 1:
		kind, answer = codec.SYNACK, true
	case 2:
		kind, answer = codec.ACK, false
	case 99:
		kind = codec.FIN
	case 100:
		kind = codec.ACK
	default:
		if seq = (step - 3) / 2 % 2; conversation%50 == 0 && step > 40 {
			seq = 0 // it forgets to change it
		}
		kind, payload = codec.CHAT, fmt.Sprintf("This is message %d, and what people say to each other.", step)
		if answer {
			kind, payload = codec.ACK, ""
		}
	}
	d := pcap.Datagram{From: caller, To: called}
	user := "caller"
	if answer {
		d.From, d.To, user = called, caller, "called"
	}
	op := map[codec.Kind][2]byte{codec.SYN: {1, 2}, codec.SYNACK: {1, 6}, codec.ACK: {1, 4}, codec.FIN: {1, 8}, codec.CHAT: {2, 1}}[kind]
	d.Payload = append(d.Payload, op[0], op[1], byte(seq))
	d.Payload = append(d.Payload, user+strings.Repeat("\x00", 32-len(user))...)
	d.Payload = append(d.Payload, 0, 0, 0, byte(len(payload)))
	d.Payload = append(d.Payload, payload...)
	return d
}

// A capture of many conversations at once: those with a fault are named, all others are fine.
func TestExplain_ACrowd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "crowd.pcap")
	writeCrowd(t, path, 100*101, 20)
	status, out, errs := explained(t, "", path)
	if status != 1 || strings.Count(out, "\nConversation ")+strings.Count(out[:1], "C") != 2 ||
		!strings.Contains(out, "violation of sw/2: ") || !strings.Contains(out, " in 10100 datagrams, 100 conversations.\n") {
		t.Errorf("status %d, errors %q, output:\n%s", status, errs, out)
	}
}

// BenchmarkExplain judges a capture of a million packets, of which 10,000 conversations are open at a time, as the program does.
func BenchmarkExplain(b *testing.B) {
	const packets = 1_000_000
	for _, open := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("open=%d", open), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "crowd.pcap")
			writeCrowd(b, path, packets, open)
			done, most := make(chan struct{}), make(chan uint64)
			go func() { most <- watchHeap(done) }()
			b.ResetTimer()
			for range b.N {
				var errs bytes.Buffer
				if status := run(b.Context(), []string{"explain", path}, strings.NewReader(""), io.Discard, &errs); status != 1 {
					b.Fatalf("status %d, want 1; errors: %s", status, &errs)
				}
			}
			b.StopTimer()
			close(done)
			b.ReportMetric(float64(packets)*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
			b.ReportMetric(float64(<-most)/(1<<20), "MB-heap")
		})
	}
}

// watchHeap returns the most that the heap held, garbage and all.
func watchHeap(done <-chan struct{}) (most uint64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return most
		case <-tick.C:
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
		}
	}
}
