package wireshark

import (
	"errors"
	"path"
	"strings"
)

// Folder returns where Wireshark looks for a person's own Lua plugins: on Windows below the folder for the settings of
// programs, elsewhere below the home directory. getenv is os.Getenv.
func Folder(goos string, getenv func(string) string) (string, error) {
	if goos == "windows" {
		settings := getenv("APPDATA")
		if settings == "" {
			return "", errors.New("the environment variable APPDATA is not set, below which Wireshark looks")
		}
		return strings.TrimRight(settings, `\`) + `\Wireshark\plugins`, nil
	}
	home := getenv("HOME")
	if home == "" {
		return "", errors.New("the environment variable HOME is not set, below which Wireshark looks")
	}
	return path.Join(home, ".local/lib/wireshark/plugins"), nil
}
