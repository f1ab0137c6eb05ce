package client

import (
	"encoding/json"
	"fmt"
	"time"
)

// DecodeEvent implements [Protocol]. Fields that are missing are zero, and a
// reason that is not known stays as it is: a daemon may be older or newer than
// its client, as long as the version is the same.
func (Native) DecodeEvent(frame []byte) (Event, error) {
	var head struct {
		V  int    `json:"v"`
		Ev string `json:"ev"`
	}
	if err := json.Unmarshal(frame, &head); err != nil {
		return nil, fmt.Errorf("client: decode event: %w", err)
	}
	if head.V != Version || head.Ev == "" {
		return nil, fmt.Errorf("client: decode event: not an event of version %d of the protocol "+
			"(version %d, event %s); use a client and a daemon of the same release",
			Version, head.V, quoted(head.Ev))
	}
	switch head.Ev {
	case Pong{}.Name():
		return decodeAs[Pong](frame)
	case Connected{}.Name():
		return decodeAs(frame, func(e *Connected) { e.Pending = orNil(e.Pending) })
	case Inviting{}.Name():
		return decodeAs[Inviting](frame)
	case Unanswered{}.Name():
		return decodeAs[Unanswered](frame)
	case Invitation{}.Name():
		return decodeAs[Invitation](frame)
	case Withdrawn{}.Name():
		return decodeAs[Withdrawn](frame)
	case Established{}.Name():
		return decodeAs[Established](frame)
	case Recognised{}.Name():
		return decodeAs[Recognised](frame)
	case Repeated{}.Name():
		return decodeAs[Repeated](frame)
	case Message{}.Name():
		return decodeAs[Message](frame)
	case Sent{}.Name():
		return decodeAs[Sent](frame)
	case Retrying{}.Name():
		return decodeAs[Retrying](frame)
	case Delivered{}.Name():
		return decodeAs[Delivered](frame)
	case Unconfirmed{}.Name():
		return decodeAs[Unconfirmed](frame)
	case Closed{}.Name():
		return decodeAs(frame, func(e *Closed) { e.Undelivered = orNil(e.Undelivered) })
	case Status{}.Name():
		return decodeAs(frame, func(e *Status) {
			e.Chats, e.Pending = orNil(e.Chats), orNil(e.Pending)
			if len(e.Counters) == 0 {
				e.Counters = nil
			}
		})
	case Watching{}.Name():
		return decodeAs(frame, func(e *Watching) { e.Machines = orNil(e.Machines) })
	case Step{}.Name():
		return decodeAs(frame, func(e *Step) { e.At = e.At.Truncate(time.Microsecond) })
	case Datagram{}.Name():
		return decodeAs(frame, func(e *Datagram) { e.At, e.Bytes = e.At.Truncate(time.Microsecond), orNil(e.Bytes) })
	case Missed{}.Name():
		return decodeAs[Missed](frame)
	case Error{}.Name():
		return decodeAs[Error](frame)
	default:
		return Unknown{EvName: head.Ev, Raw: json.RawMessage(string(frame))}, nil
	}
}

// decodeAs reads the fields of one event, and puts right with tidy what
// encoding/json makes of them.
func decodeAs[E Event](frame []byte, tidy ...func(*E)) (Event, error) {
	var e E
	if err := json.Unmarshal(frame, &e); err != nil {
		return nil, fmt.Errorf("client: decode event %q: %w", e.Name(), err)
	}
	for _, f := range tidy {
		f(&e)
	}
	return e, nil
}

// orNil makes an empty list the nil that it was before it was written.
func orNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}
