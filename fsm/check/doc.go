// Package check searches everything that can happen to two users, their two daemons' machines and the network between them,
// breadth first, and judges each step and each state that is reached. What is searched is fsm.Next and fsm.Names, as they ship:
// only the parts of an engine that surround them (queue of messages, timers, what a user was told) are modelled here, as far as
// the future depends on them.
//
// A Case bounds the search: how many messages and invitations each user may have, how many crashes, how many datagrams may be
// on their way, and what the network does to them. Within its bounds the search is exhaustive: timers expire whenever they run,
// users act whenever their commands have an effect, a daemon is killed and starts anew without any memory.
//
// What is judged has the numbers of ARCHITECTURE.md's safety and liveness properties (Property). Liveness is judged in
// every state that is reached, by letting the network become good and the users stop: see calm.go.
//
// The shortest run that violates a property is a Story. It can be read, and its Script is one that the simulator plays.
package check
