package sim

import (
	"time"
)

// listen has the player told of what others want to know.
func (p *player) listen(o Options) {
	if !o.Record && o.Capture == nil {
		return
	}
	if o.Record {
		e := *p.Script
		e.Network, e.Random, e.Talk, e.Acts, e.Fates = good, Random{}, 0, nil, nil
		p.record = &e
		p.record.Ordered = true // until it shows not to be
		p.acted = func(a Act) { e.Acts = append(e.Acts, a) }
	}
	p.sent = func(l *link, n int, b []byte, copies []time.Time) {
		if o.Capture != nil {
			o.Capture(p.now, l.from, l.to, b)
		}
		if o.Record {
			p.recordFate(l, n, copies)
		}
	}
}

// recordFate notes what the network has done to a datagram, unless it is what a good network does.
func (p *player) recordFate(l *link, n int, copies []time.Time) {
	usual := p.now.Add(good.MinDelay)
	if p.ordered && usual.Before(l.recorded) {
		usual = l.recorded // it waits by itself
	}
	for _, at := range copies {
		p.record.Ordered = p.record.Ordered && !at.Before(l.recorded)
		l.recorded = at
	}
	from, to := p.at[l.from], p.at[l.to]
	if from == nil || to == nil {
		return
	}
	after := make([]time.Duration, len(copies))
	for i, at := range copies {
		after[i] = at.Sub(p.now)
	}
	if len(copies) != 1 || !copies[0].Equal(usual) {
		p.record.Fates = append(p.record.Fates, Fate{From: from.name, To: to.name, N: n, After: after, sent: l.moment, nth: l.nth})
	}
}
