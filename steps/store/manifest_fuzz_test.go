package store

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// FuzzManifest: of any bytes nothing is believed that leads out of the backup's
// folder or its stage, has no hash, or is of a size that no backup has; and what
// is believed says the same when it is written and read again.
func FuzzManifest(f *testing.F) {
	const hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for _, text := range []string{
		`{"format":1,"id":"full","files":[{"path":"ibdata1","size":0,"sha256":"` + hash + `"}],"folders":["db"]}`,
		`{"format":1,"id":"inc","parent_id":"full","compression":"zstd","files":[{"path":"a.zst","size":9,"sha256":"` + hash +
			`","plain":{"path":"../../a","size":1,"sha256":"` + hash + `"}}]}`,
		`{"format":1,"id":"s","stream":{"file":"../x","sha256":"` + hash + `","stored_size":-1}}`,
		`{"format":99}`, `{"format":1,"id":"..","folders":["a/../../b","/etc"]}`, `[]`, `{"size":1e300}`,
	} {
		f.Add([]byte(text))
	}
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		m := readManifestOf(t, folder, text)
		if m == nil {
			return
		}
		for _, path := range m.Folders {
			demandWithin(t, path)
		}
		for _, file := range m.Files {
			for _, each := range []ManifestFile{file, file.Restored()} {
				demandWithin(t, each.Path)
				if len(each.SHA256) != 64 || each.Size < 0 || each.Size > maxSize {
					t.Errorf("believed is file %q of %d bytes with hash %q", each.Path, each.Size, each.SHA256)
				}
			}
		}
		if m.Stream != nil {
			demandWithin(t, m.Stream.File)
		}
		again, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		got := readManifestOf(t, folder, again)
		if got != nil {
			// What was written anew is another file.
			got.SHA256 = m.SHA256
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("read again %s is %+v, not %+v", again, got, m)
		}
	})
}

// readManifestOf returns nil for a text that is not believed.
func readManifestOf(t *testing.T, folder string, text []byte) *Manifest {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, ManifestName), text, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := ReadManifest(folder)
	if (err == nil) != (m != nil) {
		t.Fatalf("%v with error %v", m, err)
	}
	return m
}

func demandWithin(t *testing.T, path string) {
	t.Helper()
	if !filepath.IsLocal(path) || filepath.Clean(path) != path || path == "." {
		t.Errorf("believed is the path %q", path)
	}
}
