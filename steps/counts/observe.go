package counts

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
)

// observePatience bounds the wait for what a server says of all its tables, each
// of which it opens for that.
const observePatience = 10 * time.Minute

// Table is what a server says of a table at one time.
type Table struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	// File is what its files are called, without their suffixes: "shop/orders".
	File   string `json:"file"`
	Engine string `json:"engine"`
	// Created is when it was made, and Changed when it was last changed, in seconds
	// of Unix time; 0 where the server does not say.
	Created int64 `json:"created,omitempty"`
	Changed int64 `json:"changed,omitempty"`
	// Files are the times and sizes of MyISAM's files; none where they are not to be
	// had.
	Files []fileState `json:"files,omitempty"`
	// Partitioned tells a table of several parts.
	Partitioned bool `json:"partitioned,omitempty"`
	// Virtual tells that it has columns which are computed whenever it is read.
	Virtual bool `json:"virtual,omitempty"`
	// Size is about how many bytes there are to read.
	Size int64 `json:"size,omitempty"`
}

// fileState is what changes when a file is written to.
type fileState struct {
	Size     int64 `json:"size"`
	Modified int64 `json:"modified"`
	Changed  int64 `json:"changed"`
}

// Observation is what a server says of all its tables at one time.
type Observation struct {
	Flavour string `json:"flavour"`
	Version string `json:"version"`
	// Asked is when that was, by the server's clock, and Started when the server was
	// started, in seconds of Unix time.
	Asked   int64 `json:"asked"`
	Started int64 `json:"started"`
	// Remembers tells that the server has room in its memory for all of InnoDB's
	// tables, and so forgets of none when it was changed.
	Remembers bool `json:"remembers"`
	// Mapped tells that the files of MyISAM may be written through memory, which
	// changes their times late.
	Mapped bool    `json:"mapped"`
	Tables []Table `json:"tables"`
	// Failed says why nothing is known; empty if something is.
	Failed string `json:"failed,omitempty"`
}

// Counter counts the rows of a server's tables.
type Counter struct {
	Server  *server.Server
	DataDir string
	// Checksums tells to ask for the tables' checksums, too.
	Checksums bool
}

// systemSchemas are the databases that are the server's own.
const systemSchemas = `('mysql', 'sys', 'information_schema', 'performance_schema', 'ndbinfo')`

// Observe asks a server. What keeps it from answering is in the observation; an
// error is the cause of ctx.
func (c Counter) Observe(ctx context.Context) (Observation, error) {
	o, err := c.ask(ctx)
	if err != nil && ctx.Err() != nil {
		return o, context.Cause(ctx)
	}
	if err != nil {
		return Observation{Version: o.Version, Failed: err.Error()}, nil
	}
	return o, nil
}

func (c Counter) ask(ctx context.Context) (Observation, error) {
	db, err := c.Server.Open(ctx, observePatience)
	if err != nil {
		return Observation{}, err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(ctx, observePatience)
	defer cancel()
	// One connection for all: what is set goes for it alone.
	var o Observation
	conn, err := db.Conn(ctx)
	if err == nil {
		defer conn.Close()
		o, err = c.observe(ctx, conn)
	}
	if err != nil {
		return o, fmt.Errorf("ask the server when its tables were changed: %w", err)
	}
	return o, nil
}

func (c Counter) observe(ctx context.Context, db *sql.Conn) (o Observation, err error) {
	o.Flavour = c.Server.DBType
	if err := db.QueryRowContext(ctx, `SELECT @@version`).Scan(&o.Version); err != nil {
		return o, err
	}
	if _, err := db.ExecContext(ctx, `SET SESSION time_zone = '+00:00', lock_wait_timeout = 2`); err != nil {
		return o, err
	}
	// MySQL 8 else tells what it has told within the last day.
	if _, err := db.ExecContext(ctx, `SET SESSION information_schema_stats_expiry = 0`); err != nil && !refusedWith(err, errNoVariable) {
		return o, err
	}
	if err := o.askServer(ctx, db); err != nil {
		return o, err
	}
	if o.Tables, err = tables(ctx, db); err != nil {
		return o, err
	}
	if c.Checksums {
		if err := o.askVirtual(ctx, db); err != nil {
			return o, err
		}
	}
	for i, t := range o.Tables {
		if t.Engine == myISAM && !t.Partitioned {
			o.Tables[i].Files = fileStates(c.DataDir, t.File)
		}
	}
	return o, nil
}

// askServer asks for what goes for all tables.
func (o *Observation) askServer(ctx context.Context, db *sql.Conn) error {
	var name string
	var uptime int64
	if err := db.QueryRowContext(ctx, `SELECT UNIX_TIMESTAMP()`).Scan(&o.Asked); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, `SHOW GLOBAL STATUS LIKE 'Uptime'`).Scan(&name, &uptime); err != nil {
		return err
	}
	o.Started = o.Asked - uptime
	var cache, known int64
	if err := db.QueryRowContext(ctx, `SELECT @@table_definition_cache`).Scan(&cache); err != nil {
		return err
	}
	var mapped string
	err := db.QueryRowContext(ctx, `SHOW GLOBAL VARIABLES LIKE 'myisam_use_mmap'`).Scan(&name, &mapped)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	o.Mapped = strings.EqualFold(mapped, "ON")
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM information_schema.INNODB_SYS_TABLES`).Scan(&known)
	if refusedWith(err, errNoTable) {
		// MySQL 8 calls it so.
		err = db.QueryRowContext(ctx, `SELECT count(*) FROM information_schema.INNODB_TABLES`).Scan(&known)
	}
	if err != nil {
		return err
	}
	// Some room is for tables that come and go meanwhile.
	o.Remembers = known+known/4 < cache
	return nil
}

// tables lists the tables that a backup user may see, in the order of their names.
func tables(ctx context.Context, db *sql.Conn) ([]Table, error) {
	rows, err := db.QueryContext(ctx, `SELECT TABLE_SCHEMA, TABLE_NAME,
			HEX(CONVERT(TABLE_SCHEMA USING filename)), HEX(CONVERT(TABLE_NAME USING filename)), coalesce(ENGINE, ''),
			coalesce(UNIX_TIMESTAMP(CREATE_TIME), 0), coalesce(UNIX_TIMESTAMP(UPDATE_TIME), 0),
			coalesce(CREATE_OPTIONS, '') LIKE '%partitioned%', coalesce(DATA_LENGTH, 0)
		FROM information_schema.TABLES
		WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA NOT IN `+systemSchemas+`
		ORDER BY TABLE_SCHEMA, TABLE_NAME`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Table
	for rows.Next() {
		var t Table
		var schema, name string
		if err := rows.Scan(&t.Schema, &t.Name, &schema, &name, &t.Engine, &t.Created, &t.Changed, &t.Partitioned, &t.Size); err != nil {
			return nil, err
		}
		inSchema, err := hex.DecodeString(schema)
		if err != nil {
			return nil, fmt.Errorf("the name of the files of %s.%s: %w", t.Schema, t.Name, err)
		}
		of, err := hex.DecodeString(name)
		if err != nil {
			return nil, fmt.Errorf("the name of the files of %s.%s: %w", t.Schema, t.Name, err)
		}
		t.File = string(inSchema) + "/" + string(of)
		list = append(list, t)
	}
	return list, rows.Err()
}

// askVirtual notes which tables have virtual columns. What those hold may depend
// on who reads them, and a checksum on what they hold.
func (o *Observation) askVirtual(ctx context.Context, db *sql.Conn) error {
	rows, err := db.QueryContext(ctx, `SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME FROM information_schema.COLUMNS
		WHERE EXTRA LIKE '%VIRTUAL%' AND TABLE_SCHEMA NOT IN `+systemSchemas)
	if err != nil {
		return err
	}
	defer rows.Close()
	virtual := map[tableName]bool{}
	for rows.Next() {
		var n tableName
		if err := rows.Scan(&n.schema, &n.name); err != nil {
			return err
		}
		virtual[n] = true
	}
	for i, t := range o.Tables {
		o.Tables[i].Virtual = virtual[tableName{t.Schema, t.Name}]
	}
	return rows.Err()
}

// tableName names a table on a server.
type tableName struct{ schema, name string }

// fileStates looks at the files of a MyISAM table; none if one cannot be seen.
func fileStates(dataDir, file string) []fileState {
	if !filepath.IsLocal(file) {
		return nil
	}
	var states []fileState
	for _, suffix := range []string{".MYD", ".MYI"} {
		var st unix.Stat_t
		// DATA DIRECTORY makes links.
		if err := unix.Stat(filepath.Join(dataDir, file+suffix), &st); err != nil {
			return nil
		}
		states = append(states, fileState{Size: st.Size, Modified: st.Mtim.Nano(), Changed: st.Ctim.Nano()})
	}
	return states
}

// maxKept is how large what is kept of a server's tables can be, in bytes: some
// hundred for each of some million.
const maxKept = 1 << 30

// Keep writes it into a file.
func (o Observation) Keep(path string) error {
	if err := disk.WriteJSON(path, o); err != nil {
		return fmt.Errorf("keep when the tables were changed: %w", err)
	}
	return nil
}

// ReadObservation reads what Keep has written.
func ReadObservation(path string) (o Observation, err error) {
	if err := disk.ReadJSON(path, maxKept, &o); err != nil {
		return o, fmt.Errorf("read when the tables were changed: %w", err)
	}
	return o, nil
}
