package transport

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"dbcalm-db-cmd/machine/api"
	"dbcalm-db-cmd/steps/printable"
	"dbcalm-db-cmd/steps/testkit"
	"dbcalm-db-cmd/transport/access"
	transporttest "dbcalm-db-cmd/transport/testkit"
)

func TestWhoMayConnect(t *testing.T) {
	t.Parallel()
	s := newStranger()
	for name, test := range map[string]struct {
		access access.Rules
		may    bool
	}{
		"nobody":           {access.Rules{Groups: []string{}}, false},
		"others":           {access.Rules{Users: []string{number(s.uid + 1)}, Groups: []string{number(s.gid + 100)}}, false},
		"its user":         {access.Rules{Users: []string{"0", number(s.uid)}, Groups: []string{}}, true},
		"its group":        {access.Rules{Groups: []string{number(s.gid)}}, true},
		"a group it is in": {access.Rules{Groups: []string{number(s.supplementary)}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := s.open(t, &fakeService{}, Options{Access: test.access})
			got := s.ask(t, server.path, goodRequest)
			if test.may {
				if got != goodAnswer {
					t.Errorf("got %s", got)
				}
				return
			}
			want := fmt.Sprintf(`{"code":403,"status":"Forbidden","message":"%s may not use this daemon: add it to allowed_users, `+
				`or its group to allowed_groups, in the daemon's configuration, and start the daemon again"}`, s.name())
			if got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
			line := server.line(t, "connection refused")
			if line["level"] != "warn" || line["peer_uid"] != float64(s.uid) || !strings.Contains(fmt.Sprint(line["reason"]), "allowed_users") {
				t.Errorf("log line %v", line)
			}
		})
	}
}

// By default the group of the socket may, which is the one that its mode lets
// connect.
func TestTheSocketsGroupMayConnect(t *testing.T) {
	t.Parallel()
	s := newStranger()
	own := s.open(t, &fakeService{}, Options{Group: number(s.gid)})
	if got := s.ask(t, own.path, goodRequest); got != goodAnswer {
		t.Errorf("got %s", got)
	}
	if os.Geteuid() != 0 {
		// No other group can be had.
		return
	}
	others := s.open(t, &fakeService{}, Options{})
	if got := s.ask(t, others.path, goodRequest); !strings.HasPrefix(got, `{"code":403,`) {
		t.Errorf("got %s", got)
	}
}

func TestUnknownNamesStopTheStart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		want   string
		access access.Rules
	}{
		{`allowed_users: find user "no-such": there is none of that name; make it with useradd, or choose another`,
			access.Rules{Users: []string{"no-such"}}},
		{`allowed_groups: find group "no-such": there is none of that name; make it with groupadd, or choose another`,
			access.Rules{Groups: []string{"no-such"}}},
		{`restore_users: find user "-1": there is none of that name; make it with useradd, or choose another`,
			access.Rules{RestoreUsers: []string{"-1"}}},
		{`restore_groups: find group "": give a name or a number`, access.Rules{RestoreGroups: []string{""}}},
	} {
		_, err := listen(t, Options{SocketPath: transporttest.Folder(t) + "/s", Access: test.access})
		if textOrEmpty(err) != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

func TestWhoMayRestore(t *testing.T) {
	t.Parallel()
	testkit.Slow(t)
	s := newStranger()
	service := &fakeService{operation: func(_ context.Context, id string) (api.OperationView, error) {
		return api.OperationView{OperationSummary: api.OperationSummary{ID: id}, Command: id}, nil
	}}
	requests := map[string]bool{
		`{"cmd":"restore_backup","args":{"id_list":["a"],"target":"folder"}}`:             true,
		`{"cmd":"restore_backup","args":{"id_list":["a"],"target":"database"}}`:           true,
		`{"cmd":"delete_backup","args":{"id":"a"}}`:                                       true,
		`{"cmd":"prune_backups"}`:                                                         true,
		`{"cmd":"backup_rebuild","args":{"prune":true}}`:                                  true,
		`{"cmd":"operation_retry","args":{"id":"restore_backup"}}`:                        true,
		`{"cmd":"operation_retry","args":{"id":"delete_backup"}}`:                         true,
		`{"cmd":"operation_retry","args":{"id":"full_backup"}}`:                           false,
		`{"cmd":"operation_cancel","args":{"id":"restore_backup"}}`:                       false,
		`{"cmd":"prune_backups","args":{"dry_run":true}}`:                                 false,
		`{"cmd":"backup_rebuild"}`:                                                        false,
		`{"cmd":"restore_backup","args":{"id_list":["a"],"target":"folder","plan":true}}`: false,
		`{"cmd":"verify_backup","args":{"id":"a"}}`:                                       false,
		`{"cmd":"backup_list"}`:                                                           false,
		goodRequest:                                                                       false,
	}
	for name, test := range map[string]struct {
		access access.Rules
		may    bool
	}{
		"everybody":   {access.Rules{}, true},
		"another":     {access.Rules{RestoreUsers: []string{number(s.uid + 1)}}, false},
		"other group": {access.Rules{RestoreGroups: []string{number(s.gid + 100)}}, false},
		"its user":    {access.Rules{RestoreUsers: []string{number(s.uid)}}, true},
		"its group":   {access.Rules{RestoreUsers: []string{"0"}, RestoreGroups: []string{number(s.supplementary)}}, true},
	} {
		test.access.Users = []string{number(s.uid)}
		server := s.open(t, service, Options{Access: test.access})
		for request, restores := range requests {
			want := `{"code":20`
			if restores && !test.may {
				want = fmt.Sprintf(`{"code":403,"status":"Forbidden","message":"%s may not restore or delete backups: add it to restore_users, `+
					`or its group to restore_groups, in the daemon's configuration, and start the daemon again"}`, s.name())
			}
			if got := s.ask(t, server.path, request); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s\n got %s\nwant %s", name, request, got, want)
			}
		}
	}
}

// The service learns who asks, with every command.
func TestTheServiceLearnsWhoAsks(t *testing.T) {
	t.Parallel()
	s := newStranger()
	asked := make(chan api.Asker, 1)
	server := s.open(t, &fakeService{fullBackup: func(ctx context.Context, _ api.BackupRequest) (string, error) {
		asker, _ := api.AskerOf(ctx)
		asked <- asker
		return anOperation, nil
	}}, Options{Access: access.Rules{Users: []string{number(s.uid)}}})
	s.ask(t, server.path, goodRequest)
	asker := await(t, asked)
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if asker.UID != s.uid || asker.PID <= 0 || asker.Name != nameOf(s.uid) ||
		asker.Program != "" && asker.Program != printable.Shorten(program, echoLimit) {
		t.Errorf("got %+v", asker)
	}
}
