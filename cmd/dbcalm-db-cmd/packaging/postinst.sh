#!/bin/sh
# Run by dpkg when the package has been unpacked, newly or over an older one.
set -e
[ "$1" = configure ] || [ "$1" = abort-remove ] || [ "$1" = abort-deconfigure ] || exit 0

unit=dbcalm-db-cmd.service
groupadd --system --force ${DPKG_ROOT:+--prefix "$DPKG_ROOT"} dbcalm
if command -v systemd-tmpfiles >/dev/null; then
	# The unit does so too, whenever it starts.
	systemd-tmpfiles ${DPKG_ROOT:+--root="$DPKG_ROOT"} --create dbcalm-db-cmd.conf || true
fi

# A unit that an administrator has disabled stays so.
deb-systemd-helper unmask "$unit" >/dev/null || true
if deb-systemd-helper --quiet was-enabled "$unit"; then
	deb-systemd-helper enable "$unit" >/dev/null || true
else
	deb-systemd-helper update-state "$unit" >/dev/null || true
fi
if [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
	systemctl --system daemon-reload || true
	# Jobs run on, and the new daemon takes them over. One that has been disabled
	# and does not run is not started.
	deb-systemd-invoke restart "$unit" || true
fi

if ! [ -e "$DPKG_ROOT/etc/dbcalm/config.yml" ]; then
	echo "dbcalm-db-cmd: to begin, make /etc/dbcalm/config.yml and credentials.cnf as dbcalm-db-cmd manual install says, then: systemctl start dbcalm-db-cmd"
fi
