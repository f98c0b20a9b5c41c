package definition

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// The measures of a drawing, in pixels.
const (
	svgMargin = 20
	svgWidth  = 120
	svgHeight = 30
	svgStep   = 60
	svgLane   = 26
	svgText   = 150
)

// svg draws the states below each other, in the order of the definition. An
// arrow to the next one is straight; all others bow out to the right, the
// longer the further.
func (w drawing) svg() string {
	row := map[string]int{}
	for i, name := range w.order {
		row[name] = i
	}
	arrows := w.arrows()
	slices.SortStableFunc(arrows, func(x, y arrow) int { return span(row, x) - span(row, y) })
	lanes := 0
	var lines strings.Builder
	for _, a := range arrows {
		_, taken := w.taken[[2]string{a.from, a.to}]
		colour, width := "#c0c4c9", 1
		if taken {
			colour, width = "#1a1a1a", 2
		}
		from, to := middle(row[a.from]), middle(row[a.to])
		x, textX, textY := svgMargin+svgWidth, 0, 0
		path := ""
		if row[a.to] == row[a.from]+1 {
			x = svgMargin + svgWidth/2
			path = fmt.Sprintf("M%d %dV%d", x, from+svgHeight/2, to-svgHeight/2)
			textX, textY = x+6, (from+to)/2+4
		} else {
			lanes++
			bow := x + lanes*svgLane
			path = fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x, from+4, bow, from+4, bow, to-4, x, to-4)
			textX, textY = x+lanes*svgLane*3/4+4, (from+to)/2+4
		}
		fmt.Fprintf(&lines, `<path d="%s" fill="none" stroke="%s" stroke-width="%d" marker-end="url(#tip)"/>`+"\n", path, colour, width)
		if taken {
			fmt.Fprintf(&lines, `<text x="%d" y="%d" font-size="10">%s</text>`+"\n", textX, textY, html.EscapeString(w.label(a)))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n",
		2*svgMargin+svgWidth+lanes*svgLane+svgText, 2*svgMargin+len(w.order)*svgStep)
	b.WriteString(`<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" ` +
		`markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>` + "\n")
	b.WriteString(`<rect width="100%" height="100%" fill="#ffffff"/>` + "\n" + lines.String())
	for i, name := range w.order {
		c := w.colours(name)
		y := middle(i) - svgHeight/2
		fmt.Fprintf(&b, `<g><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="8" fill="%s" stroke="%s"/>`,
			html.EscapeString(w.States[name].Summary), svgMargin, y, svgWidth, svgHeight, c.fill, c.line)
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text></g>`+"\n",
			svgMargin+svgWidth/2, y+svgHeight/2+4, html.EscapeString(name))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func middle(row int) int { return svgMargin + row*svgStep + svgHeight/2 }

// span is over how many rows an arrow goes.
func span(row map[string]int, a arrow) int {
	n := row[a.to] - row[a.from]
	return max(n, -n)
}
