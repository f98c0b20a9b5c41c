package server

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"testing"

	"dbcalm-db-cmd/steps/testkit"
)

// shaServer is the little of a MySQL 8 that a login takes, at a socket of the
// test's: one account, whose plugin is caching_sha2_password and whose password
// the server has not cached yet, so that it must be sent in full.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html
type shaServer struct {
	t        *testing.T
	listener net.Listener
	password string
	// sent is what a client answered to the demand for the whole password.
	sent chan []byte
}

func newShaServer(t *testing.T, network, address, password string) *shaServer {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	s := &shaServer{t: t, listener: listener, password: password, sent: make(chan []byte, 10)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.serve(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-ended
	})
	return s
}

func (s *shaServer) serve(conn net.Conn) {
	const nonce, plugin = "abcdefghijklmnopqrst", "caching_sha2_password"
	// Protocol 10, the version, a thread's number, and the capabilities: 4.1's
	// protocol, secure passwords, plugins for them.
	hello := append([]byte{10}, "8.0.36\x00\x01\x00\x00\x00"+nonce[:8]+"\x00"...)
	hello = append(hello, 0x00, 0x82, 45, 2, 0, 0x08, 0x00, byte(len(nonce)+1))
	hello = append(append(hello, make([]byte, 10)...), nonce[8:]+"\x00"+plugin+"\x00"...)
	writePacket(conn, 0, hello)
	if _, err := readPacket(conn); err != nil {
		return
	}
	const fullAuthentication = 4
	writePacket(conn, 2, []byte{1, fullAuthentication})
	answer, err := readPacket(conn)
	if err != nil {
		return
	}
	s.sent <- answer
	ok := []byte{0, 0, 0, 2, 0, 0, 0}
	if !bytes.Equal(answer, []byte(s.password+"\x00")) {
		writePacket(conn, 4, append([]byte{0xff, 0x15, 0x04, '#'}, "28000Access denied"...))
		return
	}
	writePacket(conn, 4, ok)
	for {
		if _, err := readPacket(conn); err != nil {
			return
		}
		writePacket(conn, 1, ok)
	}
}

func writePacket(w io.Writer, number byte, body []byte) {
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(body)))
	head[3] = number
	_, _ = w.Write(append(head, body...))
}

func readPacket(r io.Reader) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	body := make([]byte, binary.LittleEndian.Uint32(append(head[:3:3], 0)))
	_, err := io.ReadFull(r, body)
	return body, err
}

// MySQL 8 takes the password in full where nobody can listen, as on a socket;
// over TCP without TLS it must not be sent so.
func TestNewPasswordsOfMySQL8(t *testing.T) {
	t.Parallel()
	h := newServer(t)
	socket := filepath.Join(h.Dir, "s")
	server := newShaServer(t, "unix", socket, "s3cret")
	h.WriteCredentials("[client-dbcalm]\nuser=backup\npassword=s3cret\nsocket=" + socket + "\n")
	h.Must(h.Reachable(t.Context()))
	if sent := string(<-server.sent); sent != "s3cret\x00" {
		t.Errorf("on the socket the client sent %q", sent)
	}
	h.WriteCredentials("[client-dbcalm]\nuser=backup\npassword=wrong\nsocket=" + socket + "\n")
	testkit.Says(t, h.Reachable(t.Context()), "the server refused the login of the backup user 'backup': Access denied")
	<-server.sent

	remote := newShaServer(t, "tcp", "127.0.0.1:0", "s3cret")
	_, port, err := net.SplitHostPort(remote.listener.Addr().String())
	h.Must(err)
	h.WriteCredentials("[client-dbcalm]\nuser=backup\npassword=s3cret\nhost=127.0.0.1\nport=" + port + "\n")
	if err := h.Reachable(t.Context()); err == nil {
		t.Error("a server without a key let it in")
	}
	const askForKey = 2
	if sent := <-remote.sent; !bytes.Equal(sent, []byte{askForKey}) {
		t.Errorf("over TCP the client sent %q instead of asking for the server's key", sent)
	}
}
