package definition

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"dbcalm-db-cmd/steps"
)

//go:embed definitions/*.yaml
var embedded embed.FS

// Names lists the machines this program has.
func Names() []string {
	files, err := fs.Glob(embedded, "definitions/*.yaml")
	if err != nil {
		return nil
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(path.Base(file), ".yaml"))
	}
	slices.Sort(names)
	return names
}

// Source returns the text of a machine's definition.
func Source(name string) (string, error) {
	text, err := embedded.ReadFile("definitions/" + name + ".yaml")
	if err != nil || strings.ContainsAny(name, "/\\") {
		return "", fmt.Errorf("no machine is called '%s'; there are %s", name, strings.Join(Names(), ", "))
	}
	return string(text), nil
}

// Summary returns a machine's purpose in a sentence.
func Summary(name string) (string, error) {
	d, err := Load(name)
	if err != nil {
		return "", err
	}
	return d.Summary, nil
}

func Load(name string) (*Definition, error) {
	text, err := Source(name)
	if err != nil {
		return nil, err
	}
	return Parse(text)
}

// loadAll reads and checks every machine and returns all problems at once.
func LoadAll(registry map[string]steps.Step) (map[string]*Definition, error) {
	definitions := map[string]*Definition{}
	var problems []error
	for _, name := range Names() {
		d, err := Load(name)
		if err == nil {
			err = d.Check(registry)
		}
		if err == nil && d.Name != name {
			err = fmt.Errorf("definition %s: its file is called %s.yaml", d.Name, name)
		}
		problems = append(problems, err)
		definitions[name] = d
	}
	return definitions, errors.Join(problems...)
}
