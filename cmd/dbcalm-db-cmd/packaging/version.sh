#!/usr/bin/env bash
# Prints the version of the source in this folder, which the program and the
# package both have. Debian wants it to begin with a digit, and so it is the
# newest tag that is a version, without its v; then, for what has come after it,
# the number of commits and the commit:
#
#	1.4.0                    tagged v1.4.0
#	1.4.0~rc1                tagged v1.4.0-rc1: dpkg has it come before 1.4.0
#	1.4.0+3.g0123abcde       three commits later
#	0+216.g0123abcde         without any such tag
#	1.4.0.changed            with changes that are not committed
#	0+unknown                outside a git repository
set -euo pipefail

# The folder may belong to another user than the one who builds.
git() { command git -c safe.directory='*' "$@"; }

if ! git rev-parse --quiet --verify HEAD >/dev/null 2>&1; then
	echo 0+unknown
	exit
fi
if tag=$(git describe --tags --abbrev=0 --match 'v[0-9]*' --match '[0-9]*' 2>/dev/null); then
	version=${tag#v} range=$tag..HEAD
	# What stands behind a hyphen comes before the version itself, and a second
	# hyphen would begin the revision of a package.
	version=${version/-/\~}
else
	version=0 range=HEAD
fi
after=$(git rev-list --count "$range")
[ "$after" -eq 0 ] || version+=+$after.g$(git rev-parse --short=9 HEAD)
[ -z "$(git status --porcelain)" ] || version+=.changed
echo "${version//-/.}"
