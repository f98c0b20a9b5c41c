package job

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestComplaintsAreKept feeds lines of real tools, cut anywhere, and more
// output after them than is kept.
func TestComplaintsAreKept(t *testing.T) {
	t.Parallel()
	complaints := []string{
		`mariabackup: Error writing file '/b/ib_logfile0' (errno: 28 "No space left on device")`,
		`[00] 2026-11-22 20:37:35 Error: write to ib_logfile0 failed`,
		`/usr/bin/mariadb-backup: Error writing file '/b/ibdata1' (errno: 28 "No space left on device")`,
		`[00] 2026-11-22 20:37:35 Was only able to copy log from 1 to 2, not 3`,
		`2026-11-22 20:37:39 0 [ERROR] InnoDB: Unable to read`,
		`2023-05-10T12:00:00.123456-00:00 0 [ERROR] [MY-011825] [Xtrabackup] write to logfile failed`,
		`2023-05-10T12:00:00.123456Z 0 [ERROR] [MY-012644] [InnoDB] Encountered a problem with file './shop/orders.ibd'`,
		`190510 12:00:00 [01] xtrabackup: Error: xtrabackup_copy_datafile() failed.`,
		`xtrabackup: error: log block numbers mismatch:`,
		`[01] xtrabackup: Error: cannot open the destination stream for ibdata1`,
		`[00] FATAL ERROR: 2026-11-22 20:26:55 mariabackup: Error: failed to copy datafile.`,
	}
	harmless := []string{
		`[01] 2026-11-22 20:37:28 Copying ./sys/statements_with_errors_or_warnings.frm to /b/sys/statements_with_errors_or_warnings.frm`,
		`[01] 2026-11-22 20:37:28 Copying ./shop/error.ibd to /b/shop/error.ibd`,
		`2026-11-22 20:37:39 0 [Note] InnoDB: Starting shutdown...`,
		`[00] 2026-11-22 20:37:39 completed OK!`,
		`2023-05-10T12:00:00.123456-00:00 1 [Note] [MY-011825] [Xtrabackup] Copying ./shop/error.ibd to /b/shop/error.ibd`,
		`2023-05-10T12:00:00.123456-00:00 0 [ERROR] [MY-011825] [Xtrabackup] failed to execute query ` +
			`'select innodb_redo_log_archive_start('a', '1')' : 1227 (42000) Access denied`,
		`190510 12:00:00 [01] Copying ./shop/error.ibd to /b/shop/error.ibd`,
	}
	omissions := []string{
		`[00] 2026-11-27 12:33:21 Warning: We assume the  table was dropped during xtrabackup execution ` +
			`and ignore the tablespace ./shop/orders.ibd`,
		`2026-11-27 12:33:21 0 [Warning] InnoDB: Ignoring data file './shop/orders.ibd' with space ID 7`,
		`/usr/bin/mariadb-backup: skipping ./shop/orders.ibd`,
	}
	harmless = append(harmless, `[01] 2026-11-27 12:33:21 Copying ./skipped/ignored.ibd to /b/skipped/ignored.ibd`,
		`[00] 2026-11-27 12:33:21 Skip table a.b at it is in exclude list`)
	harmless = append(harmless, omissions...)
	// Some of them come with the terminal's bell.
	text := "\a" + strings.Join(complaints, "\n\a") + "\n" + strings.Join(harmless, "\n") + "\n"
	text += strings.Repeat(strings.Repeat("x", 99)+"\n", tailLimit/30) + "last line"
	for size := 1; size < 200; size += 7 {
		o := &output{}
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			if _, err := fmt.Fprint(o, rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		o.endLine()
		if !slices.Equal(o.complaints, complaints) {
			t.Fatalf("pieces of %d: complaints are %q", size, o.complaints)
		}
		if !slices.Equal(o.omissions, omissions) {
			t.Fatalf("pieces of %d: omissions are %q", size, o.omissions)
		}
		if tail := o.tail(); !strings.HasSuffix(tail, "last line") || len(tail) > tailLimit {
			t.Fatalf("pieces of %d: the tail has %d bytes and ends %q", size, len(tail), tail[max(0, len(tail)-20):])
		}
	}
}

// A dump of a page does not push out what is said before it, and the last
// complaint is kept however many there are.
// TestDumpsInPiecesAreLeftOut: threads that print at the same time break a dump
// into lines, of which each but the first has no words.
func TestDumpsInPiecesAreLeftOut(t *testing.T) {
	t.Parallel()
	o := &output{}
	const copied, fatal = "[01] aria table file ./a/t.MAD is copied successfully.\n", "[00] FATAL ERROR: failed to copy datafile.\n"
	hex, blank := strings.Repeat("0a", 5000)+"\n", strings.Repeat(" ", 400)+"\n"
	if _, err := fmt.Fprint(o, " len 16384; hex 00\n", hex, copied, blank, hex, copied, "0a0a\n", fatal); err != nil {
		t.Fatal(err)
	}
	if want := " len 16384; hex 00\n" + copied + copied + "0a0a\n" + fatal; o.tail() != want {
		t.Errorf("got %q, want %q", o.tail(), want)
	}
}

func TestDumpsAreCut(t *testing.T) {
	t.Parallel()
	const before, fatal = "[00] Error: File ./a/t.ibd seems to be corrupted.", "[00] FATAL ERROR: failed to copy datafile."
	dump := " len 16384; hex " + strings.Repeat("00", 16<<10) + "; asc " + strings.Repeat(" ", 16<<10)
	for _, size := range []int{1, 7, 1000, 1 << 20} {
		var log strings.Builder
		o := &output{log: &log}
		text := before + "\n" + strings.Repeat(dump+"\nError: again\n", 30) + fatal + "\n"
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			if _, err := fmt.Fprint(o, rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if n := len(o.complaints); n != complaintLimit || o.complaints[0] != before || o.complaints[n-1] != fatal {
			t.Errorf("pieces of %d: %d complaints, %q", size, n, o.complaints)
		}
		if tail := o.tail(); !strings.HasSuffix(tail, "(cut: the operation's log has all of it)\nError: again\n"+fatal+"\n") ||
			strings.Count(tail, "again") < 10 {
			t.Errorf("pieces of %d: the tail is %q", size, tail)
		}
		if log.String() != text {
			t.Errorf("pieces of %d: the log lacks some of it", size)
		}
	}
}
