package sim

import (
	"net/netip"
	"time"

	"simp/engine/double"
)

// Guest is a daemon of another make in the world, with its user.
type Guest struct {
	*double.Double
	Name string

	// See, if not nil, is told each thing that the user is shown.
	See func(double.Shown)

	world *World
	wake  time.Time
}

// Invite puts a double into the world.
func (w *World) Invite(d *double.Double, name string) *Guest {
	g := &Guest{Double: d, Name: name, world: w}
	w.guests[d.Addr()] = g
	return g
}

// Act lets the guest's user do something.
func (g *Guest) Act(do func(d *double.Double, now time.Time)) {
	do(g.Double, g.world.now)
	g.settle()
}

func (g *Guest) receive(from netip.AddrPort, b []byte) {
	alive := g.Dead() == ""
	g.Receive(g.world.now, from, b)
	g.settle()
	if g.world.Trace != nil && alive && g.Dead() != "" {
		g.world.trace("%-8s DIES: %s", g.Name, g.Dead())
	}
}

// settle sends what the double wants sent, and sees to it that it is woken.
func (g *Guest) settle() {
	w := g.world
	sent, shown := g.Take()
	for _, s := range sent {
		w.send(g.Addr(), s.To, s.Bytes)
	}
	for _, s := range shown {
		if w.Trace != nil && !w.worded {
			w.trace("%-8s sees %s %q", g.Name, s.What, s.Text)
		}
		if g.See != nil {
			g.See(s)
		}
	}
	if at, any := g.NextDeadline(); any && (g.wake.IsZero() || at.Before(g.wake)) {
		g.wake = at
		w.push(item{at: at.Sub(start), do: func() {
			if !w.now.Before(g.wake) {
				g.wake = time.Time{}
			}
			g.Expire(w.now)
			g.settle()
		}})
	}
}
