// Package engine runs conversations: it is the one place where the protocol (fsm), the bytes (codec) and the sockets
// (netio) meet, and besides netio the only one that reads the clock.
//
// # From the inside out
//
//   - Session is one conversation without I/O: inputs and a time go in, an Outbox comes out. Simulations run sessions as
//     they are.
//   - actor is a goroutine round a session, with the mailbox as the only way in. The network reader, timers and the
//     client post letters to it; nobody else touches the session.
//   - Engine is a daemon: the registry of actors, the network reader, admission.
//   - Client is the user's end: commands in, events out. ServeClients puts it behind TCP connections.
//
// # Who calls what
//
// Engine.Run reads the network on a goroutine of its own and gives each datagram to its peer's actor. A stranger's is
// tried on a session without an actor first, so that a stranger costs no goroutine. Client.Do may be called by one
// goroutine at a time and Client.Next by another one. Config.OnTransition and Config.Observe are called by whoever took
// the step.
//
// # Order
//
// A step is decided, confirmed by the gate, stored, logged; then its events are handed on; then its datagrams are sent.
// So what is acknowledged has been handed on, and what is seen on the wire has been decided.
//
// # Who may drop
//
// From socket to actor: the newest datagram is dropped and counted; its sender repeats it. From user to actor: a command
// is answered with an error. From actor to client: nothing is dropped; without room there is no ACK (4.8), and a client
// that stops reading altogether is disconnected. From actor to a client that watches: what finds no room is counted, and the
// client is told how much that was (8.7).
package engine
