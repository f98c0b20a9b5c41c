package mariadbtest

import (
	"fmt"
	"slices"
)

// Option changes what Start makes.
type Option func(*options)

type options struct {
	binlog   bool
	user     string
	password string
	without  []string
	args     []string
	claim    string
	mysqld   string
}

// WithBinlog turns the binary log on. The backup user then also has the grant
// BINLOG MONITOR, which mariabackup wants only in this case.
func WithBinlog() Option {
	return func(o *options) { o.binlog = true }
}

// WithoutGrants withholds grants from the backup user, named as in a GRANT
// statement. A grant the user would not have had fails the test.
func WithoutGrants(grants ...string) Option {
	return func(o *options) { o.without = append(o.without, grants...) }
}

// WithUser names the backup user and gives it a password.
func WithUser(name, password string) Option {
	return func(o *options) { o.user, o.password = name, password }
}

// WithArgs adds options to every start of the server, after its own ones, so
// that they win.
func WithArgs(args ...string) Option {
	return func(o *options) { o.args = append(o.args, args...) }
}

// Claiming makes the server tell everybody that it is a MySQL of this version.
// Its backup user has all privileges: MariaDB has not those of MySQL's own.
func Claiming(version string) Option {
	return func(o *options) { o.claim = version }
}

// grants lists what the backup user is granted.
func (o *options) grants() ([]string, error) {
	if o.claim != "" {
		return []string{"ALL PRIVILEGES"}, nil
	}
	grants := []string{"RELOAD", "PROCESS"}
	if o.binlog {
		grants = append(grants, "BINLOG MONITOR")
	}
	for _, grant := range o.without {
		i := slices.Index(grants, grant)
		if i < 0 {
			return nil, fmt.Errorf("withhold grant %s: the backup user has only %v", grant, grants)
		}
		grants = slices.Delete(grants, i, i+1)
	}
	return grants, nil
}
