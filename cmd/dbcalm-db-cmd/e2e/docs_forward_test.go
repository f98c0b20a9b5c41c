package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/testkit"
	mariadbtest "dbcalm-db-cmd/steps/testkit/mariadb"
)

// triedExample is a piece of configuration in the manual that a test runs.
var triedExample = regexp.MustCompile("(?s)<!-- tried: ([a-z]+) -->\n```yaml\n(.*?)```")

// standIns are what the examples call in place of the programs that log in
// somewhere. Each checks that it is called as the real one can be, and keeps
// things in the folder $VAULT.
var standIns = map[string]string{
	"ssh": `[ "$1 $3 $4 $5" = "-i -o BatchMode=yes dbcalm@vault.example" ] && [ $# = 6 ] || exit 64
mkdir -p "$VAULT/backups" && cd "$VAULT" && exec sh -c "$6"`,
	"aws": `[ -n "$AWS_CONFIG_FILE" ] && [ "$1 $2 $3" = "s3 cp --only-show-errors" ] && [ $# = 5 ] || exit 64
case "$4 $5" in
"- s3://vault/"*) cat >"$VAULT/${5##*/}" ;;
"s3://vault/"*" -") cat "$VAULT/${4##*/}" ;;
*) exit 64 ;;
esac`,
	"mc": `[ "$1" = --config-dir ] || exit 64
shift 2
[ "$1" != --quiet ] || shift
case "$1 $2" in
"pipe store/vault/"*) cat >"$VAULT/${2##*/}" ;;
"cat store/vault/"*) cat "$VAULT/${2##*/}" ;;
*) exit 64 ;;
esac`,
	"rclone": `[ "$1" = --config ] && [ $# = 4 ] || exit 64
case "$3 $4" in
"rcat store:vault/"*) cat >"$VAULT/${4##*/}" ;;
"cat store:vault/"*) cat "$VAULT/${4##*/}" ;;
*) exit 64 ;;
esac`,
}

// TestManualForwards takes and restores backups with the commands that the
// manual shows, as they stand there but for two folders.
func TestManualForwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	bin, etc := filepath.Join(w.dir, "bin"), filepath.Join(w.dir, "etc")
	for _, dir := range []string{bin, etc, w.vault()} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range standIns {
		testkit.Program(t, filepath.Join(bin, name), "#!/bin/sh\nVAULT='"+w.vault()+"'\n"+text+"\n")
	}
	w.env = append(w.env, "PATH="+bin+":"+os.Getenv("PATH"))
	w.ageKeys(etc)
	examples := triedExample.FindAllStringSubmatch(manualPage(t, "streams"), -1)
	if len(examples) != len(standIns)+1 {
		t.Errorf("the manual shows %d examples, the test knows %d", len(examples), len(standIns)+1)
	}
	want := map[string]map[string]string{}
	for i, example := range examples {
		name, text := example[1], strings.NewReplacer("/etc/dbcalm", etc, "/mnt/vault", w.vault()).Replace(example[2])
		w.example(text)
		if i > 0 {
			w.stop()
		}
		w.start()
		mariadbtest.FillTables(t, w.db.DB(), 2, 20)
		w.succeeded(w.full(name))
		rows := mariadbtest.Fingerprint(t, w.db.DB())
		v := w.succeeded(w.restore(api.TargetFolder, name))
		want[filepath.Join(v.Args.TmpDir, name)] = rows
	}
	w.db.Stop()
	for folder, rows := range want {
		w.db.StartOn(folder)
		w.holds(rows)
		w.db.Stop()
	}
}

// example takes an example's keys into the configuration.
func (w *world) example(text string) {
	w.t.Helper()
	var keys map[string]yaml.Node
	if err := yaml.Unmarshal([]byte(text), &keys); err != nil {
		w.t.Fatalf("%v\n%s", err, text)
	}
	for key, node := range keys {
		value, err := yaml.Marshal(map[string]any{key: &node})
		if err != nil {
			w.t.Fatal(err)
		}
		_, after, _ := strings.Cut(strings.TrimSpace(string(value)), ":")
		w.configure(key, strings.TrimSpace(after))
	}
}

// ageKeys makes the keys that the example with age uses.
func (w *world) ageKeys(dir string) {
	w.t.Helper()
	key := filepath.Join(dir, "age.key")
	if out, err := exec.Command("age-keygen", "-o", key).CombinedOutput(); err != nil {
		w.t.Fatalf("%v: install the package age\n%s", err, out)
	}
	recipient, err := exec.Command("age-keygen", "-y", key).Output()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "recipients.txt"), recipient, 0o600); err != nil {
		w.t.Fatal(err)
	}
}
