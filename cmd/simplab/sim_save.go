package main

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"simp/engine/sim"
	"simp/netio/pcap"
)

// reduce reduces a script that breaks a promise to what is needed for that, shows the rest and saves it.
func (c simCommand) reduce(l lab, script *sim.Script) error {
	o := sim.Options{Harm: l.harm}
	small := script.Shrink(o)
	text := small.Format()
	_, _ = fmt.Fprintf(l.stdout, "\nReduced to what is needed for that:\n\n%s", text)
	base := c.base(script.Seed)
	if err := save(base, small, text, o); err != nil {
		return fmt.Errorf("the reduced run could not be saved: %w", err)
	}
	_, _ = fmt.Fprintf(l.stdout, "\nSaved as %s.script and %s.pcap.\n", base, base)
	return errBroken
}

// save writes a script, and what goes over the network when it is played.
func save(base string, script *sim.Script, text string, o sim.Options) error {
	if err := os.WriteFile(base+".script", []byte(text), 0o644); err != nil {
		return err
	}
	f, err := os.Create(base + ".pcap")
	if err != nil {
		return err
	}
	if err := capture(f, script, o); err != nil {
		_ = f.Close() // the first error says more
		return err
	}
	return f.Close()
}

// capture plays a script and writes each datagram where it is sent, so that one that gets lost is there too.
func capture(to io.Writer, script *sim.Script, o sim.Options) error {
	w, err := pcap.NewWriter(to)
	if err != nil {
		return err
	}
	o.Capture = func(at time.Time, from, to netip.AddrPort, datagram []byte) {
		if err == nil {
			err = w.Write(pcap.Datagram{At: at, From: from, To: to, Payload: datagram})
		}
	}
	script.Play(o)
	return err
}
