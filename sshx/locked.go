package sshx

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/ssh"
)

// lockedKey is a private key with a passphrase. Only the public half is known until the server wants its signature.
type lockedKey struct {
	keys *keys
	file string
	data []byte
	pub  ssh.PublicKey
}

func (k *lockedKey) PublicKey() ssh.PublicKey { return k.pub }

func (k *lockedKey) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	return k.SignWithAlgorithm(rand, data, "")
}

// SignWithAlgorithm asks for the passphrase. Without it the login goes on with the next key.
func (k *lockedKey) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	signer, err := k.keys.open(k)
	if err != nil {
		k.keys.declined = append(k.keys.declined, k.file)
		return nil, err
	}
	if as, ok := signer.(ssh.AlgorithmSigner); ok && algorithm != "" {
		return as.SignWithAlgorithm(rand, data, algorithm)
	}
	return signer.Sign(rand, data)
}

// passphrase opens a key, with as many tries as ssh gives.
func (l *login) passphrase(k *lockedKey) (ssh.Signer, error) {
	for range max(1, l.target.prompts) {
		if signer := l.secrets.unlock(k.data, ""); signer != nil {
			return signer, nil
		}
		if !l.target.asks {
			break
		}
		text, err := l.ask(Prompt{Kind: PromptPassphrase, Text: k.file}, "passphrase "+k.file)
		if err != nil {
			return nil, err
		}
		if text == "" {
			break // as with ssh, on to the next key
		}
		if signer := l.secrets.unlock(k.data, text); signer != nil {
			return signer, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", k.file, errors.New("no passphrase opens it"))
}
