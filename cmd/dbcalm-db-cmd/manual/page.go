package manual

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed *.md
var files embed.FS

// Page is one subject of the manual.
type Page struct {
	// Name is what a reader asks for.
	Name string
	// Title says in a few words what the page is about.
	Title string

	body []block
}

// New makes a page of Markdown, which begins with its title as a heading.
func New(name, text string) Page {
	heading, body, _ := strings.Cut(text, "\n")
	return Page{Name: name, Title: strings.TrimPrefix(heading, "# "), body: split(body)}
}

// Pages returns the pages that are files, in the order of their names.
func Pages() ([]Page, error) {
	names, err := fs.Glob(files, "*.md")
	if err != nil {
		return nil, fmt.Errorf("list the pages: %w", err)
	}
	pages := make([]Page, len(names))
	for i, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the page: %w", err)
		}
		pages[i] = New(strings.TrimSuffix(name, suffix), string(text))
	}
	return pages, nil
}

// suffix is what a page's file has behind the page's name.
const suffix = ".md"
