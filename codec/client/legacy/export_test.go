package legacy

// Unread is how many messages a dialogue has not shown, also those of conversations that are over.
func Unread(d Dialogue) int {
	var l *lobby
	switch d := d.(type) {
	case *dialogueA:
		l = &d.lobby
	case *dialogueB:
		l = &d.lobby
	case *dialogueC:
		l = &d.lobby
	}
	n := 0
	for _, c := range l.all {
		n += len(c.texts)
	}
	return n
}
