#!/usr/bin/env bash
# What trial.sh lets its systemd run: the life of an installation, from dpkg -i
# to dpkg -P, with backups and restores in between. It stops at the first thing
# that is not as it should be.
set -euo pipefail

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
unit=dbcalm-db-cmd

heading() { printf '\n== %s\n' "$*"; }
fail() {
	printf 'NOT AS IT SHOULD BE: %s\n' "$*"
	systemctl status --no-pager --full "$unit" || true
	journalctl --no-pager --unit "$unit" --lines 40 | cut --characters=1-240 || true
	exit 1
}
trap 'fail "line $LINENO: $BASH_COMMAND"' ERR
# is WHAT GOT WANTED
is() {
	[ "$2" = "$3" ] || fail "$1 is '$2' and should be '$3'"
	printf '%s: %s\n' "$1" "$2"
}
# until WHAT COMMAND...
until_so() {
	local what=$1
	shift
	for _ in {1..600}; do
		if "$@" >/dev/null 2>&1; then
			printf '%s\n' "$what"
			return
		fi
		sleep 0.1
	done
	fail "not within a minute: $what"
}
state() { systemctl is-active "$1" || true; }
main_pid() { systemctl show --property MainPID --value "$unit"; }
jobs_running() { pgrep --full "$unit supervise" || true; }
sql() { mariadb --user=root --batch --skip-column-names --execute "$1"; }
other_pid() { [ "$(main_pid)" != "$1" ] && [ "$(state $unit)" = active ]; }
logged() { journalctl --no-pager --unit "$unit" --grep "$1" >/dev/null || fail "the log does not say: $1"; }
no_programs() { ! pgrep --full "held-backup|$unit"; }
names() { find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | paste --serial --delimiters ' '; }
answers() { dbcalm-db-cmd operations list; }

# ---------------------------------------------------------------------------

heading "Installed on a machine where nothing is configured, it waits"
dpkg --install /trial/package.deb
is "the unit" "$(state $unit)" inactive
is "at the next boot" "$(systemctl is-enabled $unit)" enabled
is "folder of the sockets" "$(stat --format '%U:%G %a' /run/dbcalm)" "root:dbcalm 2775"
is "folder of the tables" "$(stat --format '%U:%G %a' /var/lib/dbcalm)" "root:dbcalm 2770"
systemctl start "$unit"
is "started, it" "$(state $unit)" inactive

heading "A MariaDB as a user of its own"
getent passwd mysql >/dev/null || useradd --system --home-dir /nonexistent mysql
install -d -o mysql -g mysql -m 0700 /var/lib/mysql
install -d -o mysql -g mysql /run/mysqld
mariadb-install-db --no-defaults --user=mysql --datadir=/var/lib/mysql --skip-test-db \
	--auth-root-authentication-method=normal >/trial/install-db 2>&1
cat >/etc/systemd/system/mariadb.service <<-END
	[Service]
	Type=notify
	User=mysql
	ExecStart=$(command -v mariadbd) --no-defaults --datadir=/var/lib/mysql --socket=/run/mysqld/mysqld.sock --skip-networking
	KillSignal=SIGTERM
END
systemctl daemon-reload
systemctl start mariadb
sql "CREATE USER dbcalm@localhost IDENTIFIED BY 'secret'; GRANT RELOAD, PROCESS ON *.* TO dbcalm@localhost"
sql "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, note TEXT); INSERT INTO shop.orders SELECT seq, MD5(seq) FROM shop.seq_1_to_5000"

heading "Configured, it starts, and stays away from what it need not touch"
install -d /etc/dbcalm
cp /usr/share/doc/dbcalm-db-cmd/examples/config.yml /etc/dbcalm/config.yml
printf '[client-dbcalm]\nuser=dbcalm\npassword=secret\n' | install -m 600 /dev/stdin /etc/dbcalm/credentials.cnf
dbcalm-db-cmd config check
systemctl start "$unit"
is "the unit" "$(state $unit)" active
is "socket" "$(stat --format '%U:%G %a' /run/dbcalm/db-cmd.sock)" "root:dbcalm 660"
is "socket for older clients" "$(stat --format '%U:%G %a' /run/dbcalm/mariadb-cmd.sock)" "root:dbcalm 660"
is "tables" "$(stat --format '%U:%G %a' /var/lib/dbcalm/db.sqlite3)" "root:dbcalm 660"
dbcalm-db-cmd doctor
inside() { nsenter --target "$(main_pid)" --mount -- "$@"; }
for folder in /etc/dbcalm /usr/bin /var/lib/dpkg /var/log; do
	if inside test -w "$folder"; then fail "$folder can be written to"; fi
done
for folder in /run/dbcalm /var/lib/dbcalm /var/lib /var/backups/dbcalm /tmp; do
	inside test -w "$folder" || fail "$folder cannot be written to"
done
is "capabilities" "$(grep CapBnd "/proc/$(main_pid)/status" | cut -f 2)" 00000000000800eb

heading "A full backup and an incremental one; a server runs on them"
dbcalm-db-cmd backup full monday --wait
sql "INSERT INTO shop.orders SELECT seq, MD5(seq) FROM shop.seq_5001_to_9000"
dbcalm-db-cmd backup incremental tuesday --from monday --wait
dbcalm-db-cmd backups verify tuesday --level boot
dbcalm-db-cmd restore tuesday --target folder --wait
rm -r /var/backups/dbcalm/restores
checksum=$(sql "CHECKSUM TABLE shop.orders")

heading "Backups elsewhere need a line in the unit, and the daemon says which"
install -d "/etc/systemd/system/$unit.service.d" /srv/backups
sed -i 's|^backup_dir:.*|backup_dir: /srv/backups|' /etc/dbcalm/config.yml
systemctl restart "$unit"
if says=$(dbcalm-db-cmd backup full elsewhere --wait 2>&1); then fail "a backup went to /srv/backups"; fi
grep 'name it in ReadWritePaths= by systemctl edit dbcalm-db-cmd$' <<<"$says"
printf '[Service]\nReadWritePaths=/srv/backups\n' >"/etc/systemd/system/$unit.service.d/trial.conf"
systemctl daemon-reload
systemctl restart "$unit"
dbcalm-db-cmd backup full elsewhere --wait
rm "/etc/systemd/system/$unit.service.d/trial.conf"
sed -i 's|^backup_dir:.*|backup_dir: /var/backups/dbcalm|' /etc/dbcalm/config.yml
systemctl daemon-reload
dbcalm-db-cmd backups delete elsewhere

heading "Restarted in the middle of a backup, it takes the job over"
# The tool waits for this script before it begins.
cat >/usr/local/bin/held-backup <<-'END'
	#!/bin/sh
	case $1 in --version | --help) ;; *) while [ -e /run/hold ]; do sleep 0.1; done ;; esac
	exec mariadb-backup "$@"
END
chmod +x /usr/local/bin/held-backup
echo "backup_bin: /usr/local/bin/held-backup" >>/etc/dbcalm/config.yml
systemctl restart "$unit"
held() { # NAME: begins a backup whose tool is held
	touch /run/hold
	operation=$(dbcalm-db-cmd backup full "$1")
	until_so "the tool runs" pgrep --full "held-backup.*--backup"
	job=$(jobs_running)
}
held wednesday
before=$(main_pid)
is "niceness of the job" "$(ps --format ni= --pid "$job" | tr -d ' ')" 5
is "the job's turn at the disk" "$(ionice --pid "$job")" "best-effort: prio 7"
systemctl restart "$unit"
[ "$(main_pid)" != "$before" ] || fail "the daemon is the old one"
is "the job" "$(jobs_running)" "$job"
systemctl stop "$unit"
is "the job of a stopped unit" "$(jobs_running)" "$job"
systemctl start "$unit"
rm /run/hold
until_so "the backup is done" sh -c "dbcalm-db-cmd operations show $operation | grep -q '^Status *succeeded'"
is "attempts" "$(dbcalm-db-cmd operations show "$operation" --json | sed -n 's/^  "attempt": \(.*\),/\1/p')" 1

heading "Killed by the watchdog, it is back, and so are its sockets"
printf '[Service]\nWatchdogSec=3\n' >"/etc/systemd/system/$unit.service.d/trial.conf"
systemctl daemon-reload
systemctl restart "$unit"
held thursday
before=$(main_pid)
rm -r /run/dbcalm
until_so "another daemon runs" other_pid "$before"
answers >/dev/null
is "folder of the sockets" "$(stat --format '%U:%G %a' /run/dbcalm)" "root:dbcalm 2775"
is "the job" "$(jobs_running)" "$job"
logged "not healthy; systemd starts the daemon anew"
logged "SIGABRT: abort"
rm /run/hold
until_so "the backup is done" sh -c "dbcalm-db-cmd operations show $operation | grep -q '^Status *succeeded'"

heading "Another of DBCalm's units stops, and the sockets stay"
printf '[Service]\nExecStart=sleep infinity\nRuntimeDirectory=dbcalm\nRuntimeDirectoryMode=2775\nGroup=dbcalm\n' >/etc/systemd/system/dbcalm-api.service
systemctl daemon-reload
before=$(main_pid)
systemctl start dbcalm-api
systemctl stop dbcalm-api
answers >/dev/null
is "the daemon" "$(main_pid)" "$before"

heading "The data directory is lost and restored"
systemctl stop mariadb
find /var/lib/mysql -mindepth 1 -delete
inode=$(stat --format %i /var/lib/mysql)
dbcalm-db-cmd restore tuesday --target database --wait
[ "$(stat --format %i /var/lib/mysql)" != "$inode" ] || fail "the data directory was not exchanged as a whole"
is "the data directory" "$(stat --format '%U:%G %a' /var/lib/mysql)" "mysql:mysql 700"
is "files of others in it" "$(find /var/lib/mysql ! -user mysql | wc -l)" 0
systemctl start mariadb
is "checksum" "$(sql "CHECKSUM TABLE shop.orders")" "$checksum"
dbcalm-db-cmd backup full friday --wait

heading "Upgraded in the middle of a backup"
held saturday
before=$(main_pid)
dpkg --install /trial/package.deb
[ "$(main_pid)" != "$before" ] || fail "the daemon is the old one"
is "the job" "$(jobs_running)" "$job"
rm /run/hold
until_so "the backup is done" sh -c "dbcalm-db-cmd operations show $operation | grep -q '^Status *succeeded'"

heading "A wrong configuration is no reason to start again and again"
sed -i 's/^db_type:.*/db_type: oracle/' /etc/dbcalm/config.yml
systemctl restart "$unit" || true
is "the unit" "$(state $unit)" failed
is "its exit code" "$(systemctl show --property ExecMainStatus --value $unit)" 3
is "its new starts" "$(systemctl show --property NRestarts --value $unit)" 0
sed -i 's/^db_type:.*/db_type: mariadb/' /etc/dbcalm/config.yml
systemctl start "$unit"

heading "Removed in the middle of a backup, it leaves no program; installed again, it goes on"
held sunday
dpkg --remove dbcalm-db-cmd
until_so "no program is left" no_programs
if [ -e /usr/bin/dbcalm-db-cmd ]; then fail "the program is still there"; fi
rm /run/hold
dpkg --install /trial/package.deb
until_so "the backup is done" sh -c "dbcalm-db-cmd operations show $operation | grep -q '^Status *succeeded'"
dbcalm-db-cmd operations list
dbcalm-db-cmd backups list

heading "Purged, it leaves what is not its own"
dpkg --purge dbcalm-db-cmd
no_programs || fail "programs are left"
is "package" "$(dpkg-query --show --showformat '${db:Status-Abbrev}' dbcalm-db-cmd 2>/dev/null || echo gone)" gone
is "backups" "$(names /var/backups/dbcalm)" ".lock friday monday saturday sunday thursday tuesday wednesday"
is "folder of the tables" "$(names /var/lib/dbcalm)" db.sqlite3
is "configuration" "$(names /etc/dbcalm)" "config.yml credentials.cnf"
is "elsewhere" "$(find /etc /run /usr /var -name '*dbcalm*' ! -path '/usr/local/*' ! -path '/var/backups/dbcalm/*' ! -path "*/$unit.service.d" ! -path '*/dbcalm-api.service' | sort | paste --serial --delimiters ' ')" \
	"/etc/dbcalm /var/backups/dbcalm /var/lib/dbcalm"
printf '\nAll is as it should be.\n'
