#!/usr/bin/env bash
# Puts the program and all that belongs to it into place. `make install` and
# the Debian package have the same files because both are made by this.
#
# Usage: install.sh PROGRAM PREFIX [DESTDIR]
set -euo pipefail

program=$1 prefix=$2 destination=${3:-}
name=dbcalm-db-cmd
here=$(dirname "$0")

put() { # MODE FILE DESTINATION
	install -D -m "$1" "$2" "$destination$3"
}
make_file() { # DESTINATION, with its content on standard input
	put 0644 /dev/stdin "$1"
}

put 0755 "$program" "$prefix/bin/$name"

units=$prefix/lib/systemd/system
sed "s|@BINDIR@|$prefix/bin|" "$here/$name.service.in" | make_file "$units/$name.service"
put 0644 "$here/keep-runtime-directory.conf" "$units/dbcalm-.service.d/keep-runtime-directory.conf"
put 0644 "$here/tmpfiles.conf" "$prefix/lib/tmpfiles.d/$name.conf"
put 0644 "$here/sysusers.conf" "$prefix/lib/sysusers.d/$name.conf"

pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
"$program" man "$pages"
for page in "$pages"/*; do
	gzip --best --no-name "$page"
	put 0644 "$page.gz" "$prefix/share/man/man${page##*.}/$(basename "$page").gz"
done

# Debian's zsh looks for what packages bring elsewhere than for the rest.
zsh=site-functions
[ "$prefix" != /usr ] || zsh=vendor-completions
"$program" completion bash | make_file "$prefix/share/bash-completion/completions/$name"
"$program" completion zsh | make_file "$prefix/share/zsh/$zsh/_$name"
"$program" completion fish | make_file "$prefix/share/fish/vendor_completions.d/$name.fish"

documents=$prefix/share/doc/$name
"$program" config example | make_file "$documents/examples/config.yml"
put 0644 README.md "$documents/README.md"
put 0644 .github/CHANGELOG.md "$documents/CHANGELOG.md"
put 0644 "$here/copyright" "$documents/copyright"
