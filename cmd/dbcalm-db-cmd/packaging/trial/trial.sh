#!/usr/bin/env bash
# Tries the Debian package for real: installs it under a systemd of its own,
# with a MariaDB of its own, and puts the unit through what happens to it.
#
# Usage: trial.sh PACKAGE, as root
#
# That systemd is the first process of namespaces of its own, on a copy of this
# machine's files that forgets all changes. The machine itself gets neither a
# package nor a service, a user, a process or a file that stays.
set -euo pipefail

package=$(realpath "$1")
here=$(realpath "$(dirname "$0")")

if [ "${2:-}" != inside ]; then
	[ "$(id -u)" -eq 0 ] || { echo "only root can start a systemd: run sudo make trial" >&2; exit 1; }
	groups=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET) ||
		{ echo "the trial needs control groups of version 2, and they are not mounted here" >&2; exit 1; }
	work=$(mktemp -d "${TMPDIR:-/tmp}/dbcalm-trial.XXXXXX")
	group=$groups/dbcalm-trial.$$
	mkdir "$group"
	# The namespaces have died with their first process.
	trap 'find "$group" -depth -type d -exec rmdir {} +; rm -rf "$work"' EXIT
	# All that the trial says comes through here, and cat ends when it has.
	mkfifo "$work/said"
	cat "$work/said" &
	said=$!
	exec 3>"$work/said"
	# A shell of its own enters the group: this one must be able to remove it.
	status=0
	# shellcheck disable=SC2016
	bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" \
		timeout --kill-after=10s 5m unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup \
		"$0" "$package" inside "$work" >&3 2>&1 || status=$?
	exec 3>&-
	wait "$said"
	[ "$status" -eq 0 ] || printf '\nThe trial of %s ended with status %d.\n' "$package" "$status" >&2
	exit "$status"
fi

# ---- in the new namespaces: the copy, and systemd on it

work=$3
mount --make-rprivate /
mkdir "$work/memory"
mount -t tmpfs tmpfs "$work/memory"
mkdir "$work/memory/"{upper,work,root,lib}
root=$work/memory/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/memory/upper,workdir=$work/memory/work" "$root"
# A restore exchanges folders, which an overlay does not do.
cp -a /var/lib/dpkg "$work/memory/lib/"
mount --bind "$work/memory/lib" "$root/var/lib"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir "$root/trial"
mount --bind "$work" "$root/trial"
cp "$package" "$work/package.deb"
cp "$here/inside.sh" "$work/"

# Nothing of this machine's own services.
rm -rf "$root/etc/fstab" "$root/etc/systemd/system" "$root/usr/sbin/policy-rc.d" "$root"/usr/lib/systemd/system/*.wants
: >"$root/etc/machine-id"
mkdir "$root/etc/systemd/system"
cat >"$root/etc/systemd/system/trial.service" <<-END
	[Unit]
	Wants=systemd-journald.service
	After=systemd-journald.service
	SuccessAction=exit-force
	SuccessActionExitStatus=0
	FailureAction=exit-force
	FailureActionExitStatus=1
	[Service]
	Type=oneshot
	ExecStart=/trial/inside.sh
	StandardOutput=append:/trial/said
	StandardError=inherit
END
export container=dbcalm-trial
cd "$root"
mkdir old
pivot_root . old
umount --lazy old
rmdir old
exec chroot . /lib/systemd/systemd --system --log-target=journal --unit=trial.service
