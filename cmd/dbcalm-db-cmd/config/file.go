package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxConfigSize is far more than any real file; beyond it the path is wrong.
const maxConfigSize = 1 << 20

// entry is one key of the file that is ours.
type entry struct {
	node *yaml.Node
	line int
}

// file is what a file says about our keys.
type file struct {
	path     string
	entries  map[string]entry
	warnings []Finding
	problems []Finding
}

func (f *file) at(line int) string { return fmt.Sprintf("%s:%d", f.path, line) }

// readFile reads the nodes rather than decoding them: they know their
// lines. The returned problem is one of the file as a whole.
func readFile(path string) (*file, *Finding) {
	file := &file{path: path, entries: map[string]entry{}}
	data, err := readLimited(path)
	if err != nil {
		return file, &Finding{Where: path, Advice: readAdvice(err)}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return file, nil
	} else if err != nil {
		return file, syntaxProblem(path, err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return file, &Finding{Where: path, Advice: `only one YAML document is read: remove the line "---" between them`}
	}
	top := resolve(document.Content[0])
	if top.Kind == yaml.ScalarNode && top.ShortTag() == "!!null" {
		return file, nil
	}
	if top.Kind != yaml.MappingNode {
		return file, &Finding{Where: file.at(top.Line), Advice: `write lines of "key: value"`}
	}
	file.collect(top)
	return file, nil
}

func readLimited(path string) ([]byte, error) {
	// #nosec G304 -- whoever starts the program names its configuration
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfigSize+1))
	if err == nil && len(data) > maxConfigSize {
		err = errors.New("larger than 1 MiB")
	}
	return data, err
}

func readAdvice(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("no such file: create it with at least db_type and backup_dir, or name another with --config or $%s", Variable)
	case errors.Is(err, fs.ErrPermission):
		return "permission denied: run as root, or let your user read it"
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Sprintf("cannot be read (%v): name a readable file with --config or $%s", err, Variable)
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

// syntaxProblem words the parser's complaint. The parser quotes a value in one
// case, and a value may be a secret.
func syntaxProblem(path string, err error) *Finding {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	where := path
	if parts := yamlLine.FindStringSubmatch(err.Error()); parts != nil {
		where, text = path+":"+parts[1], parts[2]
	}
	if strings.Contains(text, "unknown anchor") {
		text = "a value that begins with * must be in quotes"
	}
	return &Finding{Where: where, Advice: "not valid YAML: " + text}
}

// resolve follows an alias to what it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}
