package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// proxy stands between mariabackup, which serves no MySQL, and a server that
// claims to be one: to mariabackup it tells a MariaDB's version, of the same
// length.
type proxy struct {
	name           string
	listener       net.Listener
	server         string
	claimed, shown []byte
}

var workerVersion = regexp.MustCompile(`based on MariaDB server (\S+)`)

// startProxy returns the socket of a proxy to the server at another socket.
func startProxy(server, claimed string) (*proxy, error) {
	path, err := worker()
	if err != nil {
		return nil, err
	}
	banner, err := exec.Command(path, "--version").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	match := workerVersion.FindSubmatch(banner)
	if match == nil || len(match[1]) > len(claimed) {
		return nil, fmt.Errorf("the server's version %s has no room for one of MariaDB", claimed)
	}
	// Whoever kills this kills it before it can tidy up: the socket is in the
	// test's folder. Its path would be too long for a socket; that of the working
	// folder of this process is short.
	if err := os.Chdir(os.Getenv("XTRABACKUP_STANDIN_DIR")); err != nil {
		return nil, err
	}
	p := &proxy{name: fmt.Sprintf("s%d", os.Getpid()), server: server, claimed: []byte(claimed),
		shown: append(match[1], strings.Repeat("-", len(claimed)-len(match[1]))...)}
	if p.listener, err = net.Listen("unix", p.name); err != nil {
		return nil, err
	}
	go p.serve()
	return p, nil
}

func (p *proxy) socket() string { return fmt.Sprintf("/proc/%d/cwd/%s", os.Getpid(), p.name) }

func (p *proxy) close() { _ = p.listener.Close() }

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		go func() {
			_, _ = io.Copy(server, client)
			_ = server.Close()
		}()
		go func() {
			p.answer(client, server)
			_ = client.Close()
		}()
	}
}

// answer passes packets on, each three bytes of length, a number, and that
// many bytes more.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
func (p *proxy) answer(client io.Writer, server io.Reader) {
	from, to := bufio.NewReader(server), bufio.NewWriter(client)
	head := make([]byte, 4)
	for {
		if _, err := io.ReadFull(from, head); err != nil {
			return
		}
		body := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
		if _, err := io.ReadFull(from, body); err != nil {
			return
		}
		_, _ = to.Write(head)
		_, _ = to.Write(bytes.ReplaceAll(body, p.claimed, p.shown))
		if from.Buffered() == 0 {
			if err := to.Flush(); err != nil {
				return
			}
		}
	}
}
