package inventory

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
)

// Inventory is what a server had at one time.
type Inventory struct {
	DataDir string    `json:"data_dir"`
	Taken   time.Time `json:"taken"`
	// Files are those of all tables, in the order of their paths.
	Files []server.DataFile `json:"files"`
	// Spaces are the ids of the tablespaces by the names of InnoDB's tables.
	Spaces map[string]uint32 `json:"spaces"`
	// OwnFiles tells that each of them has a file of its name, but those in the
	// system tablespace: MySQL has tablespaces of several tables.
	OwnFiles bool `json:"own_files"`
	// Broken is what the server cannot use.
	Broken []Broken `json:"broken,omitempty"`
}

// Take asks a server, and looks into its data directory.
func Take(ctx context.Context, srv *server.Server, dataDir string) (Inventory, error) {
	inv, err := see(ctx, srv, dataDir)
	if err != nil {
		return inv, err
	}
	inv.Broken = inv.findBroken(inv.OwnFiles)
	return inv, nil
}

// see is Take without a look at what is broken.
func see(ctx context.Context, srv *server.Server, dataDir string) (Inventory, error) {
	inv := Inventory{DataDir: dataDir, Taken: time.Now().UTC()}
	tables, err := srv.Tables(ctx)
	if err != nil {
		return inv, err
	}
	inv.Spaces, inv.OwnFiles = tables.Spaces, srv.DBType == server.MariaDB
	inv.Files, err = look(dataDir, tables.Elsewhere)
	return inv, err
}

// look lists the files that there are now, with those of the ones elsewhere
// that still are.
func look(dataDir string, elsewhere []server.DataFile) ([]server.DataFile, error) {
	files, err := server.DataFiles(dataDir)
	if err != nil {
		return nil, err
	}
	for _, f := range elsewhere {
		err := f.Identify(dataDir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for a table outside the data directory: %w", err)
		}
		files = append(files, f)
	}
	return server.OrderFiles(files), nil
}

// Again returns what of it can be seen without the server, now.
func (inv Inventory) Again() (Inventory, error) {
	var elsewhere []server.DataFile
	for _, f := range inv.Files {
		if f.At != "" {
			elsewhere = append(elsewhere, f)
		}
	}
	files, err := look(inv.DataDir, elsewhere)
	return Inventory{DataDir: inv.DataDir, Taken: time.Now().UTC(), Files: files}, err
}

// byPath returns the files by their paths.
func (inv Inventory) byPath() map[string]server.DataFile {
	files := make(map[string]server.DataFile, len(inv.Files))
	for _, f := range inv.Files {
		files[f.Path] = f
	}
	return files
}

// maxKept is how large a kept inventory can be, in bytes: some hundred for each
// of a million files.
const maxKept = 512 << 20

// Keep writes it to a file.
func (inv Inventory) Keep(path string) error {
	if err := disk.WriteJSON(path, inv); err != nil {
		return fmt.Errorf("keep what the server has: %w", err)
	}
	return nil
}

// Read reads what Keep has written.
func Read(path string) (inv Inventory, err error) {
	if err := disk.ReadJSON(path, maxKept, &inv); err != nil {
		return inv, fmt.Errorf("read what the server had: %w", err)
	}
	return inv, nil
}
