package sshx

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"spraydeck/regular"
)

// refuse names an option with which no command of ours could run, whoever connects.
func refuse(cfg, plain lookup) error {
	for _, key := range []string{"remotecommand", "sessiontype"} {
		if have := cfg[key]; !slices.Equal(have, plain[key]) {
			return optionError(key, strings.Join(have, " "))
		}
	}
	return nil
}

// needsSSH names what only the installed ssh can do for a host, "" where the native client does exactly what ssh does.
func (t *target) needsSSH(cfg, plain lookup) string {
	for _, key := range slices.Sorted(maps.Keys(cfg)) {
		if !implemented[key] && !harmless[key] && !slices.Equal(cfg[key], plain[key]) {
			return key + " " + strings.Join(cfg[key], " ")
		}
	}
	switch {
	case cfg.first("pkcs11provider") != "":
		return "pkcs11provider"
	case cfg.first("hostbasedauthentication") == "yes":
		return "hostbasedauthentication"
	case cfg.first("gssapiauthentication") == "yes" && haveTicket():
		return "gssapiauthentication"
	}
	for _, file := range t.identities {
		if key, err := regular.Read(strings.TrimSuffix(file, ".pub") + ".pub"); err == nil && strings.HasPrefix(string(key), "sk-") {
			return "the security key " + file
		}
	}
	if info, err := os.Stat(t.master); err == nil && info.Mode()&os.ModeSocket != 0 {
		return "controlpath " + t.master
	}
	return ""
}

// haveTicket reports whether Kerberos has something to log in with. Without a ticket GSSAPI proves nothing, and distributions
// switch it on for every host.
func haveTicket() bool {
	if os.Getenv("KRB5CCNAME") != "" {
		return true
	}
	_, err := os.Stat(fmt.Sprintf("/tmp/krb5cc_%d", os.Getuid()))
	return err == nil
}
