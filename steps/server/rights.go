package server

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"dbcalm-db-cmd/steps/job"
)

// ToolRights returns the rights that a tool which reads the data directory is to
// run with, those of its owner: what they cannot read must not get into a
// backup. It returns nil, for our own, for XtraBackup, of which it has not been proved
// that it works with what it is lent, and where OwnersRights does.
func (srv *Server) ToolRights() (*job.Rights, error) {
	if srv.DBType != MariaDB {
		return nil, nil
	}
	return srv.OwnersRights()
}

// OwnersRights returns the rights of the data directory's owner; nil, for our own,
// where we are that owner or may not lend rights.
func (srv *Server) OwnersRights() (*job.Rights, error) {
	if os.Geteuid() != 0 || !job.CanLend() {
		return nil, nil
	}
	owner, err := ownerOf(srv.DataDir)
	if err != nil || owner.Uid == 0 {
		return nil, err
	}
	return &job.Rights{UID: owner.Uid, GID: owner.Gid, Groups: owner.Groups, Private: srv.CredentialsFile}, nil
}

// ownerOf returns a folder's owner with all groups that user is in. Of one who
// has no name it is the folder's group.
func ownerOf(folder string) (syscall.Credential, error) {
	info, err := os.Stat(folder)
	if err != nil {
		return syscall.Credential{}, fmt.Errorf("look for the owner of %s: %w", folder, err)
	}
	st, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return syscall.Credential{}, fmt.Errorf("look for the owner of %s: it has none", folder)
	}
	owner := syscall.Credential{Uid: st.Uid, Gid: st.Gid}
	named, err := user.LookupId(strconv.Itoa(int(st.Uid)))
	if err != nil {
		return owner, nil
	}
	if gid, err := strconv.ParseUint(named.Gid, 10, 32); err == nil {
		owner.Gid = uint32(gid)
	}
	groups, err := named.GroupIds()
	if err != nil {
		return owner, fmt.Errorf("look for the groups of user %s: %w", named.Username, err)
	}
	for _, text := range groups {
		if gid, err := strconv.ParseUint(text, 10, 32); err == nil {
			owner.Groups = append(owner.Groups, uint32(gid))
		}
	}
	return owner, nil
}
