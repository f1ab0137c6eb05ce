//go:build !linux

package pcap

import "fmt"

// OpenInterface captures what comes and goes by an interface: on Linux only.
func OpenInterface(name string) (*Reader, error) {
	return nil, fmt.Errorf("%s: %w", name, ErrNotHere)
}
