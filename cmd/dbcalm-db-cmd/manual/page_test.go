package manual

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var (
	comment = regexp.MustCompile(`(?s)<!--.*?-->`)
	target  = regexp.MustCompile(`\]\([^)]+\)`)
	opening = regexp.MustCompile("(?m)^```[a-z]+$")
	head    = regexp.MustCompile(`(?m)^\|.*\n\|---.*$`)
	word    = regexp.MustCompile(`[\pL\pN_]+`)
)

// source is a page as it was written.
type source struct {
	Page
	text string
}

func sources(t *testing.T) []source {
	t.Helper()
	pages, err := Pages()
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	var all []source
	for _, page := range pages {
		text, err := files.ReadFile(page.Name + suffix)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, source{page, string(text)})
	}
	return all
}

// seen are the words of a page that a reader of the source sees, but for the
// heads of tables: a list of pairs needs none.
func (s source) seen() []string {
	text := s.text
	for _, unseen := range []*regexp.Regexp{comment, opening, head} {
		text = unseen.ReplaceAllString(text, "")
	}
	text = target.ReplaceAllString(text, "]")
	return word.FindAllString(text, -1)
}

func roff(p Page) string {
	return string(p.Roff("program", "program 1.2", time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)))
}

// Nothing that a reader sees is lost on the way to a terminal or to man.
func TestPagesKeepTheirWords(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for form, text := range map[string]string{"the text": s.Text("program manual"), "roff": roff(s.Page)} {
			has := map[string]bool{}
			for _, w := range word.FindAllString(strings.NewReplacer(`\fB`, "", `\fR`, "", `\fI`, "", `\fP`, "").Replace(text), -1) {
				has[w] = true
			}
			for _, w := range s.seen() {
				if !has[w] {
					t.Errorf("%s of %s lacks %q", form, s.Name, w)
				}
			}
		}
	}
}

// What only the source needs is not shown.
func TestPagesShowNoMarks(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		text := s.Text("program manual")
		for _, mark := range []string{"<!--", "```", "](", "|---"} {
			if strings.Contains(text, mark) {
				t.Errorf("the text of %s has %q", s.Name, mark)
			}
		}
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\n")
			if line != strings.TrimRight(line, " ") {
				t.Errorf("%s: blanks behind %q", s.Name, line)
			}
			// Code keeps its lines, and a word alone is as long as it is.
			flows := !strings.HasPrefix(line, "    ") && strings.Contains(strings.TrimLeft(line, "- "), " ")
			if flows && utf8.RuneCountInString(line) > width {
				t.Errorf("%s: a line is wider than %d: %q", s.Name, width, line)
			}
		}
	}
}

// The pages keep to the Markdown that split and the roff writer know.
func TestPagesAreWrittenSimply(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if !strings.HasPrefix(s.text, "# "+s.Title+"\n\n") || s.Title == "" || len(s.Title) > 60 {
			t.Errorf("%s does not begin with a short heading and an empty line: %q", s.Name, s.Title)
		}
		for _, b := range s.body {
			first := b.lines[0]
			switch {
			case b.kind == code && !strings.HasPrefix(first, "```"):
				t.Errorf("%s: code within a list, which man does not get right: %q", s.Name, first)
			case b.kind == heading && !strings.HasPrefix(first, "## ") && !strings.HasPrefix(first, "### "):
				t.Errorf("%s: a second title: %q", s.Name, first)
			case b.kind == table && (len(b.lines) < 3 || !strings.HasPrefix(b.lines[1], "|---")):
				t.Errorf("%s: a table without a head or rows: %q", s.Name, first)
			case b.kind == table:
				for _, row := range b.rows() {
					if columns := len(b.rows()[0]); len(row) != columns {
						t.Errorf("%s: a row has %d cells of %d: %q", s.Name, len(row), columns, row)
					}
				}
			}
		}
	}
}
