package demo

import (
	"fmt"
	"strings"
	"time"
)

// bar is how far one thing is.
type bar struct {
	label string
	total int
	done  int
}

const barWidth = 40

func (b bar) String() string {
	done := min(b.done, b.total)
	filled := barWidth
	if b.total > 0 {
		filled = barWidth * done / b.total
	}
	return fmt.Sprintf("   %-22s [%s%s] %4d of %d", b.label, strings.Repeat("#", filled), strings.Repeat(".", barWidth-filled), done, b.total)
}

// bars are redrawn in place on a terminal; elsewhere a line now and then tells
// the same.
type bars struct {
	p     *printer
	list  []bar
	drawn bool
	last  time.Time
}

// plainEvery is how often plain lines tell the progress.
const plainEvery = 2 * time.Second

func (p *printer) bars(list ...bar) *bars {
	b := &bars{p: p, list: list, last: time.Now()}
	if p.redraw {
		b.draw()
	}
	return b
}

func (b *bars) show(done ...int) {
	changed := false
	for i, n := range done {
		changed = changed || b.list[i].done != n
		b.list[i].done = n
	}
	switch {
	case b.p.redraw && changed:
		b.draw()
	case !b.p.redraw && changed && time.Since(b.last) >= plainEvery:
		b.draw()
	}
}

// end leaves the last state on the screen.
func (b *bars) end() { b.draw() }

func (b *bars) draw() {
	if b.p.redraw && b.drawn {
		fmt.Fprintf(b.p.w, "\x1b[%dA", len(b.list))
	}
	for _, x := range b.list {
		if b.p.redraw {
			fmt.Fprint(b.p.w, "\x1b[2K")
		}
		fmt.Fprintln(b.p.w, x)
	}
	b.drawn, b.last = true, time.Now()
}
