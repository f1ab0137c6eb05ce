// Package daemon puts a daemon together from its parts: sockets, faults for teaching, engine, client port. simpd, the
// daemon inside simp, and the demonstration all run this one.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"

	"simp/cmd/internal/recorder"
	"simp/codec/client"
	"simp/engine"
	"simp/netio"
)

// Config is what a daemon needs to know. IP, the ports and Engine are required; the rest may be zero.
type Config struct {
	IP         netip.Addr // own address, of this host
	Port       uint16     // UDP, between daemons; 0: any free one
	ClientPort uint16     // TCP, and with LegacyClients also UDP, for the client; 0: any free one
	Engine     engine.Config

	// Allow says who may be a client; nil: this host only, since whoever reaches the client port is the user.
	Allow func(netip.Addr) bool

	// LegacyClients also serves the clients of other implementations, which speak datagrams to UDP port ClientPort.
	LegacyClients bool

	// StateDir is a folder in which the daemon remembers as what its peers were recognised; "": not at all, nor on a port
	// that the system chooses. It is made when there is something to remember.
	StateDir string

	// Faults are added to what is sent, for teaching; Seed makes them repeatable.
	Faults netio.Faults
	Seed   uint64

	// Record names files into which everything is written that the daemon does, in the form that their endings say; see package
	// recorder. RecordMax is after how many bytes of a file the next one begins, 0 for never.
	Record    []string
	RecordMax int64

	// Wrap, if not nil, is put round the socket, outside the faults: for taps and filters.
	Wrap func(netio.Conn) netio.Conn
}

// Daemon is a daemon whose sockets are open.
type Daemon struct {
	engine *engine.Engine
	conn   netio.Conn
	ln     net.Listener
	legacy *engine.LegacyServer // nil: not served
	book   *addressBook         // nil: not kept
	record *recorder.Recorder   // nil: nothing is recorded
	closer []io.Closer          // the sockets
}

// Open binds the sockets. The error is a sentence that says what failed, why, and what to do.
func Open(cfg Config) (*Daemon, error) {
	if err := cfg.Engine.Validate(); err != nil {
		return nil, err
	}
	if err := cfg.Faults.Validate(); err != nil {
		return nil, err
	}
	between := netip.AddrPortFrom(cfg.IP, cfg.Port)
	conn, err := netio.ListenUDP(between)
	if err != nil {
		return nil, explain(err, "UDP", between, "--port")
	}
	ln, legacy, err := listenClients(cfg)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	d := &Daemon{ln: ln, closer: []io.Closer{conn, ln}}
	if legacy != nil {
		d.closer = append(d.closer, legacy)
	}
	local := conn.LocalAddr()
	conn = netio.WithFaults(conn, cfg.Faults, cfg.Seed)
	if cfg.Wrap != nil {
		conn = cfg.Wrap(conn)
	}
	d.conn, d.closer[0] = conn, conn
	if cfg.StateDir != "" && cfg.Port != 0 { // on any free port it will not be found again
		d.book = openBook(cfg.StateDir, between, cfg.Engine.Log)
		cfg.Engine.Known, cfg.Engine.Learned = d.book.known, d.book.learned
	}
	// The files last: a daemon that finds its port taken must not empty those of the one that runs.
	if len(cfg.Record) > 0 {
		if d.record, err = recorder.Open(cfg.Record, cfg.RecordMax, cfg.Engine, local); err != nil {
			_ = d.Close()
			return nil, err
		}
		cfg.Engine.Observe, cfg.Engine.Counters = both(cfg.Engine.Observe, d.record.Observe), d.record.Counters
		d.ln = d.record.Connections(ln)
		if legacy != nil {
			legacy = d.record.Datagrams(legacy)
		}
	}
	if d.engine, err = engine.New(cfg.Engine, conn); err != nil {
		_ = d.Close()
		return nil, err
	}
	if legacy != nil {
		d.legacy = d.engine.NewLegacyServer(legacy, engine.LegacyConfig{Allow: cfg.Allow})
	}
	return d, nil
}

// both tells two who want to know what happens; the first may be nil.
func both(first, second func(*engine.Observation)) func(*engine.Observation) {
	if first == nil {
		return second
	}
	return func(o *engine.Observation) {
		first(o)
		second(o)
	}
}

// portTries is how often the system may choose a client port that is free for TCP and turns out not to be for UDP.
const portTries = 16

// listenClients binds the client port: TCP, and UDP for legacy clients, nil without them. They have the same number, as
// whoever looks for a daemon knows only one.
func listenClients(cfg Config) (net.Listener, netio.Conn, error) {
	allow, alsoAllowed := cfg.Allow, "and from the addresses that it was told to allow, to which yours does not belong"
	if allow == nil {
		allow, alsoAllowed = netio.IsLocal, ""
	}
	at := netip.AddrPortFrom(cfg.IP, cfg.ClientPort)
	for tries := 1; ; tries++ {
		ln, err := netio.ListenClients(at, allow, turnAway(alsoAllowed))
		if err != nil {
			return nil, nil, explain(err, "TCP", at, "--client-port")
		}
		if !cfg.LegacyClients {
			return ln, nil, nil
		}
		same := netip.AddrPortFrom(cfg.IP, tcpPort(ln))
		conn, err := netio.ListenUDP(same)
		if err == nil {
			return ln, conn, nil
		}
		_ = ln.Close()
		if cfg.ClientPort != 0 || tries == portTries || !errors.Is(err, netio.ErrPortTaken) {
			return nil, nil, explain(err, "UDP", same, "--client-port, or serve no clients of other implementations with --legacy-clients=false")
		}
	}
}

func tcpPort(ln net.Listener) uint16 {
	return ln.Addr().(*net.TCPAddr).AddrPort().Port() //nolint:forcetypeassert // ListenClients listens on TCP
}

// explain makes a sentence of an error of the operating system.
func explain(err error, proto string, at netip.AddrPort, flag string) error {
	switch {
	case errors.Is(err, netio.ErrPortTaken):
		return fmt.Errorf("%s port %d at %s is taken by another program, perhaps another daemon: stop that one, or choose another port with %s (%w)",
			proto, at.Port(), at.Addr(), flag, err)
	case errors.Is(err, netio.ErrNotLocal):
		return fmt.Errorf("%s is not an address of this host: give one that is, such as 127.0.0.1 (%w)", at.Addr(), err)
	case errors.Is(err, netio.ErrNotPermitted):
		return fmt.Errorf("the system does not permit %s port %d at %s: choose a port above 1023 with %s (%w)",
			proto, at.Port(), at.Addr(), flag, err)
	}
	return fmt.Errorf("%s port %d at %s cannot be opened: %w", proto, at.Port(), at.Addr(), err)
}

// turnAway returns what tells somebody who may not be a client so.
func turnAway(alsoAllowed string) func(net.Conn) {
	return func(c net.Conn) {
		refusal := client.NewError("", client.ReasonNotAllowed, client.Facts{Detail: alsoAllowed})
		if line, err := (client.Native{}).AppendEvent(nil, refusal); err == nil {
			_, _ = c.Write(line)
		}
	}
}

// Addr is the address between daemons, ClientAddr the one for clients.
func (d *Daemon) Addr() netip.AddrPort { return d.conn.LocalAddr() }

// ClientAddr is the address at which the daemon takes its client, over TCP and, if it serves them, legacy ones over UDP.
func (d *Daemon) ClientAddr() netip.AddrPort {
	return d.ln.Addr().(*net.TCPAddr).AddrPort() //nolint:forcetypeassert // ListenClients listens on TCP
}

// Engine is the daemon's engine, for clients in the same process.
func (d *Daemon) Engine() *engine.Engine { return d.engine }

// Run serves until ctx ends, then says goodbye to all partners and returns nil. The client hears the end of its chats
// before its connection is closed.
func (d *Daemon) Run(ctx context.Context) error {
	// The client port outlives the engine by a moment, so that clients hear how their chats ended.
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	servers := []func() error{func() error {
		return d.engine.ServeClients(serving, d.ln, func() client.Protocol { return client.Native{} })
	}}
	if d.legacy != nil {
		servers = append(servers, func() error { return d.legacy.Serve(serving) })
	}
	served := make(chan error, len(servers))
	for _, serve := range servers {
		go func() {
			err := serve()
			if err != nil {
				stop() // a daemon that its users cannot reach should not look alive
			}
			served <- err
		}()
	}
	var keeping sync.WaitGroup
	if d.book != nil {
		keeping.Go(func() { d.book.keep(serving) })
	}
	err := d.engine.Run(ctx)
	stopServing()
	for range servers {
		err = errors.Join(err, <-served)
	}
	keeping.Wait()
	if d.record != nil {
		d.record.Close()
	}
	return err
}

// Close frees the sockets of a daemon that was never run.
func (d *Daemon) Close() error {
	var err error
	for _, c := range d.closer {
		err = errors.Join(err, c.Close())
	}
	if d.record != nil {
		d.record.Close()
	}
	return err
}
