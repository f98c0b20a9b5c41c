package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
)

// OutsideTable is a table, or a partition of one, whose file the server keeps
// outside its data directory, by DATA DIRECTORY or in a tablespace of its own; or
// a whole database, whose folder is a link.
type OutsideTable struct {
	// Table is what it is called in the data directory, such as "shop/orders", or
	// "shop" for a database.
	Table string `json:"table"`
	// At is where its file, or the folder, lies.
	At string `json:"at"`
}

// IsDatabase reports whether it is a whole database.
func (t OutsideTable) IsDatabase() bool { return !strings.Contains(t.Table, "/") }

// Outside returns the tables that lie outside the data directory.
func (s *Conn) Outside(ctx context.Context, info Info) ([]OutsideTable, error) {
	list, err := linkedTables(info.DataDir)
	if err != nil {
		return nil, fmt.Errorf("look for tables outside the data directory: %w", err)
	}
	if info.Flavour == MySQL {
		// Its dictionary knows of them, too, and alone does in 8.0.
		ctx, cancel := context.WithTimeout(ctx, ServerTimeout)
		defer cancel()
		err = s.eachSpace(ctx, []string{
			`SELECT SPACE, PATH FROM information_schema.INNODB_SYS_DATAFILES WHERE PATH NOT LIKE './%'`,
			`SELECT SPACE, PATH FROM information_schema.INNODB_DATAFILES WHERE PATH NOT LIKE './%'`,
		}, func(_ uint32, path string) {
			if strings.HasSuffix(path, tablespaceSuffix) && !within(info.DataDir, path) {
				table := filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path))
				list = append(list, OutsideTable{strings.TrimSuffix(table, tablespaceSuffix), path})
			}
		})
		if err == nil || isRefusal(err) {
			err = s.eachSpace(ctx, []string{undoFiles}, func(_ uint32, path string) {
				if !within(info.DataDir, path) {
					list = append(list, OutsideTable{filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path)), path})
				}
			})
		}
		if err != nil && !isRefusal(err) {
			return nil, fmt.Errorf("ask the server for tables outside the data directory: %w", err)
		}
	}
	slices.SortFunc(list, func(a, b OutsideTable) int { return strings.Compare(a.Table+a.At, b.Table+b.At) })
	return slices.Compact(list), nil
}

// undoFiles asks for the files of undo logs, which a list of MySQL's own has from
// 8.0 on and the others have not.
const undoFiles = `SELECT FILE_ID, FILE_NAME FROM information_schema.FILES WHERE FILE_TYPE = 'UNDO LOG' AND ENGINE = 'InnoDB'`

func isRefusal(err error) bool {
	_, refused := errors.AsType[*mysql.MySQLError](err)
	return refused
}

// linkedTables returns the tables in a data directory that have a file which says
// where they lie, and the databases that are links.
func linkedTables(dataDir string) ([]OutsideTable, error) {
	top, err := os.ReadDir(dataDir)
	if err != nil {
		return nil, err
	}
	var list []OutsideTable
	for _, entry := range top {
		in, err := os.ReadDir(filepath.Join(dataDir, entry.Name()))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if entry.Type()&fs.ModeSymlink != 0 && slices.ContainsFunc(in, isTableFile) {
			at, err := filepath.EvalSymlinks(filepath.Join(dataDir, entry.Name()))
			if err != nil {
				return nil, err
			}
			list = append(list, OutsideTable{entry.Name(), at})
		}
		for _, file := range in {
			table, is := strings.CutSuffix(file.Name(), linkSuffix)
			if !is {
				continue
			}
			at, err := disk.ReadSmall(filepath.Join(dataDir, entry.Name()), file.Name(), maxLink)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, err
			}
			list = append(list, OutsideTable{filepath.Join(entry.Name(), table), strings.TrimSpace(string(at))})
		}
	}
	return list, nil
}

// tablesNamed is how many tables a text names.
const tablesNamed = 10

// ToFolderOnly says what the server does so that its backups can be restored to a
// folder and not to database; empty if they can.
func (info Info) ToFolderOnly() string {
	var why []string
	if len(info.Elsewhere) > 0 {
		why = append(why, "keeps files outside its data directory ("+strings.Join(info.Elsewhere, ", ")+")")
	}
	// MySQL's dictionary holds the place, and the tool does not put the file there:
	// the server would use neither that file nor the one it finds at the old place.
	if tables := info.nameOutside(false); info.Flavour == MySQL && tables != "" {
		why = append(why, "keeps tables outside its data directory ("+tables+")")
	}
	return strings.Join(why, ", and ")
}

// ComeInside names the tables that lie outside the data directory and will lie
// inside once they are restored; empty for none. MariaDB looks for them there
// when no link of its own leads elsewhere, and links are not restored. Of a
// database that is a link the tools copy the files as if they lay inside.
func (info Info) ComeInside() string {
	names := info.nameOutside(true)
	if tables := info.nameOutside(false); info.Flavour != MySQL && tables != "" {
		names = strings.Trim(names+", "+tables, ", ")
	}
	return names
}

// nameOutside names what lies outside: the databases, or the single tables.
func (info Info) nameOutside(databases bool) string {
	var names []string
	more := 0
	for _, t := range info.Outside {
		name := fmt.Sprintf("%s at %s", t.Table, t.At)
		switch {
		case t.IsDatabase() != databases:
			continue
		case len(names) == tablesNamed:
			more++
			continue
		case databases:
			name = "all of " + name
		}
		names = append(names, name)
	}
	if more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
