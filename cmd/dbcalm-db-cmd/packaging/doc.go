// Package packaging holds what turns the program into an installation, and the
// tests of that. It has no code of its own.
//
//	install.sh ── make install ──▶ PREFIX
//	           └─ make deb ─▶ nfpm.yaml ─▶ postinst, prerm, postrm ─▶ a package
//
// What must stay true:
//
//   - make install and the package put the same files in the same places.
//   - No package owns /etc/dbcalm/config.yml: DBCalm's API server shares it.
//   - Removing the package removes no backup, and purging it neither.
//   - Stopping, restarting and upgrading leave jobs running; removing does not.
//   - The unit allows what the daemon needs and no more, each exception with
//     its reason beside it.
//
// The folder trial puts a package through all of that under a real systemd.
package packaging
