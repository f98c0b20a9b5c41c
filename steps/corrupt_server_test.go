package steps

import (
	"os"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// The tool dumps a page that is damaged on the server, and says which table it is
// of before that.
func TestDamagedPageIsNamed(t *testing.T) {
	t.Parallel()
	testkit.NeedsServer(t)
	b := newKitBench(t, kits(t)[0])
	mariadbtest.FillTables(t, b.db.DB(), 1, 2000)
	b.db.Stop()
	f, err := os.OpenFile(filepath.Join(b.Server.DataDir, "fill", "t000.ibd"), os.O_RDWR, 0)
	b.Must(err)
	_, err = f.WriteAt([]byte("garbage"), 4*16384+5000)
	b.Must(err)
	b.Must(f.Close())
	b.db.StartOn(b.Server.DataDir)
	for form := range storedForms {
		b.storeIn(form)
		err := b.take(form, "")
		testkit.Says(t, err, "table fill.t000: ", "File ./fill/t000.ibd seems to be corrupted; at last: ",
			"failed to copy datafile", "run CHECK TABLE")
		if n := len(err.Error()); n > 4000 {
			t.Errorf("%s: the error has %d bytes: %v", form, n, err)
		}
	}
}
