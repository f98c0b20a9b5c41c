#!/bin/sh
# Run by dpkg when the package's files are gone. Backups stay whatever happens,
# and so does what the API server shares: the configuration, the tables, the
# group.
set -e

unit=dbcalm-db-cmd.service
if [ "$1" = remove ] && [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
	systemctl --system daemon-reload || true
fi
if [ "$1" = purge ]; then
	if command -v deb-systemd-helper >/dev/null; then
		deb-systemd-helper purge "$unit" >/dev/null || true
		deb-systemd-helper unmask "$unit" >/dev/null || true
	fi
	rm -rf "$DPKG_ROOT/var/lib/dbcalm-db-cmd" "$DPKG_ROOT/var/lib/dbcalm/db-cmd"
	rm -f "$DPKG_ROOT/var/lib/dbcalm/db.sqlite3.lock"
	for folder in run/dbcalm var/lib/dbcalm var/backups/dbcalm; do
		rmdir --ignore-fail-on-non-empty "$DPKG_ROOT/$folder" 2>/dev/null || true
	done
fi
