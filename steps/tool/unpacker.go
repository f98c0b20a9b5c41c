package tool

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

// unpackerNames are the programs that unpack a tool's streams. They come in the
// tool's own package.
var unpackerNames = map[string]string{"mariabackup": "mbstream", "xtrabackup": "xbstream"}

// FindUnpacker returns the path of the program that unpacks the tool's
// streams: the one installed beside the tool, else the one on PATH.
func (t *Tool) FindUnpacker(tool Info) (string, error) {
	name := unpackerNames[tool.Name]
	path, err := exec.LookPath(filepath.Join(filepath.Dir(tool.Path), name))
	if err != nil {
		if path, err = exec.LookPath(name); err != nil {
			return "", fmt.Errorf("no %s beside %s or on PATH, which unpacks streamed backups: %s", name, tool.Path, toolAdvice(t.Server.DBType, ""))
		}
	}
	if err := refuseWrapper(path, "put "+name+" itself in its place"); err != nil {
		return "", err
	}
	return filepath.Abs(path)
}
