package daemon

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
)

var here = netip.MustParseAddrPort("127.0.0.1:7777")

func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// written makes of the addresses what cmp can compare.
func written(known map[netip.AddrPort]string) map[string]string {
	all := make(map[string]string, len(known))
	for peer, dialect := range known {
		all[peer.String()] = dialect
	}
	return all
}

// What was learned is there again after a restart; what turned out to be wrong is not.
func TestAddressBook_IsThereAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "when", "needed")
	b := openBook(dir, here, zerolog.Nop())
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder is made although there is nothing to remember")
	}
	ctx, cancel := context.WithCancel(t.Context())
	b.learned(addr("192.0.2.7:7777"), "a")
	b.learned(addr("192.0.2.8:7777"), "native")
	b.learned(addr("192.0.2.9:8888"), "f")
	b.learned(addr("192.0.2.7:7777"), "b")
	b.learned(addr("192.0.2.8:7777"), "unknown")
	cancel()
	b.keep(ctx) // writes what has changed, and ends

	want := map[string]string{"192.0.2.7:7777": "b", "192.0.2.9:8888": "f"}
	if diff := cmp.Diff(want, written(openBook(dir, here, zerolog.Nop()).known)); diff != "" {
		t.Errorf("known (-want +got):\n%s", diff)
	}
	other := openBook(dir, addr("127.0.0.2:7777"), zerolog.Nop())
	if len(other.known) != 0 {
		t.Errorf("a daemon at another address knows %v", other.known)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v (%v), want one file", files, err)
	}
}

// Whatever is in the file, a daemon starts, and takes what it understands.
func TestAddressBook_AnyFileWillDo(t *testing.T) {
	dir := t.TempDir()
	b := openBook(dir, here, zerolog.Nop())
	text := "# note\n192.0.2.7:7777 a\n192.0.2.8 b\nnonsense\n\x00\xff\n192.0.2.9:7777\n192.0.2.10:7777 c d\n[2001:db8::1]:7777 later-kind\n"
	if err := os.WriteFile(b.path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"192.0.2.7:7777": "a", "[2001:db8::1]:7777": "later-kind"}
	if diff := cmp.Diff(want, written(openBook(dir, here, zerolog.Nop()).known)); diff != "" {
		t.Errorf("known (-want +got):\n%s", diff)
	}
}

// A folder that cannot be used is named in the log, and what to do; the daemon goes on.
func TestAddressBook_WithoutAFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	b := openBook(filepath.Join(file, "folder"), here, zerolog.New(&log))
	b.learned(addr("192.0.2.7:7777"), "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.keep(ctx)
	if got := log.String(); !strings.Contains(got, "--state-dir") || !strings.Contains(got, "a file") {
		t.Errorf("the log says %q", got)
	}
}

func TestDefaultStateDir(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", dir)
	if got, want := DefaultStateDir(), filepath.Join(dir, "simp"); got != want {
		t.Errorf("DefaultStateDir() = %q, want %q", got, want)
	}
	t.Setenv("XDG_STATE_HOME", "not/absolute")
	if got := DefaultStateDir(); got != "" && !filepath.IsAbs(got) {
		t.Errorf("DefaultStateDir() = %q, which depends on where the daemon is started", got)
	}
}
