#!/usr/bin/env bash
# Prints the version of the package, which Debian wants to begin with a digit:
# the newest tag without its v, else 0; then, for what has come after it, the
# number of commits and the commit.
set -euo pipefail
tag=$(git describe --tags --abbrev=0 2>/dev/null) || tag=''
version=${tag#v}
[[ $version =~ ^[0-9] ]] || version=0 tag=''
after=$(git rev-list --count ${tag:+"$tag.."}HEAD 2>/dev/null) || after=0
if [ "$after" -gt 0 ]; then
	version+=+$after.g$(git rev-parse --short=9 HEAD)
fi
[ -z "$(git status --porcelain 2>/dev/null)" ] || version+=.changed
# A hyphen would begin the revision of a package.
echo "${version//-/.}"
