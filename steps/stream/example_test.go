package stream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A stream is walked while it is copied elsewhere; what it held is known at its
// end, and that it was whole.
func ExampleWalker() {
	// In place of what mariadb-backup --stream=xbstream prints.
	printed := bytes.NewReader(stream(whole("ibdata1", "pages"), whole("shop/orders.ibd", "rows")))

	walker := NewWalker()
	if _, err := io.Copy(io.MultiWriter(io.Discard, walker), printed); err != nil {
		fmt.Println(err)
		return
	}
	contents, err := walker.End()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, file := range contents.Files {
		fmt.Println(file.Path, file.Size)
	}
	// Output:
	// ibdata1 5
	// shop/orders.ibd 4
	// xtrabackup_info 41
}

// A stream that was cut is never taken for whole, wherever that was.
func ExampleWalker_End() {
	backup := stream(whole("ibdata1", "pages"))

	walker := NewWalker()
	if _, err := walker.Write(backup[:len(backup)-1]); err != nil {
		fmt.Println(err)
		return
	}
	_, err := walker.End()
	if framing, is := errors.AsType[*FramingError](err); is {
		fmt.Println(framing.Problem)
	}
	// Output:
	// it ends in a chunk
}
