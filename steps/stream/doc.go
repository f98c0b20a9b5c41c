// Package stream is what happens to a backup tool's xbstream on its way to and
// from the store: its framing is walked, it is compressed or uncompressed, and
// what is stored is hashed and counted, all in one pass and in memory that
// does not grow with the stream.
//
//	Pack     tool ──▶ walk ──▶ compress ──▶ hash, count ──▶ store
//	Unpack  store ──▶ hash, count ──▶ uncompress ──▶ walk ──▶ mbstream
//
// An xbstream is a row of chunks, those of several files interleaved. Numbers
// are little-endian, of the width in bytes given above them:
//
//	    8      1     1     4     path      by type
//	XBSTCK01 flags type length  path  …
//
//	type           followed by
//	P  payload     8 length  8 offset  4 CRC-32  payload
//	E  end         nothing: the file is complete
//	S  sparse      4 entries  8 length  8 offset  4 CRC-32  map  payload
//	               (XtraBackup 8: an entry of the map is 4 skip  4 length)
//	S  seek        8 offset of the file's next payload      (MariaDB)
//	R  rename      4 length  new path                       (MariaDB)
//	D  remove      nothing                                  (MariaDB)
//
// Flag 1 marks a chunk that a reader may skip if it does not know the type; it
// is then laid out like a payload. Flag 2 (MariaDB) lets a payload or seek
// write a file anew that has ended before. The two uses of S are told apart by
// what follows: only behind a seek can the next chunk's magic begin after
// eight bytes, for it would make a sparse length of more than 2^62.
//
// Sources: storage/innobase/xtrabackup/doc/source/xbstream of
// percona/percona-xtrabackup and its xbstream_read.cc; xbstream_write.cc of
// extra/mariabackup in MariaDB/server; what the mbstream of MariaDB 10.11.19
// accepts.
//
// What must stay true:
//
//   - A stream that was cut or altered anywhere is never taken for whole: the
//     tools that unpack it report success for many of these.
//   - Nothing is allocated by what a stream claims, only by what it holds.
//   - Whatever fails, every goroutine has ended when a function returns.
//
// It starts no program and imports nothing of ours.
package stream
