#!/usr/bin/env bash
# The main job for real: a full and an incremental backup of a running server,
# the loss of its data directory, the restore, and every row compared.
#
# Usage: demo.sh [PROGRAM [mariadb|mysql]], bin/dbcalm-db-cmd and mariadb if not
# given. MySQL's mysqld and xtrabackup are those on PATH, or those that
# DBCALM_TEST_MYSQLD and DBCALM_TEST_XTRABACKUP name.
#
# Everything lives in one temporary folder and goes with it, whatever happens;
# the machine's own server is neither used nor noticed.
set -euo pipefail

# An ordinary user's PATH lacks the folder the server is in.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
program=$(realpath --canonicalize-missing "${1:-bin/dbcalm-db-cmd}")
db=${2:-mariadb}
case $db in
mariadb)
	name=MariaDB mysqld=mariadbd client=mariadb tool=''
	;;
mysql)
	name=MySQL mysqld=${DBCALM_TEST_MYSQLD:-mysqld} client=mysql tool=${DBCALM_TEST_XTRABACKUP:-xtrabackup}
	missing=()
	if ! version=$("$mysqld" --no-defaults --version 2>/dev/null); then
		missing+=("there is no $mysqld")
	elif [[ $version == *MariaDB* ]]; then
		missing+=("$mysqld is MariaDB's")
	fi
	for command in "$tool" "$client"; do
		command -v "$command" >/dev/null || missing+=("there is no $command")
	done
	if [ ${#missing[@]} -gt 0 ]; then
		printf 'This demo needs a real MySQL and Percona XtraBackup: %s.\n' "$(printf '%s; ' "${missing[@]}" | sed 's/; $//')" >&2
		printf 'Install the packages mysql-server and percona-xtrabackup-80, or those of another series, or name the\n' >&2
		printf "programs by DBCALM_TEST_MYSQLD and DBCALM_TEST_XTRABACKUP. \"make demo\" shows the same on MariaDB.\n" >&2
		exit 1
	fi
	tool=$(command -v "$tool")
	;;
*)
	echo "the kind of server is mariadb or mysql, not $db" >&2
	exit 2
	;;
esac
work=$(mktemp -d "${TMPDIR:-/tmp}/dbcalm-demo.XXXXXX")
server=''
daemon=''

# ---- telling what happens

bold='' dim='' plain=''
if [ -t 1 ]; then
	bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
fi
number=0
heading() {
	number=$((number + 1))
	printf '\n%s%d. %s%s\n' "$bold" "$number" "$*" "$plain"
}
# show prints a command as one could type it in the temporary folder.
show() {
	local words=("${@//"$work/"/}")
	words[0]=${words[0]##*/}
	printf '%s$ %s%s\n' "$dim" "${words[*]}" "$plain"
}
run() {
	show "$@"
	"$@"
}
reason='a command failed'
fail() {
	reason=$*
	exit 1
}

# ---- cleaning up

# end PID: ask a child to end, insist after ten seconds, and reap it.
end() {
	[ -n "$1" ] || return 0
	kill -TERM "$1" 2>/dev/null || true
	for _ in {1..100}; do
		kill -0 "$1" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}
# A job outlives the daemon by design; one that an interrupted demo leaves
# behind is known by the temporary folder on its command line.
end_jobs() {
	local entry
	for entry in /proc/[0-9]*; do
		if { tr '\0' ' ' <"$entry/cmdline" | grep -qF "$work/"; } 2>/dev/null; then
			kill -KILL "${entry#/proc/}" 2>/dev/null || true
		fi
	done
}
clean_up() {
	local status=$?
	trap - EXIT
	trap '' INT TERM HUP
	if [ "$status" -ne 0 ]; then
		for log in daemon.log server.log; do
			# What --wait asks over and over again is of no help.
			[ -s "$work/$log" ] && printf '\nThe end of %s:\n%s\n' "$log" "$(grep -v operation_show "$work/$log" | tail -n 20)" >&2
		done
		printf '\nThe demo ended early, with status %d: %s\n' "$status" "$reason" >&2
	fi
	end "$daemon"
	end "$server"
	end_jobs
	rm -rf "$work"
	exit "$status"
}
trap clean_up EXIT
trap 'reason="hung up"; exit 129' HUP
trap 'reason="interrupted"; exit 130' INT
trap 'reason="terminated"; exit 143' TERM

# ---- the private server

# The folder for temporary tables is its own too: a starting MariaDB deletes
# those of every server that shares it.
server_options=(--no-defaults "--datadir=$work/data" "--tmpdir=$work/tmp" --loose-innodb-log-file-size=32M)
if [ "$(id -u)" -eq 0 ]; then
	server_options+=(--user=root)
fi
if [ "$db" = mysql ]; then
	# MySQL does not start where the folder that it was built with is not there.
	server_options+=("--secure-file-priv=$work/tmp" --skip-log-bin --loose-mysqlx=OFF --loose-innodb-redo-log-capacity=64M)
else
	server_options+=(--log-bin=binlog --binlog-format=ROW --server-id=1)
fi
make_data_directory() {
	local make=("$mysqld" "${server_options[@]}" --initialize-insecure)
	if [ "$db" = mariadb ]; then
		make=(mariadb-install-db "${server_options[@]}" --auth-root-authentication-method=normal --skip-test-db)
	elif [[ $version == *"Ver 5.6."* ]]; then
		make_data_directory_of_56
		return
	fi
	show "${make[@]}"
	"${make[@]}" >"$work/install.log" 2>&1 || fail "${make[0]}: $(cat "$work/install.log")"
}
# MySQL 5.6 has no --initialize-insecure; its script mysql_install_db, in Perl,
# feeds the server these statements.
make_data_directory_of_56() {
	local share folder make
	folder=$(dirname "$(realpath "$(command -v "$mysqld")")")
	for share in "$folder/share" "$folder/../share" "$folder/../share/mysql" /usr/share/mysql; do
		[ -e "$share/mysql_system_tables.sql" ] && break
	done
	[ -e "$share/mysql_system_tables.sql" ] || fail "there is no mysql_system_tables.sql beside $mysqld or in /usr/share/mysql"
	server_options+=("--lc-messages-dir=$share")
	mkdir -p "$work/data/mysql"
	make=("$mysqld" "${server_options[@]}" --bootstrap --log-warnings=0 --loose-skip-ndbcluster
		--default-storage-engine=myisam --default-tmp-storage-engine=myisam)
	show "${make[@]}" '<' "$share/mysql_system_tables.sql"
	{
		echo "USE mysql;"
		cat "$share"/{mysql_system_tables,mysql_system_tables_data,fill_help_tables}.sql
	} | "${make[@]}" >"$work/install.log" 2>&1 || fail "${make[0]}: $(cat "$work/install.log")"
}
start_server() {
	show "$mysqld" "${server_options[@]}" --skip-networking "--socket=$work/server.sock" '&'
	# Should this shell be killed, the server is too.
	setpriv --pdeathsig KILL "$mysqld" "${server_options[@]}" --skip-networking \
		"--socket=$work/server.sock" "--pid-file=$work/server.pid" >>"$work/server.log" 2>&1 &
	server=$!
	await "$server" "$name" client --execute "SELECT 1"
}
stop_server() {
	show kill "$server"
	end "$server"
	server=''
}
client() {
	"$client" --no-defaults "--socket=$work/server.sock" --user=root --batch --skip-column-names "$@"
}
sql() {
	show "$client" --execute "\"$1\""
	client --execute "$1"
}
# await PID NAME COMMAND…: until the command succeeds, while the process lives.
await() {
	local pid=$1 name=$2
	shift 2
	for _ in {1..600}; do
		if "$@" >/dev/null 2>&1; then
			return
		fi
		kill -0 "$pid" 2>/dev/null || fail "$name did not start"
		sleep 0.1
	done
	fail "$name does not answer"
}
# dump FILE: every row of every table of the shop, each line under its table.
dump() {
	local table
	for table in $(client --execute "SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop' ORDER BY 1"); do
		client shop --execute "SELECT '$table', $table.* FROM $table ORDER BY id"
	done >"$1"
}
rows() { # FIRST LAST: orders of that range, with their articles and visits
	local from="shop.seq_$1_to_$2"
	[ "$db" = mariadb ] || from="numbers.seq WHERE seq BETWEEN $1 AND $2"
	sql "INSERT INTO shop.orders SELECT seq, CONCAT('customer ', seq MOD 97), seq * 1.25, SHA2(seq, 512) FROM $from"
	sql "INSERT INTO shop.articles SELECT seq, CONCAT('article ', seq), REPEAT(SHA2(seq, 256), 3) FROM $from"
	sql "INSERT INTO shop.visits SELECT seq, NOW(6), IF(seq MOD 7 = 0, NULL, CONCAT('/order/', seq)) FROM $from"
}
# MariaDB has tables of all numbers; MySQL gets one.
numbers() {
	[ "$db" = mysql ] || return 0
	{
		echo "CREATE DATABASE numbers; CREATE TABLE numbers.seq (seq INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO numbers.seq VALUES (1)"
		seq -f ', (%.0f)' 2 30000
	} | client
}

# ---- the daemon

dbcalm() {
	run "$program" --config "$work/config.yml" "$@"
}

# ---------------------------------------------------------------------------

[ -x "$program" ] || fail "$program is not there: run make build"

heading "A private $name in $work"
mkdir "$work/tmp"
make_data_directory
start_server
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
client --execute "CREATE USER dbcalm@localhost IDENTIFIED BY '$password'"
if [ "$db" = mariadb ]; then
	sql "GRANT RELOAD, PROCESS, BINLOG MONITOR ON *.* TO dbcalm@localhost"
else
	sql "GRANT RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT ON *.* TO dbcalm@localhost"
	# MySQL 5 has neither this privilege nor these tables.
	if [[ $(client --execute "SELECT VERSION()") != 5.* ]]; then
		sql "GRANT BACKUP_ADMIN ON *.* TO dbcalm@localhost"
		for table in log_status keyring_component_status replication_group_members; do
			sql "GRANT SELECT ON performance_schema.$table TO dbcalm@localhost"
		done
	fi
fi

heading "The daemon, with a configuration and credentials of its own"
mkdir "$work/backups"
(
	umask 077
	cat >"$work/credentials.cnf" <<-END
		[client-dbcalm]
		user=dbcalm
		password=$password
		socket=$work/server.sock
	END
)
cat >"$work/config.yml" <<END
db_type: $db
backup_dir: $work/backups
backup_credentials_file: $work/credentials.cnf
data_dir: $work/data
database_path: $work/db.sqlite3
state_dir: $work/state
socket_path: $work/db-cmd.sock
legacy_socket_path: ""
END
[ "$db" = mysql ] || echo "archive: true" >>"$work/config.yml"
[ -z "$tool" ] || echo "backup_bin: $tool" >>"$work/config.yml"
run cat "$work/config.yml"
show "$program" --config "$work/config.yml" serve '&'
setpriv --pdeathsig KILL "$program" --config "$work/config.yml" serve >"$work/daemon.log" 2>&1 &
daemon=$!
await "$daemon" "the daemon" "$program" --config "$work/config.yml" operations list

heading "Rows, and a full backup of them while the server runs"
sql "CREATE DATABASE shop"
sql "CREATE TABLE shop.orders (id INT PRIMARY KEY, customer VARCHAR(80), amount DECIMAL(12,2), note TEXT) ENGINE=InnoDB"
numbers
sql "CREATE TABLE shop.articles (id INT PRIMARY KEY, name VARCHAR(80), description TEXT) ENGINE=$([ "$db" = mysql ] && echo InnoDB || echo Aria)"
sql "CREATE TABLE shop.visits (id INT PRIMARY KEY, at DATETIME(6), page VARCHAR(80)) ENGINE=MyISAM"
rows 1 20000
dbcalm backup full monday --wait

heading "More rows and a changed one, and an incremental backup on the full one"
rows 20001 30000
sql "UPDATE shop.orders SET note = 'changed on tuesday' WHERE id = 7"
dbcalm backup incremental tuesday --from monday --wait
dbcalm backups list

heading "The server stops, and its data directory is lost"
dump "$work/before"
client shop --execute "CHECKSUM TABLE orders, articles, visits EXTENDED" >"$work/checksums-before"
stop_server
run find "$work/data" -mindepth 1 -delete
run ls -A "$work/data"

heading "The chain is restored into it"
show "$program" --config "$work/config.yml" restore tuesday --target database --wait
restore=$("$program" --config "$work/config.yml" restore tuesday --target database --wait)
restore=${restore%%$'\n'*}
run ls "$work/data"

heading "The server starts on what came back"
start_server
dump "$work/after"
client shop --execute "CHECKSUM TABLE orders, articles, visits EXTENDED" >"$work/checksums-after"
show diff "$work/before" "$work/after"
if ! diff "$work/before" "$work/after" >"$work/difference"; then
	head -n 20 "$work/difference"
	fail "rows differ"
fi
run diff "$work/checksums-before" "$work/checksums-after" || fail "checksums differ"
cat "$work/checksums-after"
printf '%d rows in 3 tables compared: all are back as they were.\n' "$(wc -l <"$work/after")"

if [ "$db" = mariadb ]; then
	heading "A table is dropped by mistake, after a full backup and some more rows"
	dbcalm backup full wednesday --wait
	sql "INSERT INTO shop.orders VALUES (99999, 'the last customer', 1.00, 'after the backup')"
	dump "$work/before"
	moment=$(date -u '+%Y-%m-%d %H:%M:%S UTC')
	show date -u "+'%Y-%m-%d %H:%M:%S UTC'"
	echo "$moment"
	# A binary log has whole seconds; and what is not read yet is lost with the data directory.
	sleep 3
	sql "DROP TABLE shop.orders"
	dbcalm archive status
	dbcalm restore --target folder --to "$moment" --plan

	heading "Back to the second before"
	stop_server
	run find "$work/data" -mindepth 1 -delete
	dbcalm restore --target database --to "$moment" --wait
	start_server
	dump "$work/after"
	run diff "$work/before" "$work/after" || fail "rows differ"
	printf 'The table is back, with the row that came after the backup.\n'
fi

heading "What the daemon remembers"
dbcalm operations list
dbcalm operations show "$restore"
dbcalm backups list

printf '\n%sDone.%s Nothing of this is left: the temporary folder goes now.\n' "$bold" "$plain"
