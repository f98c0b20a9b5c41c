// Package optionfile reads the option files of MariaDB and MySQL as their own
// programs do: sections in order, lines with quotes and escapes, and what other
// files they include.
//
// What must stay true:
//
//   - A file means here what it means to the vendor's programs. Where that is not
//     certain, it is an error, and nothing is overlooked.
//   - An error names a file and a key, and no value: that may be a password.
//
// The format is described at
// https://mariadb.com/kb/en/configuring-mariadb-with-option-files/ and
// https://dev.mysql.com/doc/refman/8.4/en/option-files.html.
package optionfile
