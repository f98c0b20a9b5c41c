package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// project is a git repository of a test's own.
type project struct {
	*testing.T
	folder string
}

func newProject(t *testing.T) project {
	t.Helper()
	p := project{t, t.TempDir()}
	p.git("init", "--quiet")
	return p
}

func (p project) command(name string, args ...string) string {
	p.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = p.folder
	// Nothing of the machine's own, and no repository around the folder.
	cmd.Env = append(os.Environ(), "HOME="+p.folder, "GIT_CONFIG_NOSYSTEM=1", "GIT_CEILING_DIRECTORIES="+filepath.Dir(p.folder))
	out, err := cmd.Output()
	if err != nil {
		p.Fatalf("%s %q: %v", name, args, err)
	}
	return strings.TrimSpace(string(out))
}

func (p project) git(args ...string) {
	p.Helper()
	p.command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.org"}, args...)...)
}

func (p project) commit(message string) {
	p.Helper()
	p.git("commit", "--quiet", "--allow-empty", "--message", message)
}

// is compares the version with a pattern, and has dpkg look at it.
func (p project) is(pattern string) string {
	p.Helper()
	script, err := filepath.Abs("version.sh")
	if err != nil {
		p.Fatal(err)
	}
	version := p.command("bash", script)
	if !regexp.MustCompile("^" + pattern + "$").MatchString(version) {
		p.Errorf("the version is %q, want %s", version, pattern)
	}
	p.command("dpkg", "--validate-version", version)
	return version
}

func TestVersionIsTheNewestTag(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.is(`0\+unknown`) // nothing is committed yet
	p.commit("one")
	first := p.is(`0\+1\.g[0-9a-f]{9}`)
	p.git("tag", "nightly")
	p.is(`0\+1\.g[0-9a-f]{9}`) // a tag that is no version
	p.git("tag", "v1.4.0-rc1")
	candidate := p.is(`1\.4\.0~rc1`)
	p.commit("two")
	later := p.is(`1\.4\.0~rc1\+1\.g[0-9a-f]{9}`)
	p.git("tag", "v1.4.0")
	release := p.is(`1\.4\.0`)
	p.commit("three")
	p.commit("four")
	last := p.is(`1\.4\.0\+2\.g[0-9a-f]{9}`)
	p.git("tag", "--annotate", "v1.10.0-beta-2", "--message", "of two words")
	p.is(`1\.10\.0~beta\.2`)

	// Each is an upgrade of the one before.
	order := []string{"0+unknown", first, candidate, later, release, last, "1.10.0~beta.2"}
	for i := 2; i < len(order); i++ {
		p.command("dpkg", "--compare-versions", order[i-1], "lt", order[i])
	}
}

func TestVersionTellsOfChanges(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.commit("one")
	p.git("tag", "v2.0.0")
	if err := os.WriteFile(filepath.Join(p.folder, "new"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.is(`2\.0\.0\.changed`)
	p.commit("two")
	p.is(`2\.0\.0\+1\.g[0-9a-f]{9}\.changed`)
}

func TestVersionOutsideARepository(t *testing.T) {
	t.Parallel()
	project{t, t.TempDir()}.is(`0\+unknown`)
}

// The program says what its package is called.
func TestProgramAndPackageHaveOneVersion(t *testing.T) {
	t.Parallel()
	tree, deb := build(t)
	said := run(t, filepath.Join(tree, "usr/bin/dbcalm-db-cmd"), "version")
	match := regexp.MustCompile(`^dbcalm-db-cmd ([0-9]\S*) \(go1\.\S+, linux/\S+\)\n$`).FindStringSubmatch(said)
	if match == nil {
		t.Fatalf("the program says %q", said)
	}
	if version := strings.TrimSpace(run(t, "dpkg-deb", "--field", deb, "Version")); version != match[1] {
		t.Errorf("the package's version is %s, the program's %s", version, match[1])
	}
}
