package access

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestNobodyIsKnownByNoName(t *testing.T) {
	t.Parallel()
	p := &Policy{own: 7, connect: members{users: []uint32{0}, groups: []uint32{0}}, memberships: func(uint32) []uint32 { return []uint32{0} }}
	if who := (Peer{}); p.MayConnect(who) || p.isOneOf(p.connect, who) {
		t.Error("a peer that the kernel does not name may connect")
	}
	if !strings.HasPrefix(ShutOut(Peer{}).Message, "a user whom the system does not name may not use this daemon") {
		t.Error(ShutOut(Peer{}).Message)
	}
}

// Who has been put into a group after its program was started is in it.
func TestTheUserDatabaseIsAsked(t *testing.T) {
	t.Parallel()
	asked := 0
	p := &Policy{own: 7, connect: members{groups: []uint32{5}}, memberships: func(uid uint32) []uint32 {
		asked++
		return map[uint32][]uint32{1001: {4, 5}}[uid]
	}}
	for who, want := range map[*Peer]bool{
		{UID: 1001, Known: true}:                       true,
		{UID: 1002, Known: true}:                       false,
		{UID: 1002, Known: true, groups: []uint32{5}}:  true,
		{UID: 7, Known: true}:                          true,
		{UID: 0, Known: true}:                          true,
		{UID: 5, Known: true, groups: []uint32{4, 55}}: false,
	} {
		if got := p.MayConnect(*who); got != want {
			t.Errorf("%+v: %v", *who, got)
		}
	}
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
	root := new(memberships).of(0)
	if !slices.Contains(root, 0) {
		t.Errorf("root is in the groups %v", root)
	}
}

func TestProgramsOfProcesses(t *testing.T) {
	t.Parallel()
	for _, pid := range []int32{0, -1, 1<<31 - 1} {
		if got := programOf(pid); got != "" {
			t.Errorf("process %d runs %s", pid, got)
		}
	}
	if got := programOf(int32(os.Getpid())); !strings.HasPrefix(got, "/") {
		t.Errorf("this process runs %s", got)
	}
}
