package storetest

import (
	"encoding/json"

	"dbcalm-db-cmd/steps/server"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/testkit"
	"dbcalm-db-cmd/steps/tool"
)

// Manifest changes the manifest of a stored backup.
func (k *Kit) Manifest(id string, change func(*store.Manifest)) {
	k.T.Helper()
	m, err := store.ReadManifest(k.Backups.Folder(id))
	k.Must(err)
	change(m)
	k.PutManifest(k.Backups.Folder(id), m)
}

// WriteManifest writes the manifest of what is in a backup's folder.
func (k *Kit) WriteManifest(id, from string) *store.Manifest {
	k.T.Helper()
	folder := k.Backups.Folder(id)
	files, folders, err := store.SealTree(k.T.Context(), folder, 2, store.DescribeFile)
	if err != nil {
		k.T.Fatal(err)
	}
	m := &store.Manifest{Format: store.ManifestFormat, ID: id, ParentID: from, Folders: folders, Files: files,
		Server: server.Info{Flavour: server.MariaDB, Version: "10.11.6-MariaDB"}}
	for _, f := range files {
		m.Size += f.Size
	}
	// A test of its own may have left out the metadata.
	c, _ := tool.ReadCheckpoints(folder)
	m.FromLSN, m.ToLSN = c.FromLSN, c.ToLSN
	k.PutManifest(folder, m)
	return m
}

func (k *Kit) PutManifest(folder string, m *store.Manifest) {
	k.T.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		k.T.Fatal(err)
	}
	testkit.Write(k.T, folder, map[string]string{store.ManifestName: string(text)})
}
