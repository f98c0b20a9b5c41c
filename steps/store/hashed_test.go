package store_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dbcalm-db-cmd/steps/digest"
	"dbcalm-db-cmd/steps/store"
	"dbcalm-db-cmd/steps/stream"
	"dbcalm-db-cmd/steps/testkit"
)

// packed is a folder that was compressed while it was filled.
func packed(t *testing.T, files map[string]string) (work string, list digest.List) {
	t.Helper()
	work = filepath.Join(t.TempDir(), "work")
	if err := os.Mkdir(work, 0o750); err != nil {
		t.Fatal(err)
	}
	w := digest.Watch(work, 2, &digest.Packing{Folder: store.PackingFolder(work), Compression: stream.Zstd})
	if w == nil {
		t.Fatal("nothing can be hashed here")
	}
	testkit.Write(t, work, files)
	list = w.Finish(nil)
	if len(list) != len(files) {
		t.Fatalf("hashed are %v", list)
	}
	if err := list.Write(store.DigestsFile(work)); err != nil {
		t.Fatal(err)
	}
	return work, list
}

func place(t *testing.T, work string) (plain, stored int64) {
	t.Helper()
	files, _, err := store.ListTree(work)
	if err != nil {
		t.Fatal(err)
	}
	if plain, stored, err = store.PlacePacks(t.Context(), work, stream.Zstd, files); err != nil {
		t.Fatal(err)
	}
	return plain, stored
}

func names(t *testing.T, work string) []string {
	t.Helper()
	return slices.Sorted(maps.Keys(testkit.Tree(t, work)))
}

func TestPacksTakeTheirPlaces(t *testing.T) {
	t.Parallel()
	rows := strings.Repeat("row ", 50_000)
	work, _ := packed(t, map[string]string{"ibdata1": rows, "shop/orders.ibd": rows + rows})
	plain, stored := place(t, work)
	if got := names(t, work); !slices.Equal(got, []string{"ibdata1.zst", "shop/", "shop/orders.ibd.zst"}) {
		t.Fatalf("there are %v", got)
	}
	if want := int64(3 * len(rows)); plain != want || stored == 0 || stored > want/10 {
		t.Errorf("%d bytes were compressed to %d", plain, stored)
	}
	files, _, err := store.SealTree(t.Context(), work, 2, store.DescribePacked(work, "zstd", nil))
	if err != nil {
		t.Fatal(err)
	}
	// Told without the list, they must be the same.
	if err := os.Remove(store.DigestsFile(work)); err != nil {
		t.Fatal(err)
	}
	again, _, err := store.SealTree(t.Context(), work, 2, store.DescribePacked(work, "zstd", nil))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		other := again[i]
		if f.Path != other.Path || f.Size != other.Size || f.SHA256 != other.SHA256 || f.Plain == nil || f.Plain.SHA256 != other.Plain.SHA256 ||
			f.Plain.Size != other.Plain.Size || f.Plain.Path != other.Plain.Path {
			t.Errorf("known is %+v, found is %+v", f, other)
		}
	}
}

// A file that has changed since it was compressed, and one whose compressed form
// has, are left to be compressed again.
func TestOtherPacksAreLeft(t *testing.T) {
	t.Parallel()
	work, list := packed(t, map[string]string{"changed": "first", "lost": "lost", "forged": "forged", "kept": "kept"})
	testkit.Write(t, work, map[string]string{"changed": "other"})
	testkit.Write(t, store.PackingFolder(work), map[string]string{list["forged"].Pack.Name: "something else"})
	if err := os.Remove(filepath.Join(store.PackingFolder(work), list["lost"].Pack.Name)); err != nil {
		t.Fatal(err)
	}
	place(t, work)
	if got := names(t, work); !slices.Equal(got, []string{"changed", "forged", "kept.zst", "lost"}) {
		t.Errorf("there are %v", got)
	}
}

// A packed file that is changed after it took its place is looked at anew.
func TestChangedPackIsReadAgain(t *testing.T) {
	t.Parallel()
	work, _ := packed(t, map[string]string{"ibdata1": "rows"})
	place(t, work)
	testkit.Write(t, work, map[string]string{"ibdata1.zst": "no zstd"})
	_, _, err := store.SealTree(t.Context(), work, 2, store.DescribePacked(work, "zstd", nil))
	testkit.Says(t, err, "the compressed file ibdata1.zst cannot be read again")
}
