package pcap

import "errors"

// Why an interface cannot be captured.
var (
	// ErrNoInterface says that this host has none of that name.
	ErrNoInterface = errors.New("there is no such interface")

	// ErrNotPermitted says that this user may not capture.
	ErrNotPermitted = errors.New("capturing is not permitted to this user")

	// ErrNotHere says that it is not known how to capture on this system.
	ErrNotHere = errors.New("interfaces can be captured on Linux only")
)
