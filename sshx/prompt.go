package sshx

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Prompt is a question of ssh to the operator.
type Prompt struct {
	Kind  string // one of the Prompt constants
	Host  string // as the caller names it; for a passphrase, the host that the key is needed for first
	Place string // user@address:port
	Text  string // in the words of ssh or of the server
	Says  string // what the server says before it asks
	Echo  bool   // the answer is no secret
	Again bool   // the answer before was refused
}

// Kinds of prompt.
const (
	PromptPassword   = "password"
	PromptPassphrase = "passphrase" // Text is the file of the key
	PromptQuestion   = "question"   // of the server: a code of a second factor, a password in its own words
	PromptSudo       = "sudo"       // Place is user@host
)

// ErrNobody is what an answering function returns where nobody can answer. A login then goes on with what needs no answer,
// as ssh does with BatchMode.
var ErrNobody = errors.New("nobody is here to answer")

// Ask names the function that puts prompts to the operator, one at a time. Answers are kept in memory as long as the client
// lasts, each for its user and host or its key; those to questions that look like a one-time code are not kept. Another error
// than ErrNobody means that the operator declines.
func (c *Client) Ask(answer func(context.Context, Prompt) (string, error)) {
	c.secrets.mu.Lock()
	defer c.secrets.mu.Unlock()
	c.secrets.answer = answer
}

// declinedFor is how long a declined prompt is not put again: a checkup would put it for each of its commands.
const declinedFor = 3 * time.Second

// secrets are the answers of the operator, in memory only.
type secrets struct {
	turn chan struct{} // one prompt at a time

	mu       sync.Mutex
	answer   func(context.Context, Prompt) (string, error)
	known    map[string]*secret
	declined map[string]time.Time // by prompt

	decrypting sync.Mutex
	keys       map[[sha256.Size]byte]ssh.Signer // decrypted, by the digest of their file
}

// secret is one answer. Its turn is held by the login that asks for it; others wait, and use the same answer.
type secret struct {
	turn  chan struct{}
	value string
	set   bool
}

func newSecrets() *secrets {
	return &secrets{turn: make(chan struct{}, 1), known: map[string]*secret{}, keys: map[[sha256.Size]byte]ssh.Signer{},
		declined: map[string]time.Time{}}
}

// put asks the operator when the prompt's turn comes.
func (s *secrets) put(ctx context.Context, p Prompt) (string, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-s.turn }()
	key := p.Kind + "\n" + p.Host + "\n" + p.Place + "\n" + p.Text
	s.mu.Lock()
	patience := declinedFor
	if p.Kind == PromptSudo {
		patience = sudoDeclinedFor
	}
	answer, declined := s.answer, time.Since(s.declined[key]) < patience
	s.mu.Unlock()
	switch {
	case answer == nil:
		return "", ErrNobody
	case declined:
		return "", errDeclined
	}
	value, err := answer(ctx, p)
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrNobody) {
		s.mu.Lock()
		s.declined[key] = time.Now()
		s.mu.Unlock()
	}
	return value, err
}

var errDeclined = errors.New("it was declined a moment ago")

// take waits for the turn of a secret.
func (s *secrets) take(ctx context.Context, name string) (*secret, error) {
	s.mu.Lock()
	one := s.known[name]
	if one == nil {
		one = &secret{turn: make(chan struct{}, 1)}
		s.known[name] = one
	}
	s.mu.Unlock()
	select {
	case one.turn <- struct{}{}:
		return one, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// get returns the secret of that name: the known one, unless it is the refused one, else the operator's answer.
func (s *secrets) get(ctx context.Context, name, refused string, p Prompt) (string, error) {
	one, err := s.take(ctx, name)
	if err != nil {
		return "", err
	}
	defer func() { <-one.turn }()
	if one.set && (!p.Again || one.value != refused) {
		return one.value, nil
	}
	value, err := s.put(ctx, p)
	if err == nil {
		one.value, one.set = value, true
	}
	return value, err
}

// unlock returns a decrypted key, nil where the passphrase does not open it. That takes long on purpose, so each key is
// decrypted once; the passphrase may be empty then.
func (s *secrets) unlock(file []byte, passphrase string) ssh.Signer {
	s.decrypting.Lock()
	defer s.decrypting.Unlock()
	sum := sha256.Sum256(file)
	if s.keys[sum] == nil && passphrase != "" {
		if key, err := ssh.ParsePrivateKeyWithPassphrase(file, []byte(passphrase)); err == nil {
			s.keys[sum] = key
		}
	}
	return s.keys[sum]
}

// UnansweredError says that a command did not run because its host, or the key for it, asked for something and nobody
// answered.
type UnansweredError struct {
	Prompt Prompt
	Err    error
}

func (e *UnansweredError) Error() string {
	asks := "it asks \"" + e.Prompt.Text + "\""
	switch e.Prompt.Kind {
	case PromptSudo:
		return "become root on " + named(e.Prompt.Host, e.Prompt.Place) + ": sudo asks for the password, and " + e.Err.Error()
	case PromptPassword:
		asks = "it asks for the password"
	case PromptPassphrase:
		asks = "the key " + e.Prompt.Text + " has a passphrase"
	}
	return "log in to " + named(e.Prompt.Host, e.Prompt.Place) + ": " + asks + ", and " + e.Err.Error()
}

func (e *UnansweredError) Unwrap() error { return e.Err }

// Hint says how to fix it.
func (e *UnansweredError) Hint() string {
	switch e.Prompt.Kind {
	case PromptPassphrase:
		return "load the key into the agent (ssh-add " + e.Prompt.Text + "), or run spraydeck in a terminal: it asks there"
	case PromptSudo:
		return "run spraydeck in a terminal: it asks there; or give ansible_become_password in the inventory, or allow sudo without a password"
	case PromptPassword:
		return "run spraydeck in a terminal: it asks there; or allow a key, or give ansible_password in the inventory"
	}
	return "run spraydeck in a terminal: it asks there"
}
