package check

import "simp/fsm"

// Native is the policy between native peers with as few copies as there are kinds of them: the first, and one that is repeated.
// More add states, but no new kind of state.
func Native() fsm.Policy {
	p := fsm.Native()
	p.SYNACKCopies, p.FINCopies, p.RefusalCopies = 2, 2, 2
	return p
}

// Legacy is the policy towards a peer of unknown kind, likewise; both sides have it, as two daemons that do not announce
// themselves. The copy with the other number (4.15) is left out: it is a duplicate that nothing tells from a message, so what
// holds without it would be hidden behind what it costs.
func Legacy() fsm.Policy {
	p := fsm.Legacy()
	p.FINCopies, p.TriesOther = 2, false
	return p
}

// Cases lists the searches that hold, by name. Those that are not Deep take seconds, the others minutes and gigabytes.
func Cases() []Case {
	native, legacy := Native(), Legacy()
	// Users who neither take back nor refuse leave room for more of the rest.
	agreeable := []fsm.Input{fsm.Cancel, fsm.Decline, fsm.LeaveNow}
	agreeable = agreeable[:len(agreeable):len(agreeable)] // for append
	return []Case{
		{Name: "chat", Policy: native, Network: Lossy, Room: 2, Messages: [2]uint8{1, 1}, Invites: [2]uint8{1, 0}},
		{Name: "chat, repeated", Policy: native, Network: Duplicating, Room: 2, Messages: [2]uint8{2, 0}, Invites: [2]uint8{1, 0}},
		{Name: "chat, any order", Policy: native, Network: Reordering, Room: 2, Messages: [2]uint8{2, 0}, Invites: [2]uint8{1, 0}},
		{Name: "both die", Policy: native, Network: Lossy, Room: 2, Messages: [2]uint8{1, 0}, Invites: [2]uint8{1, 0}, Crashes: [2]uint8{1, 1}},
		{Name: "the invited dies, any order", Policy: native, Network: Reordering, Room: 2, Messages: [2]uint8{1, 0}, Invites: [2]uint8{1, 0}, Crashes: [2]uint8{0, 1}},
		{Name: "crossing", Policy: native, Network: Lossy, Room: 2, Messages: [2]uint8{1, 0}, Invites: [2]uint8{1, 1}},
		{Name: "who has died invites again", Policy: native, Network: Lossy, Room: 2, Messages: [2]uint8{1, 0}, Invites: [2]uint8{2, 0}, Crashes: [2]uint8{1, 0}},
		{Name: "two silent chats, any order", Deep: true, Policy: native, Network: Reordering, Room: 2, Invites: [2]uint8{2, 0}, Without: agreeable},
		{Name: "strangers", Strangers: true, Policy: native, Network: Lossy, Room: 2, Messages: [2]uint8{1, 1}, Invites: [2]uint8{1, 0}},
		{Name: "strangers, any order", Strangers: true, Policy: native, Network: Reordering, Room: 2, Messages: [2]uint8{1, 0}, Invites: [2]uint8{1, 0}, Crashes: [2]uint8{0, 1}, Without: agreeable},
		{Name: "strangers, crossing", Strangers: true, Policy: native, Network: Lossy, Room: 2, Messages: [2]uint8{1, 0}, Invites: [2]uint8{1, 1}, Without: agreeable},
		{Name: "legacy", Policy: legacy, Network: Lossy, Room: 3, Messages: [2]uint8{1, 1}, Invites: [2]uint8{1, 0}},
		{Name: "legacy, crossing", Policy: legacy, Network: Lossy, Room: 2, Messages: [2]uint8{1, 0}, Invites: [2]uint8{1, 1}},

		{Name: "three messages each way, any order", Deep: true, Policy: native, Network: Reordering, Room: 2, Messages: [2]uint8{3, 3}, Invites: [2]uint8{1, 0}, Without: agreeable},
		{Name: "three on the way, any order", Deep: true, Policy: native, Network: Reordering, Room: 3, Messages: [2]uint8{2, 0}, Invites: [2]uint8{1, 0}, Without: agreeable},
		{Name: "two chats, any order", Deep: true, Policy: native, Network: Reordering, Room: 2, Messages: [2]uint8{2, 0}, Invites: [2]uint8{2, 0}, Without: agreeable},
		{Name: "crossing, any order", Deep: true, Policy: native, Network: Reordering, Room: 2, Messages: [2]uint8{1, 0}, Invites: [2]uint8{1, 1}, Without: agreeable},
		{Name: "the inviting dies and invites again, any order", Deep: true, Policy: native, Network: Reordering, Room: 2, Messages: [2]uint8{1, 0}, Invites: [2]uint8{2, 0}, Crashes: [2]uint8{1, 0}, Without: agreeable},
		{Name: "the invited dies and is invited again, any order", Deep: true, Policy: native, Network: Reordering, Room: 2, Messages: [2]uint8{1, 0}, Invites: [2]uint8{2, 0}, Crashes: [2]uint8{0, 1}, Without: append(agreeable, fsm.Leave)},
		{Name: "both die, two chats", Deep: true, Policy: native, Network: Lossy, Room: 2, Messages: [2]uint8{1, 1}, Invites: [2]uint8{2, 0}, Crashes: [2]uint8{1, 1}, Without: agreeable},
		{Name: "crossing, both die", Deep: true, Policy: native, Network: Lossy, Room: 2, Messages: [2]uint8{1, 0}, Invites: [2]uint8{1, 1}, Crashes: [2]uint8{1, 1}, Without: agreeable},
		{Name: "crossing, and invited again", Deep: true, Policy: native, Network: Lossy, Room: 2, Messages: [2]uint8{1, 0}, Invites: [2]uint8{1, 2}, Without: agreeable},
		{Name: "crossing, repeated", Deep: true, Policy: native, Network: Duplicating, Room: 2, Messages: [2]uint8{1, 1}, Invites: [2]uint8{1, 1}},
		// Nobody leaves: a legacy partner whose every goodbye is lost is sent the next message until our user has enough (4.6).
		{Name: "legacy, two messages each way", Policy: legacy, Network: Lossy, Room: 2, Messages: [2]uint8{2, 2}, Invites: [2]uint8{1, 0}, Without: append(agreeable, fsm.Leave)},
	}
}

// Named is one of Cases.
func Named(name string) (Case, bool) {
	for _, c := range Cases() {
		if c.Name == name {
			return c, true
		}
	}
	return Case{}, false
}
