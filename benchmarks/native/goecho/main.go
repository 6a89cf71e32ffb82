// goecho echoes frames of a 4-byte big-endian length and its payload: the Go server of the comparison.
//
// The usual shape in Go: a goroutine per connection, buffered reader and writer, and a flush when no whole header is
// left in the reader's buffer. Prints "ready PORT" and ends when its standard input does.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
)

const (
	headerBytes = 4
	bufferBytes = 64 << 10
	maxFrame    = 1 << 20
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if err := echo(conn); err != nil && err != io.EOF {
					fmt.Fprintln(os.Stderr, conn.RemoteAddr(), err)
				}
			}()
		}
	}()
	io.Copy(io.Discard, os.Stdin)
}

// echo answers every frame until the peer closes.
func echo(conn net.Conn) error {
	in := bufio.NewReaderSize(conn, bufferBytes)
	out := bufio.NewWriterSize(conn, bufferBytes)
	header := make([]byte, headerBytes)
	var payload []byte
	for {
		if _, err := io.ReadFull(in, header); err != nil {
			return err
		}
		length := int(binary.BigEndian.Uint32(header))
		if length > maxFrame {
			return fmt.Errorf("frame of %d bytes (at most %d)", length, maxFrame)
		}
		if cap(payload) < length {
			payload = make([]byte, length)
		}
		payload = payload[:length]
		if _, err := io.ReadFull(in, payload); err != nil {
			return err
		}
		out.Write(header)
		out.Write(payload)
		if in.Buffered() < headerBytes {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}
