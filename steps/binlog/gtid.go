package binlog

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// GTID names one transaction: of MariaDB by Domain, Server and Seq, of MySQL by
// Source and Seq.
type GTID struct {
	Domain, Server uint32
	// Source is MySQL's UUID of the server that made it, with the tag where it has
	// one, as in UUID:TAG; empty for one of MariaDB.
	Source string
	Seq    uint64
}

func (g GTID) String() string {
	if g.Source != "" {
		return g.Source + ":" + strconv.FormatUint(g.Seq, 10)
	}
	return fmt.Sprintf("%d-%d-%d", g.Domain, g.Server, g.Seq)
}

// uuidText is how MySQL writes a server's UUID, and tagText a tag.
// https://dev.mysql.com/doc/refman/9.7/en/replication-gtids-concepts.html
const (
	uuidText = `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`
	tagText  = `[a-z_][a-z0-9_]{0,31}`
)

var mysqlGTID = regexp.MustCompile(`^(` + uuidText + `(?::` + tagText + `)?):([0-9]{1,19})$`)

// ParseGTID reads DOMAIN-SERVER-NUMBER of MariaDB, or UUID:NUMBER or
// UUID:TAG:NUMBER of MySQL.
func ParseGTID(text string) (GTID, error) {
	if found := mysqlGTID.FindStringSubmatch(strings.ToLower(text)); found != nil {
		seq, err := strconv.ParseUint(found[2], 10, 63)
		if err != nil || seq == 0 {
			return GTID{}, noGTID(text)
		}
		return GTID{Source: found[1], Seq: seq}, nil
	}
	parts := strings.Split(text, "-")
	var numbers [3]uint64
	for i, bits := range []int{32, 32, 64} {
		var err error
		if len(parts) == len(numbers) {
			numbers[i], err = strconv.ParseUint(parts[i], 10, bits)
		}
		if err != nil || len(parts) != len(numbers) {
			return GTID{}, noGTID(text)
		}
	}
	// #nosec G115 -- parsed with these sizes
	return GTID{Domain: uint32(numbers[0]), Server: uint32(numbers[1]), Seq: numbers[2]}, nil
}

func noGTID(text string) error {
	return fmt.Errorf("%.80q is no GTID: write DOMAIN-SERVER-NUMBER for MariaDB, such as 0-1-4711, or UUID:NUMBER for MySQL, such as "+
		"3e11fa47-71ca-11e1-9e33-c80aa9429562:4711", text)
}
