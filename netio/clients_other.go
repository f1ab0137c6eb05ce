//go:build !linux

package netio

import (
	"net"
	"time"
)

// limitUnacknowledged does nothing where there is no option for it: keep-alive
// then notices a dead client only if nothing is on its way to it.
func limitUnacknowledged(*net.TCPConn, time.Duration) {}
