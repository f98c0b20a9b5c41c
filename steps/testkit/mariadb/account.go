package mariadbtest

import (
	"fmt"
	"os"
	"strings"
)

func (s *Server) createBackupUser() error {
	statements, err := s.grantStatements()
	if err != nil {
		return err
	}
	if _, err := s.db.Exec("CREATE USER ?@'localhost' IDENTIFIED BY ?", s.User, s.Password); err != nil {
		return fmt.Errorf("create backup user: %w", err)
	}
	for _, statement := range statements {
		if _, err := s.db.Exec(statement+" TO ?@'localhost'", s.User); err != nil {
			return fmt.Errorf("grant to backup user: %w", err)
		}
	}
	return nil
}

// grantStatements grant the backup user what it needs, but for whom.
func (s *Server) grantStatements() ([]string, error) {
	if s.version != "" {
		return s.mysqlGrants()
	}
	grants, err := s.options.grants()
	if err != nil || len(grants) == 0 {
		return nil, err
	}
	return []string{"GRANT " + strings.Join(grants, ", ") + " ON *.*"}, nil
}

func (s *Server) writeCredentials() error {
	text := fmt.Sprintf("[client-dbcalm]\nuser=%s\npassword=%s\nsocket=%s\n",
		optionValue(s.User), optionValue(s.Password), optionValue(s.Socket))
	if err := os.WriteFile(s.CredentialsFile, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write credentials file: %w", err)
	}
	return nil
}

// optionValue quotes a value where the option file format would misread it: a
// # begins a comment, a backslash an escape, outer spaces are dropped
// (https://mariadb.com/kb/en/configuring-mariadb-with-option-files/).
func optionValue(value string) string {
	if value != "" && !strings.ContainsAny(value, " \t#;'\"\\") {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}
