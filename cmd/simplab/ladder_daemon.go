package main

import (
	"context"
	"fmt"
	"net/netip"

	"simp/cmd/internal/watch"
	"simp/codec/client"
	"simp/engine/follow"
)

// watched is a daemon as a source: it tells by itself what it sends and receives, to whoever is on its host.
func watched(ctx context.Context, addr netip.AddrPort) (liveSource, error) {
	ctx, stop := context.WithCancel(ctx)
	stream, err := watch.Dial(ctx, addr)
	if err != nil {
		stop()
		return liveSource{}, err
	}
	n, own := 0, stream.Start.Addr
	return liveSource{
		name:  "the daemon at " + own.String(),
		close: stop,
		next: func() (liveNews, error) {
			for event := range stream.Events() {
				switch event := event.(type) {
				case client.Datagram:
					n++
					p := follow.Packet{N: n, At: event.At, From: event.Peer, To: own, Bytes: event.Bytes}
					if event.Dir == client.DirectionOut {
						p.From, p.To = own, event.Peer
					}
					return liveNews{packet: p}, nil
				case client.Missed:
					return liveNews{gap: fmt.Sprintf("some is missing here: %d steps and datagrams that the daemon could not tell in time", event.N)}, nil
				}
			}
			return liveNews{}, stream.Err()
		},
	}, nil
}
