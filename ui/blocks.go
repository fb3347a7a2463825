package ui

import "slices"

// block is a part of the description of a step. Where there is little room, the blocks with the lowest keep first give
// up all but their short form, then go.
type block struct {
	lines []string
	short []string // nil: nothing
	keep  int
}

// only returns the lines of the blocks that are worth at least keep.
func only(blocks []block, keep int) []string {
	var lines []string
	for _, b := range blocks {
		if b.keep >= keep {
			lines = append(lines, b.lines...)
		}
	}
	return lines
}

// squeeze makes blocks fit into h lines: first the short forms from the lowest keep up, then whole blocks go.
func squeeze(blocks []block, h int) (lines []string, whole bool) {
	use := make([][]string, len(blocks))
	total := 0
	for i, b := range blocks {
		use[i] = b.lines
		total += len(b.lines)
	}
	whole = total <= h
	order := make([]int, len(blocks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return blocks[a].keep - blocks[b].keep })
	for _, form := range []func(block) []string{func(b block) []string { return b.short }, func(block) []string { return nil }} {
		for _, i := range order {
			if total <= h {
				break
			}
			smaller := form(blocks[i])
			total += len(smaller) - len(use[i])
			use[i] = smaller
		}
	}
	return slices.Concat(use...), whole
}
