package wireshark_test

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"simp/cmd/simplab/internal/wireshark"
)

func TestFolder(t *testing.T) {
	for _, test := range []struct{ goos, name, value, want string }{
		{"linux", "HOME", "/home/alice", "/home/alice/.local/lib/wireshark/plugins"},
		{"darwin", "HOME", "/Users/alice/", "/Users/alice/.local/lib/wireshark/plugins"},
		{"windows", "APPDATA", `C:\Users\alice\AppData\Roaming`, `C:\Users\alice\AppData\Roaming\Wireshark\plugins`},
	} {
		getenv := func(name string) string {
			if name == test.name {
				return test.value
			}
			return ""
		}
		if got, err := wireshark.Folder(test.goos, getenv); got != test.want || err != nil {
			t.Errorf("on %s it is %q, %v, want %q", test.goos, got, err, test.want)
		}
		got, err := wireshark.Folder(test.goos, func(string) string { return "" })
		if err == nil || !strings.Contains(err.Error(), test.name) {
			t.Errorf("on %s without %s it is %q, %v", test.goos, test.name, got, err)
		}
	}
}

// Wireshark's own program says the same.
func TestFolder_AsTsharkSays(t *testing.T) {
	program, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed here, so nobody can say where it looks (Debian, Ubuntu: apt-get install tshark)")
	}
	said, err := exec.CommandContext(t.Context(), program, "-G", "folders").Output()
	if err != nil {
		t.Fatal(err)
	}
	want, err := wireshark.Folder(runtime.GOOS, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(said)) {
		if name, folder, _ := strings.Cut(line, ":"); name == "Personal Lua Plugins" {
			if got := strings.TrimSpace(folder); got != want {
				t.Errorf("it is %q, tshark says %q", want, got)
			}
			return
		}
	}
	t.Errorf("tshark does not say:\n%s", said)
}
