package engine

import (
	"net/netip"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"simp/codec/client"
	"simp/fsm"
)

// limiter lets a burst of warnings through, then one each interval. Safe for concurrent use.
type limiter struct {
	mu     sync.Mutex
	tokens float64
	last   time.Time
}

func (l *limiter) allow(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last.IsZero() {
		l.tokens = warnBurst
	} else {
		l.tokens = min(warnBurst, l.tokens+float64(now.Sub(l.last))/float64(warnEvery))
	}
	l.last = now
	if l.tokens < 1 {
		return false
	}
	l.tokens--
	return true
}

// logSteps is the one place where transitions are logged: changes of state at info, unexpected datagrams at warn and
// limited in rate, everything else at debug.
func (e *Engine) logSteps(steps []step, now time.Time) {
	for _, st := range steps {
		if e.env.cfg.OnTransition != nil {
			e.env.cfg.OnTransition(Transition{
				Peer: client.FormatPeer(st.peer), User: st.user, From: st.from.String(), To: st.rule.To.String(),
				On: st.rule.On.String(), Rule: st.rule.Name, Seq: st.seq, Tries: int(st.tries),
			})
		}
		level := zerolog.DebugLevel
		switch {
		case st.rule.As == fsm.Unexpected:
			if level = zerolog.WarnLevel; !e.warnings.allow(now) {
				e.env.counters.add(warningsSuppressed)
				continue
			}
		case st.rule.From != st.rule.To:
			level = zerolog.InfoLevel
		}
		// Asked first: building the fields of a line that nobody reads would cost more than the step.
		if ev := e.env.cfg.Log.WithLevel(level); ev.Enabled() {
			ev.Stringer("peer", st.peer).Str("user", st.user).Stringer("from", st.from).Stringer("to", st.rule.To).
				Stringer("on", st.rule.On).Str("rule", st.rule.Name).Uint8("seq", st.seq).Uint16("tries", st.tries).Msg("transition")
		}
	}
}

func (e *Engine) sendFailed(now time.Time, peer netip.AddrPort, err error) {
	e.env.counters.add(dropUnsent)
	if e.warnings.allow(now) {
		e.env.cfg.Log.Warn().Err(err).Stringer("peer", peer).Msg("a datagram could not be sent")
	} else {
		e.env.counters.add(warningsSuppressed)
	}
}
