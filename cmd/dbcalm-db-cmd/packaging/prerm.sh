#!/bin/sh
# Run by dpkg before the package's files go. An upgrade restarts the daemon
# when the new files are there, and not before.
set -e
[ "$1" = remove ] || exit 0

unit=dbcalm-db-cmd.service
if [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
	deb-systemd-invoke stop "$unit" || true
	# No daemon will take the jobs over: they end too. What they were part of
	# goes on, or begins anew, if the package is installed again.
	systemctl kill "$unit" 2>/dev/null || true
fi
