package demo

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// printer tells the demo to people.
type printer struct {
	w      io.Writer
	colour bool
	redraw bool // a line may be drawn again in place
	part   int
}

// Styles of a terminal.
const (
	bold  = "1"
	faint = "2"
	red   = "31"
	green = "32"
)

func (p *printer) style(code, text string) string {
	if !p.colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// heading begins a part.
func (p *printer) heading(format string, args ...any) {
	p.part++
	fmt.Fprintf(p.w, "\n%s\n", p.style(bold, fmt.Sprintf("%d  ", p.part)+fmt.Sprintf(format, args...)))
}

// gap parts what belongs to one part.
func (p *printer) gap() { fmt.Fprintln(p.w) }

func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(p.w, "   "+format+"\n", args...)
}

// note is a remark in plain words.
func (p *printer) note(format string, args ...any) {
	fmt.Fprintf(p.w, "   %s\n", p.style(faint, fmt.Sprintf(format, args...)))
}

// scene begins a scene and says what is expected of it.
func (p *printer) scene(title, expect string) {
	fmt.Fprintf(p.w, "\n   %s\n   %s\n", p.style(bold, title), p.style(faint, "expected: "+expect))
}

// cast names the deal of a scene.
func (p *printer) cast(name string) { fmt.Fprintf(p.w, "     %s\n", name) }

// act is what a person does.
func (p *printer) act(who, said string) { p.told(who, said, "") }

// arrived is what came of it, and how long it took.
func (p *printer) arrived(where, what string, took time.Duration) {
	p.told("  "+where, what, p.style(green, fmt.Sprintf("%4d ms", took.Milliseconds())))
}

// kept is what rightly did not change.
func (p *printer) kept(where, what string) { p.told("  "+where, what, p.style(green, "unchanged")) }

// says is what Dealsync says of a pair.
func (p *printer) says(state string) { p.told("  Dealsync", state, p.style(green, "as expected")) }

func (p *printer) fact(format string, args ...any) { p.told("", fmt.Sprintf(format, args...), "") }

func (p *printer) told(who, what, result string) {
	if result == "" {
		fmt.Fprintf(p.w, "     %-12s %s\n", who, what)
		return
	}
	fmt.Fprintf(p.w, "     %-12s %-58s %s\n", who, what, result)
}

// problem is what should not have happened.
func (p *printer) problem(what string) { fmt.Fprintf(p.w, "     %s\n", p.style(red, "PROBLEM: "+what)) }

// table prints rows in columns, those named as right with their ends below each
// other; the last column is as wide as it is.
func (p *printer) table(rows [][]string, right ...int) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if slices.Contains(right, i) {
				b.WriteString(space + cell + "  ")
			} else {
				b.WriteString(cell + space + "  ")
			}
		}
		fmt.Fprintf(p.w, "   %s\n", strings.TrimRight(b.String(), " "))
	}
}
