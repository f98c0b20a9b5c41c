package stream

import (
	"fmt"
	"maps"
	"path"
	"slices"
)

// openFile is a file whose end has not come yet.
type openFile struct {
	path    string
	offset  uint64 // where the next payload belongs
	size    uint64
	content []byte
	keeps   bool // content is kept
}

func (f *openFile) expect(offset uint64) string {
	if offset != f.offset {
		return fmt.Sprintf("the payload belongs at %d, the file goes on at %d", offset, f.offset)
	}
	return ""
}

func (f *openFile) advance(length uint64) {
	f.offset += length
	f.size = max(f.size, f.offset)
}

// files are all files of a stream. They are told apart by their clean paths:
// a and ./a are one file.
type files struct {
	going  map[string]*openFile
	ended  map[string]int // places in list
	list   []File         // removed ones have no path
	small  map[string]string
	kept   int  // bytes of content kept, of open and ended files
	closed bool // the file that ends a stream has ended, and nothing else came
}

func newFiles() files {
	return files{going: map[string]*openFile{}, ended: map[string]int{}, small: map[string]string{}}
}

// touch notes that a chunk of the file has come.
func (s *files) touch(key string) {
	if !slices.Contains(afterLast, key) {
		s.closed = false
	}
}

// open returns the file of a payload or seek.
func (s *files) open(name string, flags byte) (*openFile, string) {
	key := path.Clean(name)
	s.touch(key)
	if f := s.going[key]; f != nil {
		return f, ""
	}
	if _, ended := s.ended[key]; ended {
		if flags != flagRewrite {
			return nil, "the file has ended before"
		}
		s.drop(key)
	}
	f := &openFile{path: name, keeps: isSmall(name)}
	s.going[key] = f
	return f, ""
}

// keep adds to the content of a file if it is kept.
func (s *files) keep(f *openFile, p []byte) string {
	switch {
	case !f.keeps:
		return ""
	case len(f.content)+len(p) > maxSmall:
		s.forget(f)
		return ""
	case s.kept+len(p) > maxSmallTotal:
		return fmt.Sprintf("there are more than %d bytes of metadata", maxSmallTotal)
	}
	f.content = append(f.content, p...)
	s.kept += len(p)
	return ""
}

// forget stops to keep the content of a file.
func (s *files) forget(f *openFile) {
	s.kept -= len(f.content)
	f.keeps, f.content = false, nil
}

// seek lets a file go on elsewhere.
func (s *files) seek(f *openFile, offset uint64) string {
	if offset > maxOffset {
		return fmt.Sprintf("no file goes on at %d", offset)
	}
	if offset != f.offset {
		s.forget(f)
	}
	f.offset = offset
	return ""
}

// end takes the end of a file, which may be its only chunk.
func (s *files) end(name string) string {
	f, problem := s.open(name, 0)
	if problem != "" {
		return problem
	}
	key := path.Clean(name)
	delete(s.going, key)
	s.ended[key] = len(s.list)
	// #nosec G115 -- no file, disk or log has 2^63 bytes
	s.list = append(s.list, File{Path: f.path, Size: int64(f.size)})
	if f.keeps {
		s.small[key] = string(f.content)
	}
	if isLast(name) {
		s.closed = true
	}
	return ""
}

// remove takes a file away that has ended. One that is not there is what the
// tool wanted.
func (s *files) remove(name string) string {
	key := path.Clean(name)
	s.touch(key)
	if s.going[key] != nil {
		return "the file is removed before it has ended"
	}
	s.drop(key)
	return ""
}

// rename gives a file that has ended another name, in place of what had it.
func (s *files) rename(from, to string) string {
	old, key := path.Clean(from), path.Clean(to)
	s.touch(old)
	s.touch(key)
	if s.going[old] != nil || s.going[key] != nil {
		return "the file is renamed before it has ended"
	}
	place, ended := s.ended[old]
	if !ended || old == key {
		return ""
	}
	s.drop(key)
	delete(s.ended, old)
	s.ended[key] = place
	if content, kept := s.small[old]; kept {
		s.small[key] = content
	}
	delete(s.small, old)
	s.list[place].Path = to
	return ""
}

// drop forgets a file that has ended.
func (s *files) drop(key string) {
	place, ended := s.ended[key]
	if !ended {
		return
	}
	delete(s.ended, key)
	s.kept -= len(s.small[key])
	delete(s.small, key)
	s.list[place] = File{}
}

// problem says why a stream that ends here is not whole, "" if it is.
func (s *files) problem() string {
	if len(s.going) > 0 {
		return fmt.Sprintf("it ends without the end of %s", slices.Min(slices.Collect(maps.Keys(s.going))))
	}
	if !s.closed {
		return fmt.Sprintf("it ends without the file that is written last, %s", lastNames[0])
	}
	if _, listed := s.ended[tablespacesName]; !listed && listsTablespaces(s.small["xtrabackup_info"]) {
		return fmt.Sprintf("it ends without the file that is written last, %s", tablespacesName)
	}
	return ""
}

func (s *files) contents() Contents {
	return Contents{Files: slices.DeleteFunc(s.list, func(f File) bool { return f.Path == "" }), Small: s.small}
}
