package optionfile

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// File holds the lines of an option file, and of all that it includes, in the
// order in which they are read.
type File struct {
	sections []string
	options  []Option
	// included are the paths of the files and folders that it includes.
	included []string
}

// Option is one line of a section.
type Option struct {
	// Section is in small letters.
	Section string
	// Written is the key as it stands there, Key as all its spellings are.
	Written, Key string
	Value        string
}

const (
	// maxDepth is how deep files may include others: the servers read no deeper.
	maxDepth = 10
	// maxLine is how long a line may be, in bytes. The servers cut longer ones.
	maxLine = 4096
	// suffix is that of the files of a folder which are read.
	suffix = ".cnf"
)

// Read reads a file with all that it includes. What it includes and cannot be
// read is an error, where the vendor's programs say nothing and go on.
func Read(path string) (File, error) {
	var file File
	err := file.read(path, 0)
	return file, err
}

func (f *File) read(path string, depth int) error {
	file, err := open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	// A section goes on after what it includes, and not beyond its file.
	section, within := "", false
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, maxLine), maxLine)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '!':
			if err := f.include(path, line, depth); err != nil {
				return err
			}
		case line[0] == '[':
			name, _, closed := strings.Cut(line[1:], "]")
			if !closed {
				return fmt.Errorf("read %s: section %q is not closed", path, line)
			}
			section, within = strings.ToLower(strings.TrimRight(name, " \t")), true
			f.sections = append(f.sections, section)
		case !within:
			return fmt.Errorf("read %s: %q stands before any section", path, strings.SplitN(line, "=", 2)[0])
		default:
			key, value, _ := strings.Cut(cutComment(line), "=")
			f.options = append(f.options, Option{section, strings.TrimSpace(key), normalize(key), optionValue(value)})
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// open opens a file as the vendor's programs do, which take no notice of one
// that everybody may write.
func open(path string) (*os.File, error) {
	// It must not wait for a pipe's other end.
	// #nosec G304 -- the configuration names it
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = fmt.Errorf("read %s: it is a directory", path)
	case !info.Mode().IsRegular():
		err = fmt.Errorf("read %s: it is no regular file", path)
	case info.Mode().Perm()&0o002 != 0:
		err = fmt.Errorf("read %s: the tools ignore it because everyone may write it: chmod 600 it", path)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func (f *File) include(from, line string, depth int) error {
	path, folder, found := directive(line)
	if !found {
		return nil
	}
	if depth == maxDepth-1 {
		return fmt.Errorf("read %s: it is included by files that are included, %d deep, and the server reads no deeper: does a file include itself?", from, maxDepth)
	}
	// To a program, any other path begins where it was started, which is not
	// where others are.
	if !filepath.IsAbs(path) {
		return fmt.Errorf("read %s: it includes %q, which is no absolute path: write it as one", from, path)
	}
	paths := []string{path}
	if folder {
		entries, err := os.ReadDir(path)
		if err != nil {
			return included(from, path, err)
		}
		f.included = append(f.included, path)
		paths = nil
		for _, e := range entries {
			if filepath.Ext(e.Name()) == suffix {
				paths = append(paths, filepath.Join(path, e.Name()))
			}
		}
	}
	f.included = append(f.included, paths...)
	for _, path := range paths {
		if err := f.read(path, depth+1); err != nil {
			return included(from, path, err)
		}
	}
	return nil
}

func included(from, path string, err error) error {
	if _, ours := errors.AsType[*os.PathError](err); ours {
		return fmt.Errorf("read %s, which %s includes: %w: mend that, or take out the line", path, from, err)
	}
	return err
}

// Included lists the files that are included, and the folders.
func (f File) Included() []string { return slices.Clone(f.included) }

// Has reports whether there is such a section, if only an empty one.
func (f File) Has(section string) bool { return slices.Contains(f.sections, section) }

// Of returns the lines of several sections, in the order in which they stand.
func (f File) Of(sections ...string) []Option {
	var options []Option
	for _, o := range f.options {
		if slices.Contains(sections, o.Section) {
			options = append(options, o)
		}
	}
	return options
}

// Values returns the options of several sections as a program sees them that
// reads these: of one that is given more than once, the last line counts,
// whatever section it is in.
func (f File) Values(sections ...string) map[string]string {
	values := map[string]string{}
	for _, o := range f.Of(sections...) {
		values[o.Key] = o.Value
	}
	return values
}
