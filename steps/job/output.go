package job

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"unicode"
)

// The bounds of what is kept of a program's output.
const (
	// tailLimit is for its end, in bytes.
	tailLimit = 16 << 10
	// complaintLimit is for the number of its complaints.
	complaintLimit = 20
	// omissionLimit is for the number of files it says it leaves out.
	omissionLimit = 1000
	// lineLimit is for the length of one complaint, in bytes.
	lineLimit = 500
	// dumpLimit is for the length of one line of the end. Longer ones are no
	// words: a dump of a page has 48 KiB, and nothing beside it would be kept.
	dumpLimit = 500
)

// dumped matches a line that is a piece of a dump: another thread of the tool has
// printed a line of its own in the middle of it.
var dumped = regexp.MustCompile(`(?m)^[0-9a-f \t]{80,}` + `(` + regexp.QuoteMeta(cut) + `)?\n`)

// cut stands for the rest of a line that is too long.
const cut = " … (cut: the operation's log has all of it)"

// complaint matches a line in which a tool says that something went wrong.
// It may begin with the number of a thread and the time, in either order and in
// the notation of any version, and with the tool's name, which is the path it
// was started by. The names of tables stand later in a line and cannot match.
var complaint = regexp.MustCompile(`^(\[\d+\] )?([0-9-]+ +[0-9:]+ |[0-9-]+T[0-9:.]+(Z|[+-][0-9:]+) )?(\[\d+\] |\d+ )?(\S+: )?` +
	`((?i:error)\b|\[ERROR\]|FATAL ERROR|Was only able to copy log)`)

// noComplaint matches one that a tool goes on after without a loss: when
// XtraBackup is not let archive the redo log, it reads the log itself.
var noComplaint = regexp.MustCompile(`innodb_redo_log_archive_(start|stop)`)

// omission matches a line in which a tool says that it leaves a file out of
// which it assumes that it is of no use. What is before the file's name may have
// the tool's own path in it; the words come after that.
var omission = regexp.MustCompile(`(?i)^(\S+: )?[^/]*\b(assum\w*|ignor\w*|skip\w*)\b[^/]*\./`)

// telling are words, in small letters, of which each complaint and omission has one.
var telling = [][]byte{[]byte("error"), []byte("was only able"), []byte("assum"), []byte("ignor"), []byte("skip")}

// mayTell reports whether a line can be a complaint or an omission. The tools print
// some lines for each table, and hardly one of them can.
func mayTell(line []byte) bool {
	if bytes.ContainsFunc(line, func(r rune) bool { return r >= unicode.MaxASCII || unicode.IsControl(r) }) {
		return true
	}
	lower := bytes.ToLower(line)
	return slices.ContainsFunc(telling, func(word []byte) bool { return bytes.Contains(lower, word) })
}

// output keeps the end of what is written to it, without dumps, and the
// complaints and omissions however early they came, of complaints the first ones
// and the last, and passes everything on to a log as long as that can be written.
type output struct {
	log  io.Writer
	kept []byte
	line []byte
	// length is that of the line as it came.
	length     int
	complaints []string
	omissions  []string
}

func (o *output) Write(p []byte) (int, error) {
	if o.log != nil {
		if _, err := o.log.Write(p); err != nil {
			o.log = nil
		}
	}
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		o.line = append(o.line, line[:min(len(line), max(0, lineLimit-len(o.line)))]...)
		o.keep(line)
		if ended {
			o.endLine()
			o.kept = append(o.kept, '\n')
		}
		rest = after
	}
	return len(p), nil
}

// keep adds a part of a line to the end.
func (o *output) keep(part []byte) {
	o.kept = append(o.kept, part[:min(len(part), max(0, dumpLimit-o.length))]...)
	if before := o.length; before <= dumpLimit && before+len(part) > dumpLimit {
		o.kept = append(o.kept, cut...)
	}
	o.length += len(part)
	if len(o.kept) > 2*tailLimit {
		// One byte more than is told of: whether a line begins there.
		o.kept = append([]byte(nil), o.kept[len(o.kept)-tailLimit-1:]...)
	}
}

func (o *output) endLine() {
	if mayTell(o.line) {
		o.look(Printable(o.line))
	}
	o.line, o.length = o.line[:0], 0
}

// look keeps a line that is a complaint or an omission.
func (o *output) look(line string) {
	if complaint.MatchString(line) && !noComplaint.MatchString(line) {
		if len(o.complaints) == complaintLimit {
			o.complaints = o.complaints[:complaintLimit-1]
		}
		o.complaints = append(o.complaints, line)
	}
	if len(o.omissions) < omissionLimit && omission.MatchString(line) {
		o.omissions = append(o.omissions, line)
	}
}

// tail returns the last bytes, from the beginning of a line, without what is only
// a piece of a dump.
func (o *output) tail() string {
	kept := o.kept
	if len(kept) > tailLimit {
		kept = kept[len(kept)-tailLimit-1:]
		// One line that is longer than all that is kept has no beginning here.
		i := max(0, bytes.IndexByte(kept, '\n'))
		kept = kept[i+1:]
	}
	return Printable(dumped.ReplaceAll(kept, nil))
}

// Printable leaves out what is no text: the tools ring the terminal's bell
// with some of their errors.
func Printable(text []byte) string {
	return string(bytes.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, bytes.ToValidUTF8(text, []byte("?"))))
}
