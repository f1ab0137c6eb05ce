package recorder

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/rs/zerolog"

	"simp/codec"
	"simp/engine"
	"simp/engine/record"
	"simp/engine/sim"
	"simp/netio"
)

var own = netip.MustParseAddrPort("10.0.0.1:7777")

// observations are what happens to one daemon of a simulation, as often as it is asked for; the addresses are those of the
// simulation.
func observations(tb testing.TB) (all []*engine.Observation, cfg engine.Config) {
	tb.Helper()
	s := sim.Storm{Faults: netio.Faults{Drop: 0.1, MinDelay: time.Millisecond, MaxDelay: 9 * time.Millisecond}, Nodes: 3, Acts: 50, Pace: time.Second}.Script(5)
	var first netip.AddrPort
	s.Play(sim.Options{Observe: func(node netip.AddrPort, c engine.Config) func(*engine.Observation) {
		if first.IsValid() {
			return func(*engine.Observation) {}
		}
		first, cfg = node, c
		return func(o *engine.Observation) {
			kept, _ := o.Clone()
			all = append(all, kept)
		}
	}})
	cfg.Log = zerolog.Nop()
	if len(all) < 50 {
		tb.Fatalf("only %d things happen", len(all))
	}
	return all, cfg
}

// datagramsOf is how many datagrams there are in what has happened.
func datagramsOf(all []*engine.Observation) (n int) {
	for _, o := range all {
		n += len(o.Sent)
		if o.Cause == engine.CauseDatagram {
			n++
		}
	}
	return n
}

func open(tb testing.TB, max int64, cfg engine.Config, names ...string) (*Recorder, []string) {
	tb.Helper()
	folder := tb.TempDir()
	for i, n := range names {
		names[i] = filepath.Join(folder, n)
	}
	r, err := Open(names, max, cfg, own)
	if err != nil {
		tb.Fatal(err)
	}
	return r, names
}

func read(tb testing.TB, path string) string {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

func replay(tb testing.TB, paths ...string) record.Report {
	tb.Helper()
	r := record.NewReplayer()
	for _, p := range paths {
		if err := r.Play(filepath.Base(p), strings.NewReader(read(tb, p))); err != nil {
			tb.Fatal(err)
		}
	}
	return r.Report()
}

// packets reads a capture.
func packets(tb testing.TB, path string) (all []gopacket.Packet, comments []string) {
	tb.Helper()
	r, err := pcapgo.NewNgReader(strings.NewReader(read(tb, path)), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		tb.Fatal(err)
	}
	for {
		frame, _, options, err := r.ReadPacketDataWithOptions()
		if errors.Is(err, io.EOF) {
			return all, comments
		}
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, gopacket.NewPacket(frame, r.LinkType(), gopacket.Default))
		comments = append(comments, strings.Join(options.Comments, "|"))
	}
}

// What happens is in both files: to be replayed exactly, and to be looked at.
func TestRecorder(t *testing.T) {
	all, cfg := observations(t)
	r, files := open(t, 0, cfg, "chat.jsonl", "chat.pcapng")
	datagrams, messages := datagramsOf(all), 0
	for _, o := range all {
		r.Observe(o)
		for _, s := range o.Steps {
			if s.Rule == "message" {
				messages++
			}
		}
	}
	r.Close()
	r.Observe(all[0]) // too late: nobody is hurt
	r.Close()
	if got := replay(t, files[0]); got.Difference != nil || got.Inputs != len(all) || !got.Closed || got.LeftOut > 0 {
		t.Errorf("replayed: %+v", got)
	}
	shown, comments := packets(t, files[1])
	if len(shown) != datagrams {
		t.Errorf("%d packets are captured, want %d", len(shown), datagrams)
	}
	found := 0
	for i, p := range shown {
		udp, is := p.TransportLayer().(*layers.UDP)
		if !is {
			t.Fatalf("packet %d is no datagram", i+1)
		}
		if d, _, err := codec.Decode(udp.Payload); err != nil || comments[i] == "" {
			t.Errorf("packet %d, %v, has the comment %q: %v", i+1, d, comments[i], err)
		} else if d.Kind == codec.CHAT && comments[i] == "established -> established by established/message (RecvCHAT)" {
			found++
		}
	}
	if found != messages || found == 0 {
		t.Errorf("%d messages are commented as such, want %d", found, messages)
	}
	for _, f := range files {
		if info, err := os.Stat(f); runtime.GOOS != "windows" && (err != nil || info.Mode().Perm() != 0o600) {
			t.Errorf("%s may be read by others: %v, %v", f, info.Mode(), err)
		}
	}
}

// What has happened is in the files within a second, and so it is there if the daemon is killed then.
func TestRecorder_Flushes(t *testing.T) {
	all, cfg := observations(t)
	synctest.Test(t, func(t *testing.T) {
		r, files := open(t, 0, cfg, "chat.jsonl", "chat.pcapng")
		if got := replay(t, files[0]); got.Inputs != 0 || got.Torn {
			t.Errorf("at the start: %+v", got)
		}
		if shown, _ := packets(t, files[1]); len(shown) != 0 {
			t.Errorf("at the start: %d packets", len(shown))
		}
		for i, o := range all[:20] {
			r.Observe(o)
			time.Sleep(time.Second)
			if got := replay(t, files[0]); got.Inputs != i+1 || got.Torn || got.Closed {
				t.Fatalf("after %d: %+v", i+1, got)
			}
		}
		if shown, _ := packets(t, files[1]); len(shown) < 10 {
			t.Errorf("%d packets", len(shown))
		}
		r.Close()
	})
}

// A recording goes on in further files when one is full, and they are replayed in order.
func TestRecorder_Parts(t *testing.T) {
	all, cfg := observations(t)
	const size = 8 << 10
	r, files := open(t, size, cfg, "chat.jsonl", "chat.pcapng")
	for _, o := range all {
		r.Observe(o)
	}
	r.Close()
	for _, path := range files {
		parts, err := filepath.Glob(strings.Replace(path, ".", "*.", 1))
		if err != nil || len(parts) < 2 {
			t.Fatalf("%v, %v", parts, err)
		}
		total := 0
		for i := range parts {
			name := PartName(path, i+1)
			n := len(read(t, name))
			if total += n; n > size+8<<10 || n < size && i < len(parts)-1 {
				t.Errorf("%s has %d bytes, want about %d", name, n, size)
			}
			parts[i] = name
		}
		if strings.HasSuffix(path, ".jsonl") {
			if got := replay(t, parts...); got.Difference != nil || got.Inputs != len(all) || got.Parts != len(parts) || !got.Closed {
				t.Errorf("replayed: %+v", got)
			}
			if second := read(t, parts[1]); !strings.Contains(second, `"part":2,"continues":"chat.jsonl"`) {
				t.Errorf("the second part does not say what it continues: %.300s", second)
			}
			continue
		}
		n := 0
		for _, p := range parts {
			shown, _ := packets(t, p)
			n += len(shown)
		}
		if want := datagramsOf(all); n != want {
			t.Errorf("%d packets in all, want %d", n, want)
		}
	}
}

// stuck is a form on a disk that takes nothing until it is let go.
type stuck struct {
	form
	entered chan struct{}
	hold    chan struct{}
}

func (s stuck) write(it *item) error {
	select {
	case s.entered <- struct{}{}:
	default:
	}
	<-s.hold
	return s.form.write(it)
}

// A disk that takes nothing slows nobody down: what does not fit is counted and noted where it is missing, and what is there can
// still be replayed.
func TestRecorder_Overload(t *testing.T) {
	all, cfg := observations(t)
	folder := t.TempDir()
	path, shown := filepath.Join(folder, "chat.jsonl"), filepath.Join(folder, "chat.pcapng")
	entered, hold := make(chan struct{}, 1), make(chan struct{})
	r := &Recorder{between: own, log: zerolog.Nop(), wake: make(chan struct{}, 1), done: make(chan struct{})}
	start := all[0].At
	for _, p := range []string{path, shown} {
		f, err := newFile(p, 0, start, cfg, own)
		if err != nil {
			t.Fatal(err)
		}
		f.form = stuck{form: f.form, entered: entered, hold: hold}
		r.files = append(r.files, f)
	}
	go r.write()
	const half = 20
	for _, o := range all[:half] {
		r.Observe(o)
	}
	<-entered // the disk is stuck: everything else waits
	big := all[half].Raw
	if big == nil {
		big = []byte("x")
	}
	for i := 0; ; i++ {
		r.Observe(&engine.Observation{At: all[half].At, Peer: own, Cause: engine.CauseUnreadable, Raw: big, Err: codec.ErrShort})
		if n := counted(r); n == 3 {
			break
		} else if i > 2*maxItems {
			t.Fatalf("nothing is counted as lost after %d", i)
		}
	}
	r.Observe(all[half]) // lost, too
	close(hold)
	for n := 0; n < 100; n++ { // until the queue is empty
		r.mu.Lock()
		left := len(r.queue)
		r.mu.Unlock()
		if left == 0 {
			break
		}
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
	for _, o := range all[half+1:] {
		r.Observe(o)
	}
	r.Close()
	got := replay(t, path)
	if got.Difference != nil || got.Lost != 4 || got.Inputs < half || got.LeftOut == 0 || counted(r) != 4 {
		t.Errorf("replayed: %+v; counted: %d", got, counted(r))
	}
	noted := false
	_, comments := packets(t, shown)
	for _, c := range comments {
		noted = noted || strings.Contains(c, "4 packets or steps before this one could not be recorded")
	}
	if !noted {
		t.Error("the capture does not say that something is missing")
	}
}

func counted(r *Recorder) uint64 {
	all := make(map[string]uint64)
	r.Counters(all)
	return all["record/lost"]
}

// What clients say is captured as a connection that Wireshark can follow, and as datagrams.
func TestRecorder_Clients(t *testing.T) {
	_, cfg := observations(t)
	r, files := open(t, 0, cfg, "chat.pcapng")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tapped := r.Connections(ln)
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tapped.Accept()
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 5000)
	for _, say := range []struct {
		to   io.Writer
		from io.Reader
		text string
	}{{client, conn, "hello"}, {conn, client, long}, {client, conn, "bye"}} {
		if _, err := io.WriteString(say.to, say.text); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(say.from, make([]byte, len(say.text))); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Error(err)
	}
	for range 2 {
		_ = conn.Close()
	}
	_ = client.Close()
	_ = ln.Close()

	network := netio.NewMemory(netio.Faults{}, 1)
	defer network.Close()
	port, err := network.Listen(netip.MustParseAddrPort("[fe80::1]:7778"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Datagrams(port).WriteTo([]byte("ping"), netip.MustParseAddrPort("[fe80::2]:9")); err != nil {
		t.Fatal(err)
	}
	r.Close()

	shown, _ := packets(t, files[0])
	var said [2]bytes.Buffer
	next := map[layers.TCPPort]uint32{}
	for _, p := range shown[:len(shown)-1] {
		tcp := p.TransportLayer().(*layers.TCP)
		if want, known := next[tcp.SrcPort]; known && tcp.Seq != want {
			t.Errorf("a segment has number %d, want %d", tcp.Seq, want)
		}
		next[tcp.SrcPort] = tcp.Seq + uint32(len(tcp.Payload))
		if tcp.SYN || tcp.FIN {
			next[tcp.SrcPort]++
		}
		if tcp.ACK && tcp.Ack != next[tcp.DstPort] {
			t.Errorf("a segment confirms %d, want %d", tcp.Ack, next[tcp.DstPort])
		}
		side := 0
		if int(tcp.SrcPort) == ln.Addr().(*net.TCPAddr).Port {
			side = 1
		}
		said[side].Write(tcp.Payload)
	}
	if said[0].String() != "hellobye" || said[1].String() != long {
		t.Errorf("the client said %q, the daemon %d bytes", &said[0], said[1].Len())
	}
	if last := shown[len(shown)-1]; last.NetworkLayer().NetworkFlow().String() != "fe80::1->fe80::2" || !strings.HasSuffix(string(last.Data()), "ping") {
		t.Errorf("the last packet is %v", last)
	}
}

// A file that cannot be made is told in a sentence, and so is a name that says nothing.
func TestOpen_Refusals(t *testing.T) {
	_, cfg := observations(t)
	folder := t.TempDir()
	for _, tc := range []struct {
		files []string
		says  string
	}{
		{[]string{filepath.Join(folder, "no", "chat.jsonl")}, "cannot be written (its folder does not exist): give the name of a file"},
		{[]string{filepath.Join(folder, "ok.pcapng"), filepath.Join(folder, "no", "chat.pcapng")}, "its folder does not exist"},
		{[]string{"chat.pcap"}, `"chat.pcap" is not clear: end its name with .pcapng`},
		{[]string{"chat"}, "end its name with"},
		{[]string{"a.jsonl", "./a.jsonl"}, "given twice"},
	} {
		if _, err := Open(tc.files, 0, cfg, own); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%v: %v, want %q", tc.files, err, tc.says)
		}
	}
}

// A disk that is full ends the recording, not the daemon; the other file goes on.
func TestRecorder_Full(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full here, the disk that is always full")
	}
	all, cfg := observations(t)
	var log bytes.Buffer
	cfg.Log = zerolog.New(&log)
	folder := t.TempDir()
	good, bad := filepath.Join(folder, "good.jsonl"), filepath.Join(folder, "bad.jsonl")
	r, err := Open([]string{good, bad}, 0, cfg, own)
	if err != nil {
		t.Fatal(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = r.files[1].handle.Close()
	r.files[1].handle = full // nothing has been put yet, so nobody else looks
	for _, o := range all {
		r.Observe(o)
	}
	r.Close()
	if got := replay(t, good); got.Inputs != len(all) || got.Difference != nil {
		t.Errorf("the good one: %+v", got)
	}
	if text := log.String(); strings.Count(text, "the recording ends here") != 1 || !strings.Contains(text, "bad.jsonl") || !strings.Contains(text, "no space left") {
		t.Errorf("the log says %s", text)
	}
}

func ExamplePartName() {
	fmt.Println(PartName("chat.jsonl", 1), PartName("chat.jsonl", 2))
	// Output: chat.jsonl chat-2.jsonl
}

// BenchmarkObserve is what a conversation waits for with each input: a copy into the queue.
func BenchmarkObserve(b *testing.B) {
	all, cfg := observations(b)
	r, _ := open(b, 0, cfg, "chat.jsonl", "chat.pcapng")
	defer r.Close()
	for b.Loop() {
		for _, o := range all[:32] {
			r.Observe(o)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/32, "ns/input")
	b.ReportMetric(float64(counted(r))/float64(b.N)/32, "lost/input")
}
