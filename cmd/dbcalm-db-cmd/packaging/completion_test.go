package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// completing are programs for the shells: they load the completion from a file
// ($0 or $1), and print what they would offer after "dbcalm-db-cmd operations".
var completing = map[string]string{
	"bash": `
		source /usr/share/bash-completion/bash_completion
		source "$0"
		COMP_LINE="dbcalm-db-cmd operations " COMP_POINT=25 COMP_TYPE=9 COMP_WORDS=(dbcalm-db-cmd operations "") COMP_CWORD=2
		__start_dbcalm-db-cmd
		printf '%s\n' "${COMPREPLY[@]}"`,
	"fish": `
		source $argv[1]
		complete --do-complete "dbcalm-db-cmd operations "`,
	"zsh": `
		compdef() { }
		_describe() { [[ $1 != -V ]] || shift; print -l -- ${(P)2} }
		source $0
		words=(dbcalm-db-cmd operations "") CURRENT=3
		_dbcalm-db-cmd`,
}

// shellFiles are where an installation has the completions.
var shellFiles = map[string]string{
	"bash": "usr/share/bash-completion/completions/dbcalm-db-cmd",
	"fish": "usr/share/fish/vendor_completions.d/dbcalm-db-cmd.fish",
	"zsh":  "usr/share/zsh/vendor-completions/_dbcalm-db-cmd",
}

func TestShellsComplete(t *testing.T) {
	t.Parallel()
	tree, _ := build(t)
	for shell, program := range completing {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			requireShell(t, shell)
			args := map[string][]string{"bash": {"--norc", "-c"}, "fish": {"--no-config", "--command"}, "zsh": {"--no-rcs", "-c"}}[shell]
			cmd := exec.Command(shell, append(args, program, filepath.Join(tree, shellFiles[shell]))...)
			cmd.Env = append(os.Environ(), "PATH="+filepath.Join(tree, "usr/bin")+":"+os.Getenv("PATH"), "HOME="+t.TempDir())
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var words []string
			for line := range strings.Lines(string(out)) {
				if end := strings.IndexAny(line, " \t\n:"); end >= 0 {
					words = append(words, line[:end])
				}
			}
			for _, want := range []string{"list", "show", "cancel", "retry"} {
				if !slices.Contains(words, want) {
					t.Errorf("%s is not offered:\n%s", want, out)
				}
			}
		})
	}
}

// requireShell skips a test for a shell that is not there; where all are meant
// to be, it fails.
func requireShell(t *testing.T, shell string) {
	t.Helper()
	_, err := exec.LookPath(shell)
	if err == nil && shell == "bash" {
		_, err = os.Stat("/usr/share/bash-completion/bash_completion")
	}
	switch {
	case err == nil:
	case os.Getenv("REQUIRE_SHELLS") != "":
		t.Fatalf("%v: run .ci/deps shells", err)
	default:
		t.Skipf("its completion is not looked at: %v", err)
	}
}
