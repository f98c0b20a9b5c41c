package access

import (
	"fmt"
	"slices"
	"strings"

	"dbcalm-db-cmd/machine/api"
)

// Rules says who may use a Server. Root and the daemon's own user always may.
// Users and groups are given by name or number.
type Rules struct {
	Users []string
	// Groups holds those whose members may; nil means the sockets' group.
	Groups []string
	// RestoreUsers and RestoreGroups, if either holds anything, narrow down who
	// of these may restore and delete backups.
	RestoreUsers  []string
	RestoreGroups []string
}

// Policy is an Access in numbers.
type Policy struct {
	// own is the user that the daemon runs as.
	own     uint32
	connect members
	// restore is nil where everybody may who may connect.
	restore *members
	// memberships looks the groups of a user up in the user database.
	memberships func(uid uint32) []uint32
}

// members are users and groups.
type members struct {
	users, groups []uint32
}

// Closed returns a Policy by which none but root and the daemon's user, own, may.
func Closed(own uint32) *Policy { return &Policy{own: own} }

// NewPolicy looks up the users and groups. The daemon runs as the user own, and
// the sockets have the group gid.
func NewPolicy(access Rules, own uint32, gid int) (*Policy, error) {
	p := &Policy{own: own, memberships: new(memberships).of}
	var err error
	if p.connect, err = lookUpMembers("allowed_users", access.Users, "allowed_groups", access.Groups); err != nil {
		return nil, err
	}
	if access.Groups == nil {
		// #nosec G115 -- ids of users and groups have 32 bits
		p.connect.groups = []uint32{uint32(gid)}
	}
	if len(access.RestoreUsers)+len(access.RestoreGroups) > 0 {
		restore, err := lookUpMembers("restore_users", access.RestoreUsers, "restore_groups", access.RestoreGroups)
		if err != nil {
			return nil, err
		}
		p.restore = &restore
	}
	return p, nil
}

func lookUpMembers(usersKey string, users []string, groupsKey string, groups []string) (m members, err error) {
	for _, name := range users {
		uid, err := lookUpUser(name)
		if err != nil {
			return m, fmt.Errorf("%s: %w", usersKey, err)
		}
		m.users = append(m.users, uid)
	}
	for _, name := range groups {
		if name == "" {
			return m, fmt.Errorf(`%s: find group "": give a name or a number`, groupsKey)
		}
		gid, err := LookUpGroup(name)
		if err != nil {
			return m, fmt.Errorf("%s: %w", groupsKey, err)
		}
		// #nosec G115 -- ids of users and groups have 32 bits
		m.groups = append(m.groups, uint32(gid))
	}
	return m, nil
}

// privileged reports whether a peer is root or the daemon's own user, whom no
// configuration shuts out.
func (p *Policy) privileged(who Peer) bool { return who.Known && (who.UID == 0 || who.UID == p.own) }

// MayConnect reports whether a peer may send commands.
func (p *Policy) MayConnect(who Peer) bool { return p.privileged(who) || p.isOneOf(p.connect, who) }

// MayRestore reports whether one who may connect may restore and delete, too.
func (p *Policy) MayRestore(who Peer) bool {
	return p.restore == nil || p.privileged(who) || p.isOneOf(*p.restore, who)
}

func (p *Policy) isOneOf(m members, who Peer) bool {
	if !who.Known {
		return false
	}
	if slices.Contains(m.users, who.UID) {
		return true
	}
	in := func(gid uint32) bool { return slices.Contains(m.groups, gid) }
	// What the process has counts, and what the user database says: a program
	// that was started before its user was put into the group is a member, too.
	return slices.ContainsFunc(who.groups, in) || len(m.groups) > 0 && slices.ContainsFunc(p.memberships(who.UID), in)
}

// inConfiguration is what is done with the keys that a refusal names.
const inConfiguration = "in the daemon's configuration, and start the daemon again"

// ShutOut is the refusal of a peer that may not connect.
func ShutOut(who Peer) *api.Error {
	return &api.Error{Kind: api.Forbidden, Message: fmt.Sprintf(
		"%s may not use this daemon: add it to allowed_users, or its group to allowed_groups, "+inConfiguration, who.name())}
}

// NotToRestore is the refusal of a command that restores or deletes.
func NotToRestore(who Peer) *api.Error {
	return &api.Error{Kind: api.Forbidden, Message: fmt.Sprintf(
		"%s may not restore or delete backups: add it to restore_users, or its group to restore_groups, "+inConfiguration, who.name())}
}

func (p Peer) name() string {
	if !p.Known {
		return "a user whom the system does not name"
	}
	name := api.Asker{UID: p.UID, Name: userName(p.UID)}.String()
	return "user " + strings.TrimPrefix(name, "user ")
}
