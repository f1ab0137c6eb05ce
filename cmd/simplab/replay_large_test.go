package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"simp/engine/replay"
	"simp/netio/pcap"
)

// oneOfACrowd is what each of them says.
const oneOfACrowd = `
node alice
node bob

0s alice invites bob
1s bob accepts alice
2s alice says bob shall we meet?
3s bob says alice where?
4s alice says bob in the library
5s bob says alice when?
6s alice says bob now
7s bob says alice I am on my way
8s alice leaves bob
`

// crowd writes a capture of so many packets in which so many conversations are open at any time, all copies of one that was simulated.
// Each is one of two daemons that are in no other, or all are with one daemon.
type crowd struct {
	packets, open int
	one           bool
}

func (c crowd) write(tb testing.TB) string {
	tb.Helper()
	one := captured(tb, oneOfACrowd)
	if len(one) < 15 {
		tb.Fatalf("only %d datagrams", len(one))
	}
	path := filepath.Join(tb.TempDir(), "crowd.pcap")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	buffered := bufio.NewWriterSize(f, 1<<20)
	w, err := pcap.NewWriter(buffered)
	if err != nil {
		tb.Fatal(err)
	}
	length := one[len(one)-1].At.Sub(one[0].At) + 35*time.Second // and then nobody remembers it
	addr := func(n int, first bool) netip.AddrPort {
		b := [4]byte{10}
		binary.BigEndian.PutUint32(b[:], 10<<24|uint32(n)<<1)
		switch {
		case !first && c.one:
			b = [4]byte{10, 255, 255, 255}
		case !first:
			b[3]++
		}
		return netip.AddrPortFrom(netip.AddrFrom4(b), replay.Port)
	}
	for n, round := 0, 0; n < c.packets; round++ {
		for _, d := range one {
			for i := 0; i < c.open && n < c.packets; i++ {
				pair := round*c.open + i
				first := d.From == one[0].From
				err := w.Write(pcap.Datagram{
					At:   d.At.Add(time.Duration(round)*length + time.Duration(i)*time.Nanosecond),
					From: addr(pair, first), To: addr(pair, !first), Payload: d.Payload,
				})
				if err != nil {
					tb.Fatal(err)
				}
				n++
			}
		}
	}
	if err := buffered.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return path
}

// goThrough reads a capture twice, as the program does, and returns what it held at most on the heap beyond what was there before.
func goThrough(tb testing.TB, path string, packets int) (r *replay.Replay, divergences int, heap uint64) {
	tb.Helper()
	survey := replay.NewSurvey()
	eachPacket(tb, path, func(p *pcap.Packet) { survey.Packet(p.From, p.To, p.Payload) })
	r = replay.New(replay.Options{Survey: survey, Report: func(replay.Divergence) { divergences++ }})
	before := inUse()
	n := 0
	eachPacket(tb, path, func(p *pcap.Packet) {
		r.Packet(p.N, p.At, p.From, p.To, p.Payload)
		if n++; n%(packets/4) == 0 {
			heap = max(heap, inUse()-min(before, inUse()))
		}
	})
	r.End()
	return r, divergences, heap
}

func eachPacket(tb testing.TB, path string, do func(*pcap.Packet)) {
	tb.Helper()
	file, err := pcap.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for {
		p, err := file.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			tb.Fatal(err)
		}
		do(&p)
	}
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A long recording takes no more memory than a short one with as many conversations open at a time, and everything in it is
// followed without a divergence.
func TestReplay_Memory(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	var held [2]uint64
	for i, packets := range [...]int{40_000, 160_000} {
		r, divergences, heap := goThrough(t, crowd{packets: packets, open: 60}.write(t), packets)
		if divergences != 0 || r.Followed != packets {
			t.Errorf("%d of %d packets were followed, %d divergences", r.Followed, packets, divergences)
		}
		held[i] = heap
	}
	t.Logf("%d KB and %d KB on the heap", held[0]>>10, held[1]>>10)
	if held[1] > held[0]+held[0]/2 {
		t.Errorf("%d bytes on the heap for a short recording, %d for one of four times its length", held[0], held[1])
	}
}

// A million packets, a thousand conversations at a time, or fifty of one daemon, with the whole program.
func BenchmarkReplay_Large(b *testing.B) {
	const packets = 1_000_000
	for _, c := range []struct {
		name string
		crowd
	}{
		{"pairs", crowd{packets: packets, open: 1000}},
		{"one daemon, fifty", crowd{packets: packets, open: 50, one: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			path := c.write(b)
			for b.Loop() {
				began := time.Now()
				var stdout, stderr bytes.Buffer
				if status := run(context.Background(), []string{"replay", path, "--limit=3"}, strings.NewReader(""), &stdout, &stderr); status != 0 {
					b.Errorf("status %d: %s%s", status, &stdout, &stderr)
				}
				b.ReportMetric(packets/time.Since(began).Seconds(), "packets/s")
			}
		})
	}
}

// What is divided among cores is all replayed, once.
func TestReplay_Divided(t *testing.T) {
	const packets = partPackets + 5_000
	path := crowd{packets: packets, open: 50}.write(t)
	var stdout, stderr bytes.Buffer
	status := run(context.Background(), []string{"replay", path}, strings.NewReader(""), &stdout, &stderr)
	if want := fmt.Sprintf("\nno divergence: ours would have sent the same %d datagrams\n", packets); status != 0 || !strings.HasSuffix(stdout.String(), want) {
		t.Errorf("status %d: %s%s, want %q", status, &stdout, &stderr, want)
	}
	stdout.Reset()
	if status := run(context.Background(), []string{"replay", path, "--retransmit=1s", "--tolerance=1us", "--limit=10"}, strings.NewReader(""), &stdout, &stderr); status != 1 {
		t.Errorf("with no tolerance: status %d: %s%s", status, &stdout, &stderr)
	}
	if lines := strings.Count(stdout.String(), "\n#"); lines != 10 {
		t.Errorf("%d divergences are listed, and not 10:\n%s", lines, &stdout)
	}
}
