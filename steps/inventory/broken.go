package inventory

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/server"
)

// Broken is a table, a view or a table's triggers that the server itself could
// not use when a backup was taken.
type Broken struct {
	// File is the table's, without its suffix: "shop/orders", as files are called.
	File string `json:"file"`
	// Why says what is wrong with it.
	Why string `json:"why"`
}

// The suffixes of a table's or a view's definition, and of its triggers.
const (
	definition = ".frm"
	triggers   = ".TRG"
)

// engineFiles are, by the number that a definition has for the engine, the
// suffixes of the files without which there is no table. Partitioned tables have
// another number, and are left alone.
var engineFiles = map[byte][]string{
	9:  {".MYD", ".MYI"},
	12: {".ibd"},
	16: {".ARZ"},
	17: {".CSV"},
	42: {".MAD", ".MAI"},
}

const innodb = 12

// maxDefinition is how large a definition can be, in bytes, and more.
const maxDefinition = 16 << 20

// findBroken lists what is broken. Spaces are InnoDB's tables; missing says that
// each of them with a tablespace of its own must have a file of its name.
func (inv Inventory) findBroken(missing bool) []Broken {
	files := make(map[string]bool, len(inv.Files))
	partitioned := map[string]bool{}
	for _, f := range inv.Files {
		files[f.Path] = true
		if i := partition(f.Path); i > 0 {
			partitioned[f.Path[:i]] = true
		}
	}
	found := map[string]string{}
	for _, f := range inv.Files {
		table, suffix := strings.TrimSuffix(f.Path, filepath.Ext(f.Path)), filepath.Ext(f.Path)
		why := ""
		switch {
		case suffix == triggers && !inv.soundText(f, "TYPE=TRIGGERS\n", "\ntriggers="):
			why = "the file of its triggers cannot be read"
		case suffix == definition && !partitioned[table]:
			why = inv.definitionFault(f, table, files)
		}
		if why != "" && found[table] == "" {
			found[table] = why
		}
	}
	for name, id := range inv.Spaces {
		if !missing || id == 0 || files[name+".ibd"] || strings.HasPrefix(filepath.Base(name), "#sql") {
			continue
		}
		table := name
		if i := partition(name); i > 0 {
			table = name[:i]
		}
		found[table] = "its tablespace is discarded, or its file is missing"
	}
	list := make([]Broken, 0, len(found))
	for table, why := range found {
		list = append(list, Broken{table, why})
	}
	slices.SortFunc(list, func(a, b Broken) int { return strings.Compare(a.File, b.File) })
	return list
}

// partition returns where in the name of a file that of a partition begins, -1
// for none.
func partition(path string) int {
	return max(strings.Index(path, "#P#"), strings.Index(path, "#p#"))
}

// definitionFault says what is wrong with a table or a view, by its definition.
func (inv Inventory) definitionFault(f server.DataFile, table string, files map[string]bool) string {
	const unreadable = "its definition cannot be read"
	head, size, err := readHead(f.In(inv.DataDir))
	if err != nil {
		return "" // dropped meanwhile, or not ours to read: nothing is known
	}
	if bytes.HasPrefix(head, []byte("TYPE=VIEW\n")) {
		if !inv.soundText(f, "TYPE=VIEW\n", "\nview_body_utf8=") {
			return unreadable
		}
		return ""
	}
	// Two bytes that mark it, its engine in the fourth, its length in the eleventh.
	// https://dev.mysql.com/doc/internals/en/frm-file-format.html
	if len(head) < 14 || head[0] != 0xfe || head[1] != 1 || size < int64(binary.LittleEndian.Uint32(head[10:])) {
		return unreadable
	}
	for _, suffix := range engineFiles[head[3]] {
		_, known := inv.Spaces[table]
		switch {
		case files[table+suffix]:
		case head[3] != innodb:
			return "its file " + filepath.Base(table) + suffix + " is missing"
		case !known:
			return "there is a definition of it, and its storage engine does not know it"
		}
	}
	return ""
}

// headRead is how much is read of each definition, in bytes.
const headRead = 64

// readHead returns the first bytes of a regular file and its size. It is called
// for every table, so it takes three calls of the system and no more.
func readHead(path string) (head []byte, size int64, err error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, 0, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, 0, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, 0, disk.ErrRefused
	}
	head = make([]byte, headRead)
	n, err := unix.Pread(fd, head, 0)
	return head[:max(n, 0)], st.Size, err
}

// soundText reports whether a file of text begins and goes on as it should, and
// ends with the end of a line.
func (inv Inventory) soundText(f server.DataFile, begin, within string) bool {
	text, err := disk.ReadSmall(filepath.Dir(f.In(inv.DataDir)), filepath.Base(f.Path), maxDefinition)
	if err != nil {
		return true // dropped meanwhile, or not ours to read: nothing is known
	}
	return strings.HasPrefix(string(text), begin) && strings.Contains(string(text), within) && strings.HasSuffix(string(text), "\n")
}

// StillBroken returns what was broken and is so after the copy, in the same way.
func (inv Inventory) StillBroken(after Inventory) []Broken {
	if len(inv.Broken) == 0 {
		return nil
	}
	suspects := map[string]bool{}
	for _, b := range inv.Broken {
		suspects[b.File] = true
	}
	now := Inventory{DataDir: after.DataDir, Spaces: map[string]uint32{}}
	for _, f := range after.Files {
		if suspects[tableOf(f.Path)] {
			now.Files = append(now.Files, f)
		}
	}
	for name, id := range inv.Spaces {
		table := name
		if i := partition(name); i > 0 {
			table = name[:i]
		}
		if suspects[table] {
			now.Spaces[name] = id
		}
	}
	var left []Broken
	for _, b := range now.findBroken(inv.OwnFiles) {
		if slices.Contains(inv.Broken, b) {
			left = append(left, b)
		}
	}
	return left
}
