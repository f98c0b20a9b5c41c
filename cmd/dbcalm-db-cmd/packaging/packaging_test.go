package packaging

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// top is the folder of the Makefile.
const top = "../../.."

// built holds one installation and one package for all tests.
var built struct {
	once sync.Once
	// tree is the DESTDIR of make install with PREFIX=/usr, deb the package.
	tree, deb string
}

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "packaging")
	if err != nil {
		panic(err)
	}
	built.tree, built.deb = filepath.Join(folder, "tree"), filepath.Join(folder, "bin")
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// build makes both, once.
func build(t *testing.T) (tree, deb string) {
	t.Helper()
	testkit.Slow(t)
	built.once.Do(func() {
		run(t, "make", "--no-print-directory", "BIN="+built.deb, "DESTDIR="+built.tree, "PREFIX=/usr", "install", "deb")
		packages, err := filepath.Glob(filepath.Join(built.deb, "dbcalm-db-cmd_*.deb"))
		if err != nil || len(packages) != 1 {
			t.Fatalf("make deb has made %v, %v", packages, err)
		}
		built.deb = packages[0]
	})
	if !strings.HasSuffix(built.deb, ".deb") {
		t.Fatal("another test has failed to build the package")
	}
	return built.tree, built.deb
}

// run runs a program in the folder of the Makefile and returns what it prints.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := try(t, name, args...)
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return out
}

// try is run for programs that may fail. One that is not there fails the test:
// what has not been looked at must not pass.
func try(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%v: run make deps", err)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = top
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// files lists what is below a folder, each with its mode.
func files(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		found = append(found, info.Mode().String()+" "+strings.TrimPrefix(path, folder))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

func TestInstallAndPackageHaveTheSameFiles(t *testing.T) {
	t.Parallel()
	tree, deb := build(t)
	unpacked := filepath.Join(t.TempDir(), "unpacked")
	run(t, "dpkg-deb", "--extract", deb, unpacked)
	installed, packed := files(t, tree), files(t, unpacked)
	if !slices.Equal(installed, packed) {
		t.Errorf("make install puts\n%s\nand the package\n%s", strings.Join(installed, "\n"), strings.Join(packed, "\n"))
	}
	for _, want := range []string{
		"-rwxr-xr-x /usr/bin/dbcalm-db-cmd",
		"-rw-r--r-- /usr/lib/systemd/system/dbcalm-db-cmd.service",
		"-rw-r--r-- /usr/lib/systemd/system/dbcalm-.service.d/keep-runtime-directory.conf",
		"-rw-r--r-- /usr/lib/tmpfiles.d/dbcalm-db-cmd.conf",
		"-rw-r--r-- /usr/lib/sysusers.d/dbcalm-db-cmd.conf",
		"-rw-r--r-- /usr/share/man/man8/dbcalm-db-cmd.8.gz",
		"-rw-r--r-- /usr/share/man/man8/dbcalm-db-cmd-operations-list.8.gz",
		"-rw-r--r-- /usr/share/man/man7/dbcalm-db-cmd-restore.7.gz",
		"-rw-r--r-- /usr/share/man/man7/dbcalm-db-cmd-machines.7.gz",
		"-rw-r--r-- /usr/share/bash-completion/completions/dbcalm-db-cmd",
		"-rw-r--r-- /usr/share/zsh/vendor-completions/_dbcalm-db-cmd",
		"-rw-r--r-- /usr/share/fish/vendor_completions.d/dbcalm-db-cmd.fish",
		"-rw-r--r-- /usr/share/doc/dbcalm-db-cmd/README.md",
		"-rw-r--r-- /usr/share/doc/dbcalm-db-cmd/CHANGELOG.md",
		"-rw-r--r-- /usr/share/doc/dbcalm-db-cmd/copyright",
		"-rw-r--r-- /usr/share/doc/dbcalm-db-cmd/examples/config.yml",
	} {
		if !slices.Contains(packed, want) {
			t.Errorf("the package lacks %s", want)
		}
	}
	// The API server's files, and everybody's.
	for _, file := range packed {
		if strings.Contains(file, " /etc/") || strings.Contains(file, " /var/") {
			t.Errorf("the package has %s", file)
		}
	}
}

// The same source gives the same package, to the last byte.
func TestPackageIsReproducible(t *testing.T) {
	t.Parallel()
	_, deb := build(t)
	again := t.TempDir()
	run(t, "make", "--no-print-directory", "BIN="+again, "deb")
	first, err := os.ReadFile(deb)
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(filepath.Join(again, filepath.Base(deb)))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(first, second) {
		t.Error("two runs of make deb differ")
	}
}
