package pcap

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// What is wrong with what was given to read. Each is a sentence for people, in which "it" is the file.
var (
	// ErrEmpty says that there is not even a head.
	ErrEmpty = errors.New("it is empty: nothing was captured")

	// ErrNotCapture says that the file is something else.
	ErrNotCapture = errors.New("it is not a capture: it begins neither as pcap nor as pcapng")

	// ErrDirectory says that the file is a folder.
	ErrDirectory = errors.New("it is a directory, not a capture")

	// ErrCut says that a capture does not hold its packets whole: a datagram that is read from a part of it would be another one.
	ErrCut = errors.New("a packet is cut off or a fragment")
)

// errCompressed is about what can be read after all, with one more step.
var errCompressed = fmt.Errorf("%w; it is compressed: unpack it with gunzip", ErrNotCapture)

// Broken is the error behind the last packet that could be read, where more should have come.
type Broken struct {
	N   int   // number of the packet that could not be read, from 1
	Err error // why: io.ErrUnexpectedEOF if the file ends there
}

func (b *Broken) Error() string {
	read := "nothing before it could be read"
	switch {
	case b.N == 2:
		read = "the packet before it was read"
	case b.N > 2:
		read = fmt.Sprintf("the %d packets before it were read", b.N-1)
	}
	if errors.Is(b.Err, io.ErrUnexpectedEOF) {
		return fmt.Sprintf("it breaks off in packet %d: %s", b.N, read)
	}
	return fmt.Sprintf("it is damaged at packet %d (%s): %s", b.N, b.Err, read)
}

// Unwrap returns the cause.
func (b *Broken) Unwrap() error { return b.Err }

// openError words why a file cannot be opened. The path stands in front of it already.
type openError struct{ err error }

func (e openError) Error() string {
	var path *fs.PathError
	switch {
	case errors.Is(e.err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(e.err, fs.ErrPermission):
		return "it may not be read: permission denied"
	case errors.As(e.err, &path):
		return "it cannot be opened: " + path.Err.Error()
	}
	return "it cannot be opened: " + e.err.Error()
}

// Unwrap returns what the system said.
func (e openError) Unwrap() error { return e.err }
