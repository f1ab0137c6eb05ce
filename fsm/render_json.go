package fsm

import (
	"encoding/json"
	"fmt"
	"strings"
)

// ruleJSON is a rule as programs read it.
type ruleJSON struct {
	ID    string     `json:"id"`
	From  string     `json:"from"`
	On    string     `json:"on"`
	Name  string     `json:"name"`
	When  string     `json:"when"` // "": whenever no rule of its state and input in front of it fires
	To    string     `json:"to"`
	Does  [][]string `json:"does"` // examples: the different effects that it has, each in order
	Class string     `json:"class"`
	Ref   []string   `json:"ref"` // sentences of PROTOCOL.md
}

// tableJSON is a view as programs read it. The order of the rules is that in which they are tried.
type tableJSON struct {
	States []string   `json:"states"`
	Inputs []string   `json:"inputs"`
	Rules  []ruleJSON `json:"rules"`
}

// JSON returns the rules as one JSON object, with the names of all states and inputs.
func (v View) JSON() string {
	table := tableJSON{States: stateNames[:], Inputs: inputNames[:], Rules: make([]ruleJSON, len(v))}
	for i, r := range v {
		table.Rules[i] = ruleJSON{
			ID: r.ID(), From: r.From.String(), On: r.On.String(), Name: r.Name, When: r.When, To: r.To.String(),
			Does: effects(r.examples()), Class: r.As.String(), Ref: strings.Fields(r.Ref),
		}
	}
	text, err := json.MarshalIndent(table, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("fsm: strings cannot be written as JSON: %v", err))
	}
	return string(text) + "\n"
}

func effects(examples []Actions) [][]string {
	all := make([][]string, len(examples))
	for i, example := range examples {
		all[i] = []string{} // nothing is an empty list, not null
		for _, a := range example.All() {
			all[i] = append(all[i], a.String())
		}
	}
	return all
}
