package engine

import (
	"testing"

	"go.uber.org/goleak"
)

// No test of this package may leave a goroutine behind: Run has to take all of the daemon's with it, and a Client that is
// closed needs none.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
