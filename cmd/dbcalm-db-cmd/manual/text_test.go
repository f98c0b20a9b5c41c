package manual

import (
	"strings"
	"testing"
)

const sample = "# About keys\n" + `
Prose that is wrapped at another width than that of
a terminal, so that it flows ` + "`a code`" + ` and a [page](restore.md), [its part](restore.md#night), [restore](restore.md).

<!-- generated: keys -->
| Key | Default | Meaning |
|---|---|---|
| ` + "`one`" + ` | 1 | first \| least |
| two |  | second |
<!-- end generated -->

## Marks

| Mark | |
|---|---|
| x | wrong |

- An item that goes on
  in a second line
  - and holds another
- See [the site](https://example.org) and [a file](../doc.go).

` + "```sh\nprintf 'a\\n'\n\n# no heading\n```\n"

func TestText(t *testing.T) {
	t.Parallel()
	want := "# About keys\n" + `
Prose that is wrapped at another width than that of a terminal, so that it flows
` + "`a code` and a page (`program manual restore`), its part (`program manual\nrestore`), `program manual restore`." + `

- ` + "`one`" + `
  Default: 1
  Meaning: first | least
- two: Meaning: second

## Marks

- x: wrong

- An item that goes on in a second line
  - and holds another
- See the site (https://example.org) and a file.

    printf 'a\n'

    # no heading
`
	if got := New("keys", sample).Text("program manual"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRoff(t *testing.T) {
	t.Parallel()
	got := roff(New("keys", sample))
	for _, want := range []string{
		`.TH "PROGRAM-KEYS" "7" "Nov 2026" "program 1.2" "DBCalm"`,
		"program-keys \\- About keys",
		"\n.SH DESCRIPTION\n",
		"a page (\\fBprogram-restore\\fP(7)), its part (\\fBprogram-restore\\fP(7)), \\fBprogram-restore\\fP(7).",
		".IP \\(bu 2\n\\fBone\\fR\n.br\nDefault: 1\n.br\nMeaning: first | least\n",
		"\n.SH Marks\n",
		"the site (https://example.org) and a file.",
		".EX\nprintf 'a\\\\n'\n\n# no heading\n.EE\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks\n%s\nof\n%s", want, got)
		}
	}
}
