package codec

// What follows describes datagrams to programs that draw or dissect them. The
// decoder does not read it; both are made of the same constants.

// FieldType is how the bytes of a field are to be read.
type FieldType uint8

// The types of fields.
const (
	FieldNumber FieldType = iota // unsigned, big endian
	FieldName                    // text, filled up with NUL or with blanks
	FieldBytes                   // depends on the kind of the datagram
)

// String returns "number", "name" or "bytes".
func (t FieldType) String() string {
	switch t {
	case FieldNumber:
		return "number"
	case FieldName:
		return "name"
	case FieldBytes:
	}
	return "bytes"
}

// Value is a value of a field that has a name.
type Value struct {
	Value uint32
	Name  string
	Type  byte // the Type of the datagrams in which the value means that; 0: in all
}

// Field is one field of the datagram.
type Field struct {
	Name   string
	Offset int // bytes from the start of the datagram
	Size   int // bytes; 0 for the payload, whose size is the value of Length
	Type   FieldType
	Values []Value // those that have a name; a field without any is just a number, a name or bytes
}

// Layout lists the fields in the order in which they stand in the datagram. Two
// things end earlier: a control datagram without Length, and a [Stub]
// ([StubLayout]).
func Layout() []Field {
	return []Field{
		{Name: "Type", Offset: offType, Size: offOperation - offType, Values: []Value{{typeControl, "control", 0}, {typeChat, "chat", 0}}},
		{Name: "Operation", Offset: offOperation, Size: offSeq - offOperation, Values: operations()},
		{Name: "Sequence", Offset: offSeq, Size: offUser - offSeq},
		{Name: "User", Offset: offUser, Size: offLength - offUser, Type: FieldName},
		{Name: "Length", Offset: offLength, Size: offPayload - offLength},
		{Name: "Payload", Offset: offPayload, Type: FieldBytes},
	}
}

// StubLayout lists the fields of a [Stub].
func StubLayout() []Field {
	return []Field{
		{Name: "Type", Offset: offType, Size: 1, Values: []Value{{stubMark, kindAndMark(forms[Stub].kind, Stub), 0}}},
		{Name: "User", Offset: 1, Size: stubLen - 1, Type: FieldName},
	}
}

// Code is a pair of Type and Operation, and what it stands for.
type Code struct {
	Type, Operation byte
	Kind            Kind
	Form            Form
	Notes           Notes // what [Decode] remarks on it
	Text            bool  // its payload is for people
}

// Name is how summaries call it: the kind, and behind it in parentheses the form
// if that is not the usual one.
func (c Code) Name() string { return kindAndMark(c.Kind, c.Form) }

func kindAndMark(k Kind, f Form) string {
	if f == Usual {
		return k.String()
	}
	return k.String() + "(" + f.mark() + ")"
}

// Codes lists the pairs that [Decode] understands. A [Stub] has none.
func Codes() []Code {
	var all []Code
	for typ := range 0x100 {
		for op := range 0x100 {
			if k, f, err := kindOf(byte(typ), byte(op)); err == nil {
				d := Datagram{Kind: k, Form: f}
				all = append(all, Code{byte(typ), byte(op), k, f, f.notes(), k == CHAT || d.forPeople()})
			}
		}
	}
	return all
}

func operations() []Value {
	var all []Value
	for _, c := range Codes() {
		all = append(all, Value{uint32(c.Operation), c.Name(), c.Type})
	}
	return all
}

// Vocabulary is what native peers write for each other where others write
// nothing: in a SYN, SYN+ACK, ACK and FIN, and behind CHAT and ERR.
type Vocabulary struct {
	Announcement string          // the first word of an announcement
	Prefix       string          // what it begins with in every version
	LastWord     int             // the length of its last word at least: filler and seal
	Seal         int             // the length of the seal, and of the checksum that others put behind the payload
	Acks         map[string]Kind // the first word of an ACK, and what it acknowledges
	Reasons      []string        // the first words of a FIN
	Token        int             // the length of the name of a conversation
	Alphabet     string          // its characters
	NumberMark   byte            // stands in front of the number of a message
}

// Words returns the vocabulary.
func Words() Vocabulary {
	v := Vocabulary{
		Announcement: Announcement, Prefix: announcementPrefix, LastWord: minLastWord, Seal: trailerLen, Acks: make(map[string]Kind),
		Token: TokenLen, Alphabet: tokenAlphabet, NumberMark: numberMark,
	}
	for k := SYN; k <= CHAT; k++ {
		if word := AckWord(k); word != "" {
			v.Acks[word] = k
		}
	}
	for r := Left; int(r) < len(reasonNames); r++ {
		v.Reasons = append(v.Reasons, r.Word())
	}
	return v
}

// DecodeErrors lists the errors of [Decode], in the order in which it looks for
// them.
func DecodeErrors() []error {
	return []error{ErrEmpty, ErrOversized, ErrShort, ErrType, ErrOperation}
}
