package sshx

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net"
	"testing"

	"golang.org/x/crypto/ssh"
)

// serveSSH is a server of x/crypto, which gives every session exit code 5.
func serveSSH(t *testing.T, config *ssh.ServerConfig) (port int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, chans, reqs, err := ssh.NewServerConn(c, config)
				if err != nil {
					c.Close()
					return
				}
				go ssh.DiscardRequests(reqs)
				for ch := range chans {
					channel, requests, err := ch.Accept()
					if err != nil {
						continue
					}
					go func() {
						for r := range requests {
							if r.WantReply {
								r.Reply(r.Type == "exec", nil)
							}
							if r.Type == "exec" {
								channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{5}))
								channel.Close()
							}
						}
					}()
				}
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// oldPEM is a key as ssh-keygen wrote it before 2014.
func oldPEM(t *testing.T, key *rsa.PrivateKey, passphrase string) *pem.Block {
	//lint:ignore SA1019 the format is what is tested
	block, err := x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), []byte(passphrase), x509.PEMCipherAES128)
	if err != nil {
		t.Fatal(err)
	}
	return block
}
