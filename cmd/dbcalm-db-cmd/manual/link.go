package manual

import (
	"regexp"
	"strings"
)

// linkPattern is a link in Markdown: what is shown, and where it leads.
var linkPattern = regexp.MustCompile(`\[([^\]]*)\]\(([^)]+)\)`)

// relink rewrites the links of a text: those to other pages by page, the name
// of which it is given, those to the web so that their address can be read.
// Where a link leads to a file of the source, which a reader of an installed
// program does not have, its words alone stay.
func relink(text string, page func(name string) string) string {
	return linkPattern.ReplaceAllStringFunc(text, func(link string) string {
		match := linkPattern.FindStringSubmatch(link)
		words, target := match[1], match[2]
		file, _, _ := strings.Cut(target, "#")
		name, isPage := strings.CutSuffix(file, suffix)
		switch {
		case strings.HasPrefix(target, "https://"):
			return words + " (" + target + ")"
		case !isPage || strings.Contains(name, "/"):
			return words
		case words == name:
			return page(name)
		}
		return words + " (" + page(name) + ")"
	})
}
