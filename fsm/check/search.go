package check

// Result is what a search has found.
type Result struct {
	States   int            // different pairs that were reached
	Depth    int            // moves to the farthest of them, by the shortest way
	Complete bool           // nothing within the bounds is left out
	Story    *Story         // the shortest run that violates a property; nil: none does
	Fired    map[string]int // how often each rule has fired, by its ID
}

// visit is how a pair was come by.
type visit struct {
	from int32 // index of the visit before
	by   uint8 // index of the move
}

// Search visits every pair that can come about within the bounds, the nearest first, and judges each step, and each pair by what
// becomes of it in a calm.
func Search(c Case) Result {
	c.fired = make(map[string]int)
	start := newPair(&c)
	seen := map[key]struct{}{start.key(): {}}
	calm := newCalm(&c)
	visits := []visit{{}}
	layer, first := []pair{start}, 0
	var possible []move
	result := Result{Fired: c.fired, Complete: true}
	for len(layer) > 0 {
		var found []pair
		for at := range layer {
			possible = c.moves(&layer[at], possible[:0])
			for m := range possible {
				p := layer[at]
				err := c.apply(&p, possible[m])
				k := p.key()
				if _, known := seen[k]; known && err == nil {
					continue
				}
				visits = append(visits, visit{int32(first + at), uint8(m)})
				if err == nil {
					seen[k] = struct{}{}
					found = append(found, p)
					err = calm.judge(p, k)
				}
				if err != nil {
					result.Story = c.tell(visits, err)
					result.Complete = false
				}
				if err != nil || c.Limit > 0 && len(seen) >= c.Limit {
					result.States, result.Complete = len(seen), false
					return result
				}
			}
		}
		first += len(layer)
		if layer = found; len(layer) > 0 {
			result.Depth++
		}
	}
	result.States = len(seen)
	return result
}
