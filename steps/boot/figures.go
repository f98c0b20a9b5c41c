package boot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/go-sql-driver/mysql"

	"dbcalm-db-cmd/steps/counts"
	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/job"
	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
)

// ComparedMark stands in the last line of an examination before what was
// compared with the server's figures.
const ComparedMark = "; compared with the server: "

// figures returns those that were taken of the server when the backup was made,
// nil if none were. Damage says what is wrong with them.
func (e Examination) figures() (f *counts.Figures, damage string, err error) {
	m, err := e.manifest()
	if err != nil || m == nil {
		return nil, "", err
	}
	i := slices.IndexFunc(m.Files, func(f store.ManifestFile) bool { return f.Path == counts.FileName })
	if i < 0 {
		return nil, "", nil
	}
	text, err := disk.ReadSmall(e.Backup, counts.FileName, counts.MaxFile)
	if err != nil {
		return nil, "", fmt.Errorf("read the figures of the tables: %w", err)
	}
	if store.ManifestSum(text) != m.Files[i].SHA256 {
		return nil, "file " + counts.FileName + ": its checksum is not the recorded one", nil
	}
	parsed, err := counts.ParseFigures(text)
	return &parsed, "", err
}

// compareFigures holds the tables against the server's figures, those apart that
// are damaged already, were broken on the server, or may lie outside. It adds to
// the checks what differs, and returns what was compared, for people.
func (e Examination) compareFigures(
	ctx context.Context, s *bootedServer, checks *tableChecks, broken, outside map[tableName]string,
) (string, error) {
	figures, damage, err := e.figures()
	if damage != "" {
		checks.damaged = append(checks.damaged, damage)
	}
	if err != nil || figures == nil {
		return "", err
	}
	if figures.Failed != "" {
		return figures.Describe(), nil
	}
	c := comparison{Figures: *figures, left: figures.Left, spoilt: checks.spoilt, known: checks.known}
	if c.left == nil {
		c.left = map[counts.Reason]int{}
	}
	if c.sums, err = s.sameSeries(ctx, figures.Version); err != nil {
		return "", s.lost(ctx, err)
	}
	var left []counts.Figure
	for _, f := range figures.Tables {
		name := tableName{f.Schema, f.Name}
		switch {
		case broken[name] != "":
			c.left[counts.Broken]++
		case outside[name] != "" || c.spoilt[name]:
			c.left[counts.Unusable]++
		case !c.known[name]:
			c.differ(f, "%d rows were counted when the backup was made, and the table is not there", f.Rows)
		default:
			left = append(left, f)
		}
	}
	err = disk.EachFile(ctx, e.Parallel, len(left), func(i int) error { return c.compare(ctx, s, left[i]) })
	if err != nil {
		return "", s.lost(ctx, err)
	}
	slices.Sort(c.differing)
	checks.damaged = append(checks.damaged, c.differing...)
	return c.describe(), nil
}

// comparison is a comparison under way.
type comparison struct {
	counts.Figures
	// sums tells that checksums can be compared.
	sums bool
	// known are the tables that the server knows, spoilt those that it cannot use
	// or say anything of.
	known, spoilt map[tableName]bool

	mu            sync.Mutex
	rows, checked int
	left          map[counts.Reason]int
	differing     []string
}

// differ notes that a table is not as it was.
func (c *comparison) differ(f counts.Figure, format string, args ...any) {
	c.differing = append(c.differing, f.String()+": "+fmt.Sprintf(format, args...))
}

// compare counts one table.
func (c *comparison) compare(ctx context.Context, s *bootedServer, f counts.Figure) error {
	rows, err := counts.Rows(ctx, s.db, f.Schema, f.Name)
	var sum uint64
	summed := err == nil && rows == f.Rows && f.Checksum != nil && c.sums
	if summed {
		sum, err = counts.Checksum(ctx, s.db, f.Schema, f.Name)
	}
	refusal, refused := errors.AsType[*mysql.MySQLError](err)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case refused:
		// CHECK TABLE has passed it, and reading it does not.
		c.differ(f, "%s", job.Printable([]byte(strings.ReplaceAll(refusal.Message, "\n", " "))))
	case err != nil:
		return err
	case rows != f.Rows:
		c.differ(f, "%d rows were counted when the backup was made, %d came back", f.Rows, rows)
	case summed && sum != *f.Checksum:
		c.differ(f, "its checksum was %d when the backup was made, and what came back has %d", *f.Checksum, sum)
	case summed:
		c.checked++
		c.rows++
	default:
		c.rows++
	}
	return nil
}

// describe says how many tables are as they were counted, and why others were not
// compared.
func (c *comparison) describe() string {
	text := "rows of " + counts.OutOf(c.rows, c.left)
	switch sums := c.Sums(); {
	case sums > 0 && c.sums:
		text += fmt.Sprintf(", checksums of %d", c.checked)
	case sums > 0:
		text += ", no checksums, since the server was one of " + server.Series(c.Version)
	}
	return text + counts.DescribeLeft(c.left)
}

// sameSeries reports whether the server is one of the series of a version:
// checksums of others may differ.
func (s *bootedServer) sameSeries(ctx context.Context, version string) (bool, error) {
	var own string
	if err := s.db.QueryRowContext(ctx, `SELECT @@version`).Scan(&own); err != nil {
		return false, err
	}
	return server.Series(own) == server.Series(version), nil
}
