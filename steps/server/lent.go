package server

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"dbcalm-db-cmd/steps/disk"
	"dbcalm-db-cmd/steps/optionfile"
)

// CheckToolReads refuses credentials that name files which the tool, with the
// rights that it is to run with, could not read. It would pass over an included
// file without a word, and log in as somebody else. The credentials file itself
// is lent to it.
func (srv *Server) CheckToolReads() error {
	rights, err := srv.ToolRights()
	if err != nil || rights == nil {
		return err
	}
	file, err := optionfile.Read(srv.CredentialsFile)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	c, err := srv.Credentials()
	if err != nil {
		return err
	}
	names := file.Included()
	for _, name := range []string{c.TLS.CA, c.TLS.CAPath, c.TLS.Cert, c.TLS.Key} {
		if name != "" {
			names = append(names, name)
		}
	}
	names = slices.Compact(names)
	var unread []string
	if err := asUser(syscall.Credential{Uid: rights.UID, Gid: rights.GID, Groups: rights.Groups}, func() error {
		for _, name := range names {
			// #nosec G304 -- the credentials file names it, and the tool is to read it
			f, err := os.Open(name)
			if errors.Is(err, os.ErrPermission) {
				unread = append(unread, name)
				continue
			}
			if err != nil {
				return err
			}
			_ = f.Close()
		}
		return nil
	}); err != nil {
		return fmt.Errorf("%w: look whether the tool may read what %s names: %w", ErrCredentials, srv.CredentialsFile, err)
	}
	if len(unread) == 0 {
		return nil
	}
	user := disk.UserName(int(rights.UID))
	return fmt.Errorf("%w: %s names %s, and the backup tool runs as user %s, who may not read that: give that user, or a group of theirs, the right to read it",
		ErrCredentials, srv.CredentialsFile, strings.Join(unread, ", "), user)
}
