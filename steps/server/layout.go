package server

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"dbcalm-db-cmd/steps/optionfile"
)

// folderOptions are the server's options that put files of its data into a
// folder, with the one below the data directory that counts as inside: a restore
// brings these files back there. Those for temporary tables are not among them,
// since a server makes their files anew whenever it starts.
var folderOptions = []struct{ name, inside string }{
	{"innodb-log-group-home-dir", "."}, {"innodb-data-home-dir", "."}, {"innodb-undo-directory", "."},
	{"innodb-doublewrite-dir", "."}, {"aria-log-dir-path", "."},
	{"rocksdb-datadir", "#rocksdb"}, {"rocksdb-wal-dir", "#rocksdb"},
	// Of the binary log that InnoDB writes, from MariaDB 12.3 on: its files must be
	// as old as the tables.
	{"binlog-directory", "."},
}

// The options that are lists: of files with their sizes, the system
// tablespace's; and of folders in which MySQL looks for tablespaces.
const (
	fileList   = "innodb-data-file-path"
	folderList = "innodb-directories"
)

// elsewhere lists the options by which a server keeps files of its data outside
// its data directory, as "name=value".
func elsewhere(dataDir string, values map[string]string) []string {
	var list []string
	for _, o := range folderOptions {
		if outside(dataDir, values[o.name], o.inside) {
			list = append(list, o.name+"="+values[o.name])
		}
	}
	for file := range strings.SplitSeq(values[fileList], ";") {
		path, _, _ := strings.Cut(strings.TrimSpace(file), ":")
		// Where data-home-dir is another folder, that has been told.
		if path != "" && outside(dataDir, filepath.Dir(path), ".") {
			list = append(list, fileList+"="+values[fileList])
			break
		}
	}
	for folder := range strings.SplitSeq(values[folderList], ";") {
		if folder = strings.Trim(folder, ` "'`); folder != "" && !within(dataDir, folder) {
			list = append(list, folderList+"="+values[folderList])
			break
		}
	}
	return list
}

// outside reports whether a folder that a server's option names is another one
// than that inside its data directory. An empty name means that, and the data
// directory itself is as good.
func outside(dataDir, value, inside string) bool {
	if value == "" {
		return false
	}
	path := absolute(dataDir, value)
	if path == filepath.Join(dataDir, inside) || path == filepath.Clean(dataDir) && inside == "." {
		return false
	}
	// Another way may lead to the same folder.
	own, err := os.Stat(filepath.Join(dataDir, inside))
	if err != nil {
		return true
	}
	other, err := os.Stat(path)
	return err != nil || !os.SameFile(own, other)
}

func absolute(dataDir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dataDir, path)
}

// within reports whether a path lies in a data directory.
func within(dataDir, path string) bool {
	relative, err := filepath.Rel(filepath.Clean(dataDir), absolute(dataDir, path))
	return err == nil && filepath.IsLocal(relative)
}

// CheckLayout refuses a server whose option file says that its files lie in more
// than one place: they cannot be put into place in one step. The version is the
// server's, empty where it is not known.
func (srv *Server) CheckLayout(ctx context.Context, version string) error {
	if srv.DefaultsFile == "" {
		return nil
	}
	options, err := srv.toldByFile(ctx, version)
	if err != nil {
		return fmt.Errorf("%w: read server_defaults_file: %w", ErrDataDir, err)
	}
	if other := options["datadir"]; other != "" && outside(srv.DataDir, other, ".") {
		return fmt.Errorf("%w: %s says datadir=%s, but data_dir says %s: correct data_dir or server_defaults_file",
			ErrDataDir, srv.DefaultsFile, other, srv.DataDir)
	}
	if list := elsewhere(srv.DataDir, options); len(list) > 0 {
		return fmt.Errorf("%w: %s puts files outside data_dir (%s): restore to a folder and copy from there",
			ErrDataDir, srv.DefaultsFile, strings.Join(list, ", "))
	}
	return nil
}

// toldByFile returns the options that the server's option file gives it.
func (srv *Server) toldByFile(ctx context.Context, version string) (map[string]string, error) {
	if srv.DBType == MySQL {
		return optionfile.MySQL(srv.DefaultsFile, Series(version))
	}
	return optionfile.MariaDB(ctx, srv.DefaultsFile)
}

// layoutVariables asks a server for the options that elsewhere looks at.
func (s *Conn) layoutVariables(ctx context.Context) (map[string]string, error) {
	names := []string{"'" + strings.ReplaceAll(fileList, "-", "_") + "'", "'" + strings.ReplaceAll(folderList, "-", "_") + "'"}
	for _, o := range folderOptions {
		names = append(names, "'"+strings.ReplaceAll(o.name, "-", "_")+"'")
	}
	// #nosec G202 -- only the program's own words are joined
	rows, err := s.db.QueryContext(ctx, `SHOW GLOBAL VARIABLES WHERE Variable_name IN (`+strings.Join(names, ", ")+`)`)
	if err != nil {
		return nil, fmt.Errorf("ask the server where its files are: %w", err)
	}
	defer rows.Close()
	values := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, fmt.Errorf("ask the server where its files are: %w", err)
		}
		values[strings.ReplaceAll(name, "_", "-")] = value
	}
	return values, rows.Err()
}
