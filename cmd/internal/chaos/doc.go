// Package chaos has no code but tests: they run the programs as people do, two daemons and two clients in processes of their
// own on real sockets, over a network that loses, doubles, delays and reorders, and kill what the promises have to survive.
//
// Most of the time they wait for a timer: each of the two directions loses three datagrams of ten, so about every second
// exchange waits for a retransmission, and a message takes some 30 ms. How many messages there are is a flag:
//
//	go test ./cmd/internal/chaos -messages 2000
package chaos
