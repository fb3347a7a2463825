package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// hex64 is a key as kubeadm prints it.
const hex64 = "e6a2eb8581237ab72a4f494f30285ec12a9694d750b9785706a83bfcbbbd2204"

// planted are secrets in the shapes in which files and commands have them: the text around one, and what nobody may find.
// PLANT stands for it. None of them is a secret of anybody.
var planted = []struct{ text, secret string }{
	{"[upload-certs] Using certificate key:\nPLANT", hex64},
	{`"stdout_lines": ["[upload-certs] Using certificate key:", "PLANT"]`, "0a" + hex64[2:]},
	{"kubeadm join 10.0.0.1:6443 --token qwerty.PLANT --discovery-token-ca-cert-hash sha256:0f", "p1a2n3t4e5d60001"},
	{"qwerty.PLANT   23h   2026-12-01T00:00:00Z   authentication,signing", "p1a2n3t4e5d60002"},
	{"kubeadm init --certificate-key PLANT --upload-certs", "0b" + hex64[2:]},
	{`kubeadm_certificate_key: "PLANT"`, "0c" + hex64[2:]},
	{"https://deploy:PLANT@git.example.com/ops.git", "plant-0004-url"},
	{"postgres://app:PLANT@db:5432/app?sslmode=disable", "plant0005db"},
	{"https://PLANT@github.com/x/y", "plant0006plant0006plant0006"},
	{`{"auths": {"registry.example.com": {"auth": "PLANT"}}}`, "cGxhbnQ6cGxhbnQwMDA3"},
	{".dockerconfigjson: eyJhdXRocyI6PLANT", "eyJyIjp7ImF1dGgiOiJwbGFudDAwMDgifX19"},
	{"remote: ghp_PLANT", "Pl4nt0009Pl4nt0009Pl4nt0009Pl4nt0009"},
	{"github_pat_PLANT", "11PLANT0010Pl4nt_0010Pl4nt0010Pl4nt0010"},
	{"glpat-PLANT", "Pl4nt0011Pl4nt0011xx"},
	{"xoxb-PLANT", "123456789012-Pl4nt0012Pl4nt0012"},
	{"https://hooks.slack.com/services/PLANT", "T00000000/B00000000/Pl4nt0013"},
	{"aws_access_key_id AKIAPLANT", "PL4NT0014PL4NT01"},
	{"aws_secret_access_key = PLANT", "Pl4nt0015/Pl4nt0015+Pl4nt0015"},
	{"AIzaPLANT", "SyPl4nt0016Pl4nt0016Pl4nt0016Pl4nt"},
	{"DefaultEndpointsProtocol=https;AccountName=x;AccountKey=PLANT;EndpointSuffix=core.windows.net", "Pl4nt0017Pl4nt0017Pl4nt0017=="},
	{"AZURE_CLIENT_SECRET=PLANT", "plant0018~Q~plant"},
	{"curl -sf -u admin:PLANT https://registry.example.com/v2/", "plantcurl"},
	{"curl --user 'admin:PLANT' https://x", "plant-0020"},
	{"sshpass -p PLANT ssh root@node1", "plantsshpass"},
	{"sshpass -p 'PLANT' ssh root@node1", "plant 0022 spaced"},
	{"mysql -uroot -pPLANT app", "plant0023mysql"},
	{"MYSQL_PWD=PLANT mysqldump app", "plant0024mysql"},
	{"PGPASSWORD=PLANT psql", "plant0025pg"},
	{"redis-cli -a PLANT ping", "plant0026redis"},
	{"requirepass PLANT", "plant0027redis"},
	{"root:$6$PLANT:19000:0:99999:7:::", "saltsalt$Pl4nt0028Pl4nt0028Pl4nt0028"},
	{"user:$y$PLANT:19000::::::", "j9T$salt$Pl4nt0029Pl4nt0029"},
	{"admin:$2y$PLANT", "10$Pl4nt0030Pl4nt0030Pl4nt0030Pl4"},
	{"admin:$apr1$PLANT", "salt$Pl4nt0031Pl4nt0031"},
	{"{'user': u'bob', 'password': u'PLANT'}", "plant0032dict"},
	{"{'ansible_become_password': 'PLANT', 'x': 1}", "plant0033 dict"},
	{"    passwd PLANT", "Pl4nt0034"},
	{"secret_key_base : PLANT", "plant0035base"},
	{"snmp-server community PLANT RO", "plantcommunity"},
	{"rocommunity PLANT 10.0.0.0/8", "plantrocommunity"},
	{"snmp_community: PLANT", "plant0038snmp"},
	{"jwt eyJhbGciOiJSUzI1NiJ9.PLANT", "eyJzdWIiOiJwbGFudDAwMzkifQ.Pl4ntSig"},
	{"-----BEGIN RSA PRIVATE KEY-----\nPLANT\n-----END RSA PRIVATE KEY-----", "MIIEpAIBAAKCAQEAplant0040"},
	{"-----BEGIN OPENSSH PRIVATE KEY-----\nPLANT\n-----END OPENSSH PRIVATE KEY-----", "b3BlbnNzaC1rZXktplant0041"},
	{"    client-key-data: PLANT", "LS0tLS1CRUdJTiplant0042"},
	{"Authorization: Basic PLANT", "cGxhbnQ6cGxhbnQwMDQz"},
	{"Authorization: Bearer PLANT", "plant.0044.bearer"},
	{`curl -H "X-Auth-Token: PLANT" https://x`, "plant0045xauth"},
	{"etcd: secret: PLANT", "cGxhbnQwMDQ2cGxhbnQwMDQ2cGxhbnQwMDQ2"},
	{`"vault_db": "PLANT"`, "plant0047vault"},
	{`"etcd_encryption": "PLANT"`, "plant0048etcd"},
	{"vault_ldap_bind: PLANT", "plant0049vault"},
	{"ansible_ssh_pass: PLANT", "plant0050ssh"},
	{`ansible_become_pass: "PLANT"`, "plant 0051 two words"},
	{"hvs.PLANT", "CAESPl4nt0052Pl4nt0052Pl4nt"},
	{"npm_PLANT", "Pl4nt0053Pl4nt0053Pl4nt0053Pl4nt0053"},
	{"dckr_pat_PLANT", "Pl4nt0054Pl4nt0054Pl4nt0054"},
	{"PrivateKey = PLANT", "cGxhbnQwMDU1cGxhbnQwMDU1cGxhbnQwMDU1cGxhbnQ="},
	{"PresharedKey = PLANT", "cGxhbnQwMDU2cGxhbnQwMDU2cGxhbnQwMDU2cGxhbnQ="},
	{"auth_pass PLANT", "Pl4nt0057"},
	{"openssl rsa -passin pass:PLANT -in k.pem", "plant0058pass"},
	{"Cookie: session=PLANT; path=/", "plant0059cookie"},
	{"ipmitool -H bmc -U admin -P PLANT chassis status", "plantipmi"},
	{"sk-ant-PLANT", "api03-Pl4nt0061Pl4nt0061"},
}

// harmlessLines mention secrets and hold none.
var harmlessLines = []string{
	"# This is where all of the bearer token will be stored", "# kube_webhook_authorization: false", "the password is required for user bob",
	"secretName: etcd-certs", "serviceAccountToken: true", "see https://kubernetes.io/docs/admin/authentication/ for tokens", "docker run -u 1000:1000 x",
}

const plantedBook = `apiVersion: spraydeck/v1
kind: Runbook
name: planted
version: 1.0.0
title: Planted secrets
system: os
inputs:
  pw: {prompt: the password, secret: true}
phases:
  - title: All of it
    steps:
      - {id: read, title: Read, danger: none, command: cat planted.txt}
      - {id: supervised, title: Supervised, danger: changes, command: "cat planted.txt; cat planted.txt >&2"}
      - {id: pieces, title: In pieces, danger: changes, command: {run: "while IFS= read -r l; do printf '%s' \"$l\" | head -c 9; sleep 0.01; printf '%s\\n' \"$l\" | tail -c +10; done < planted.txt", tty: true}}
      - {id: given, title: Given, danger: changes, command: {run: "cat; sleep 1; tr a-z A-Z < planted.txt | wc -c", stdin: "${inputs.pw}"}}
      - id: gate
        title: A gate
        check:
          gates:
            - id: g
              title: The file has lines
              facts: {f: {command: cat planted.txt}}
              rule: f.lines.size() > 60
              evidence: f.lines
              fails: {en: The file has few lines, ja: 行が少ない}
              says: {en: few, ja: 少数}
      - id: blocked
        title: A gate that does not pass
        check:
          gates:
            - id: g
              title: The file has no lines
              facts: {f: {command: cat planted.txt}}
              rule: f.lines.size() == 0
              evidence: f.lines
              fails: {en: The file has lines, ja: 行があります}
              says: {en: "it says ${f.stdout}", ja: "${f.stdout}"}
      - {id: carry, title: Carry, danger: changes, carry: {path: carried, base: "HEAD:planted.txt", mine: "HEAD:planted.txt", theirs: "HEAD:planted.txt"}}
      - {id: fails, title: Fails, danger: none, command: "cat planted.txt >&2; cat resumed"}
`

// TestNoPlantedSecretIsKept: secrets of the shapes that clusters, clouds and tools have are found neither in the state
// directory, nor in an export of any format, nor on the terminal, nor in the arguments or the environment of a process; and
// every file that is written from data is byte for byte what it was made of.
func TestNoPlantedSecretIsKept(t *testing.T) {
	if len(planted) < 60 {
		t.Fatalf("%d secrets are planted", len(planted))
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var file strings.Builder
	for _, p := range planted {
		fmt.Fprintln(&file, strings.ReplaceAll(p.text, "PLANT", p.secret))
	}
	for _, l := range harmlessLines {
		fmt.Fprintln(&file, l)
	}
	const given = "planted given password"
	write("planted.txt", file.String())
	write("book.yaml", plantedBook)
	write("answers.yaml", "start: continue\n\"*/approve\": continue\nblocked/g: {choice: override, reason: a test}\ninputs.pw: "+given+"\n")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "AS_SPRAYDECK=1", "XDG_STATE_HOME="+dir+"/state", "XDG_CONFIG_HOME="+dir+"/config", "HOME="+dir, "LANG=C.UTF-8",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	call := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(name, args...)
		c.Dir, c.Env = dir, env
		return c
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "planted.txt"}, {"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "x"}} {
		if out, err := call("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
	}
	run := call(self, "run", "./book.yaml", "--plain", "--answers", "answers.yaml")
	var printed bytes.Buffer
	run.Stdout, run.Stderr = &printed, &printed
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- run.Wait() }()
	processes := watchProcesses(given, done)
	if run.ProcessState.ExitCode() != 1 { // its last step fails, as nothing of it is there yet
		t.Fatalf("exit %d: %s", run.ProcessState.ExitCode(), printed.String())
	}
	if carried, err := os.ReadFile(filepath.Join(dir, "carried")); err != nil || string(carried) != file.String() {
		t.Errorf("what was carried is not what was there: %v, %d bytes of %d", err, len(carried), file.Len())
	}
	write("resumed", "yes\n")
	again, err := call(self, "resume", "--plain", "--answers", "answers.yaml").CombinedOutput()
	if err != nil {
		t.Errorf("resume: %v: %s", err, again)
	}
	found := map[string][]string{}
	look := func(where string, text []byte) {
		for _, s := range append(secretsOf(), given) {
			if bytes.Contains(text, []byte(s)) {
				found[s] = append(found[s], where)
			}
		}
	}
	look("the terminal", append(printed.Bytes(), again...))
	look("the arguments or the environment of a process", processes)
	for _, format := range []string{"md", "html", "cast", "cast2", "txt", "json", "jsonl"} {
		out, err := call(self, "export", "--format", format).Output()
		if err != nil || len(out) == 0 {
			t.Fatalf("export %s: %v", format, err)
		}
		look("export "+format, out)
	}
	files := 0
	err = filepath.WalkDir(filepath.Join(dir, "state"), func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		look(strings.TrimPrefix(path, dir+"/state/"), b)
		files++
		return err
	})
	if err != nil || files < 8 {
		t.Fatal(files, err)
	}
	for s, where := range found {
		t.Errorf("%q is in %q", s, where)
	}
	for _, l := range harmlessLines {
		if !strings.Contains(printed.String(), l) {
			t.Errorf("%q can not be read", l)
		}
	}
}

// secretsOf returns the planted secrets, and how JSON spells them.
func secretsOf() (all []string) {
	for _, p := range planted {
		all = append(all, p.secret)
		if b, err := json.Marshal(p.secret); err == nil && string(b[1:len(b)-1]) != p.secret {
			all = append(all, string(b[1:len(b)-1]))
		}
	}
	return all
}

// watchProcesses returns the arguments and the environment of every process that has the secret in them, until done.
func watchProcesses(secret string, done <-chan error) (seen []byte) {
	for {
		list, _ := filepath.Glob("/proc/[0-9]*")
		for _, p := range list {
			for _, name := range []string{"cmdline", "environ"} {
				if b, err := os.ReadFile(filepath.Join(p, name)); err == nil && bytes.Contains(b, []byte(secret)) {
					seen = append(append(seen, b...), '\n')
				}
			}
		}
		select {
		case <-done:
			return seen
		case <-time.After(20 * time.Millisecond):
		}
	}
}
