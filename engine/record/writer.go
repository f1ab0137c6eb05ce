package record

import (
	"encoding/json"
	"fmt"
	"io"
)

// Writer writes a recording, or a part of one. Each call writes one line, whole.
type Writer struct{ lines *json.Encoder }

// NewWriter writes the first line.
func NewWriter(to io.Writer, head Head) (*Writer, error) {
	w := &Writer{lines: json.NewEncoder(to)}
	w.lines.SetEscapeHTML(false)
	return w, w.write(head)
}

// Write appends a line.
func (w *Writer) Write(e Entry) error { return w.write(e) }

func (w *Writer) write(line any) error {
	if err := w.lines.Encode(line); err != nil {
		return fmt.Errorf("record: write: %w", err)
	}
	return nil
}
