package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// DefaultStateDir is where a daemon keeps what it has learned of its peers: a folder of the user's own, as the system has
// it. It is "" where the user has none.
func DefaultStateDir() string {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "simp")
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		if dir, err := os.UserConfigDir(); err == nil {
			return filepath.Join(dir, "simp")
		}
		return ""
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "state", "simp")
	}
	return ""
}

// saveAfter is how long a change may wait for others to be written with it.
const saveAfter = time.Second

// addressBook is the file in which a daemon remembers as what its peers were recognised: a line for each, the address and
// a name. Losing it costs nothing but that they have to be recognised again, so no fault of it stops the daemon.
// learned may be called from any goroutine.
type addressBook struct {
	path string
	log  zerolog.Logger

	mu      sync.Mutex
	known   map[netip.AddrPort]string
	changed chan struct{} // has a place for one
}

// bookHead begins the file, for whoever opens it.
const bookHead = "# What kind of SIMP implementation runs at these addresses. Kept by simp; may be deleted at any time.\n"

// openBook reads the book of the daemon at an address.
func openBook(dir string, at netip.AddrPort, log zerolog.Logger) *addressBook {
	name := fmt.Sprintf("peers-%s-%d", strings.NewReplacer(":", "_", "%", "_").Replace(at.Addr().String()), at.Port())
	b := &addressBook{path: filepath.Join(dir, name), log: log, known: make(map[netip.AddrPort]string), changed: make(chan struct{}, 1)}
	text, err := os.ReadFile(b.path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			log.Warn().Err(err).Msg("what was learned of other daemons cannot be read and will be learned anew")
		}
		return b
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 2 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if peer, err := netip.ParseAddrPort(fields[0]); err == nil {
			b.known[peer] = fields[1]
		}
	}
	return b
}

// learned notes what the engine has learned. It does not block.
func (b *addressBook) learned(peer netip.AddrPort, dialect string) {
	b.mu.Lock()
	if dialect == "unknown" {
		delete(b.known, peer)
	} else {
		b.known[peer] = dialect
	}
	b.mu.Unlock()
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

// keep writes the book whenever it has changed, until ctx ends and the last change is written.
func (b *addressBook) keep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			select {
			case <-b.changed:
				b.save()
			default:
			}
			return
		case <-b.changed:
		}
		pause := time.NewTimer(saveAfter)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
		b.save()
	}
}

// save replaces the file in one step, so that a daemon that is killed leaves the old or the new one.
func (b *addressBook) save() {
	b.mu.Lock()
	var text bytes.Buffer
	text.WriteString(bookHead)
	for _, peer := range slices.SortedFunc(maps.Keys(b.known), netip.AddrPort.Compare) {
		fmt.Fprintln(&text, peer, b.known[peer])
	}
	b.mu.Unlock()
	if err := replaceFile(b.path, text.Bytes()); err != nil {
		b.log.Warn().Err(err).Msg("what was learned of other daemons cannot be kept; give another folder with --state-dir")
	}
}

func replaceFile(path string, text []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
