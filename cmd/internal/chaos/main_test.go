package chaos

import (
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var (
	messages = flag.Int("messages", 300, "how many messages each side sends")
	reorder  = flag.String("reorder", "10%", "how much of what is sent is held back, so that later datagrams overtake it")
)

// binaries is where simpd and simp are, built once for all tests.
var binaries string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "simp-chaos-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "simp/cmd/simpd", "simp/cmd/simp")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "the programs cannot be built: %v\n%s", err, out)
		return 1
	}
	binaries = dir
	return m.Run()
}

// patience bounds a whole run: what the timers of so many messages take, twice, and something for the rest. A run that needs
// more has come to a halt.
func patience() time.Duration {
	const each = 30 * time.Millisecond // the mean; the deviation of the sum is below a twentieth of it
	return 15*time.Second + 2*each*time.Duration(*messages)
}

// hosts gives a test two addresses of its own with the usual ports free, in a part of the loopback network that the tests of
// other packages leave alone.
func hosts(t *testing.T) (a, b netip.Addr) {
	t.Helper()
	var free []netip.Addr
	for try := range 64 {
		n := uint32(os.Getpid())*64 + uint32(try)
		ip := netip.AddrFrom4([4]byte{127, byte(251 + n>>16%4), byte(n >> 8), byte(1 + n%250)})
		if portsFree(ip) && !taken[ip] {
			taken[ip] = true
			if free = append(free, ip); len(free) == 2 {
				return free[0], free[1]
			}
		}
	}
	t.Skip("this system has no loopback addresses beside 127.0.0.1, or others use them all")
	return a, b
}

// taken are the addresses that tests of this process have; they ask one after the other.
var taken = make(map[netip.Addr]bool)

func portsFree(ip netip.Addr) bool {
	u, err := net.ListenPacket("udp", netip.AddrPortFrom(ip, 7777).String())
	if err != nil {
		return false
	}
	_ = u.Close()
	c, err := net.Listen("tcp", netip.AddrPortFrom(ip, 7778).String())
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}
