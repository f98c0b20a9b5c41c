package server

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// tablesPatience bounds the wait for the list of all tables, which a server
// makes whole before it sends a row. It takes a second for 50,000.
const tablesPatience = 2 * time.Minute

// Tables are what InnoDB knows of its tables.
type Tables struct {
	// Spaces are the ids of their tablespaces by their names, such as
	// "shop/orders", as their files are called; 0 is the system tablespace.
	Spaces map[string]uint32
	// Elsewhere are the tablespaces that lie outside the data directory, as far
	// as the server tells: MariaDB has a file for each that says where.
	Elsewhere []DataFile
}

// Tables asks the server for all of InnoDB's tables. The server reads
// that from its dictionary and opens no table for it.
func (srv *Server) Tables(ctx context.Context) (Tables, error) {
	s, err := srv.connect(ctx, tablesPatience)
	if err != nil {
		return Tables{}, err
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(ctx, tablesPatience)
	defer cancel()
	t := Tables{Spaces: map[string]uint32{}}
	names := map[uint32]string{}
	err = s.eachSpace(ctx, []string{
		`SELECT SPACE, NAME FROM information_schema.INNODB_SYS_TABLES`,
		`SELECT SPACE, NAME FROM information_schema.INNODB_TABLES`,
	}, func(id uint32, name string) {
		t.Spaces[name], names[id] = id, name
	})
	if err != nil {
		return t, fmt.Errorf("ask the server for its tables: %w", err)
	}
	err = s.eachSpace(ctx, []string{
		`SELECT SPACE, PATH FROM information_schema.INNODB_SYS_DATAFILES`,
		`SELECT SPACE, PATH FROM information_schema.INNODB_DATAFILES`,
	}, func(id uint32, path string) {
		if !filepath.IsAbs(path) || !strings.HasSuffix(path, tablespaceSuffix) {
			return
		}
		// The tool gives it the name it would have in the data directory.
		file := DataFile{Path: filepath.Base(path), At: path}
		if own := names[id] + tablespaceSuffix; filepath.Base(own) == file.Path {
			file.Path = own
		}
		t.Elsewhere = append(t.Elsewhere, file)
	})
	if _, refused := errors.AsType[*mysql.MySQLError](err); err != nil && !refused {
		return t, fmt.Errorf("ask the server where its tables lie: %w", err)
	}
	return t, nil
}

// eachSpace calls do for each row of the first query whose table this server
// has: an id and a text.
func (s *Conn) eachSpace(ctx context.Context, queries []string, do func(id uint32, text string)) (err error) {
	var rows *sql.Rows
	for _, query := range queries {
		rows, err = s.db.QueryContext(ctx, query)
		if refused, ok := errors.AsType[*mysql.MySQLError](err); !ok || refused.Number != errUnknownTable && refused.Number != errNoSuchTable {
			break
		}
	}
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id uint32
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return err
		}
		do(id, text)
	}
	return rows.Err()
}
