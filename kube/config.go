package kube

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"spraydeck/regular"
)

// origin remembers where a Cluster comes from, for the messages.
type origin struct {
	file, context, cluster, user, server, namespace string
}

const anotherFile = "name the right file with --kubeconfig or KUBECONFIG; on a control-plane node it is /etc/kubernetes/admin.conf"

// load does what kubectl does to find its configuration, and explains each way it can fail.
func load(path, context string) (*rest.Config, origin, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = path
	rules.WarnIfAllMissing = false
	looked := path
	if path == "" {
		looked = strings.Join(rules.Precedence, ", ")
	}
	if err := readable(path, rules.Precedence); err != nil {
		return nil, origin{}, err
	}
	raw, err := rules.Load()
	if err != nil {
		return nil, origin{}, malformed(looked, err)
	}
	if context == "" {
		context = raw.CurrentContext
	}
	from, err := pick(raw, context, looked)
	if err != nil {
		return nil, origin{}, err
	}
	if err := regularFiles(raw.Clusters[from.cluster], raw.AuthInfos[from.user], from); err != nil {
		return nil, origin{}, err
	}
	config, err := clientcmd.NewNonInteractiveClientConfig(*raw, context, &clientcmd.ConfigOverrides{}, rules).ClientConfig()
	if err != nil {
		return nil, origin{}, &hintError{
			msg:  fmt.Sprintf("read kubeconfig %s: context %q cannot be used: %v", from.file, context, err),
			hint: anotherFile,
			err:  err,
		}
	}
	return config, from, nil
}

// readable tells apart the ways in which no file can be read. client-go skips missing files silently.
func readable(explicit string, chain []string) error {
	files := chain
	if explicit != "" {
		files = []string{explicit}
	}
	found := false
	for _, file := range files {
		if file == "" {
			continue
		}
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return &hintError{msg: fmt.Sprintf("read kubeconfig %s: %v", file, reason(err)), hint: anotherFile, err: err}
		case info.IsDir():
			return &hintError{msg: fmt.Sprintf("read kubeconfig %s: it is a directory", file), hint: anotherFile}
		}
		opened, err := regular.Open(file)
		if err != nil {
			return &hintError{msg: fmt.Sprintf("read kubeconfig %s: %v", file, reason(err)), hint: anotherFile, err: err}
		}
		_ = opened.Close() // only read
		found = true
	}
	if found {
		return nil
	}
	return &hintError{
		msg:  fmt.Sprintf("read kubeconfig %s: no such file", strings.Join(files, ", ")),
		hint: anotherFile,
		err:  fs.ErrNotExist,
	}
}

// regularFiles refuses files that a kubeconfig names and that are none: client-go would wait for them.
func regularFiles(cluster *api.Cluster, user *api.AuthInfo, from origin) error {
	names := map[string]string{"certificate-authority": cluster.CertificateAuthority}
	if user != nil {
		names["client-certificate"], names["client-key"], names["tokenFile"] = user.ClientCertificate, user.ClientKey, user.TokenFile
	}
	for _, key := range slices.Sorted(maps.Keys(names)) {
		file := names[key]
		if file == "" {
			continue
		}
		opened, err := regular.Open(file)
		var not *regular.Error
		if errors.As(err, &not) {
			return &hintError{msg: fmt.Sprintf("read kubeconfig %s: %s %s: %v", from.file, key, file, not), hint: anotherFile, err: err}
		}
		if err == nil {
			_ = opened.Close() // only read
		}
	}
	return nil
}

var lineNumber = regexp.MustCompile(`line (\d+)`)

// malformed hides the parser's own words: they can quote a token or a key.
func malformed(file string, err error) error {
	where := ""
	if m := lineNumber.FindStringSubmatch(err.Error()); m != nil {
		where = " (line " + m[1] + ")"
	}
	return &hintError{msg: fmt.Sprintf("read kubeconfig %s: it is not a valid kubeconfig%s", file, where), hint: anotherFile}
}

func pick(raw *api.Config, context, looked string) (origin, error) {
	names := slices.Sorted(maps.Keys(raw.Contexts))
	choose := "name one with --context: " + strings.Join(names, ", ")
	if len(names) == 0 {
		return origin{}, &hintError{msg: fmt.Sprintf("read kubeconfig %s: it has no context", looked), hint: anotherFile}
	}
	if context == "" {
		return origin{}, &hintError{msg: fmt.Sprintf("read kubeconfig %s: it sets no current context", looked), hint: choose}
	}
	entry := raw.Contexts[context]
	if entry == nil {
		return origin{}, &hintError{msg: fmt.Sprintf("find context %q in kubeconfig %s: no such context", context, looked), hint: choose}
	}
	from := origin{file: looked, context: context, cluster: entry.Cluster, user: entry.AuthInfo, namespace: entry.Namespace}
	if entry.LocationOfOrigin != "" {
		from.file = entry.LocationOfOrigin
	}
	if from.namespace == "" {
		from.namespace = "default"
	}
	cluster := raw.Clusters[entry.Cluster]
	if cluster == nil {
		return origin{}, &hintError{
			msg:  fmt.Sprintf("read kubeconfig %s: context %q names cluster %q, which is not in it", from.file, context, entry.Cluster),
			hint: choose,
		}
	}
	// client-go would go on without credentials, and the server would be blamed for it.
	if entry.AuthInfo != "" && raw.AuthInfos[entry.AuthInfo] == nil {
		return origin{}, &hintError{
			msg:  fmt.Sprintf("read kubeconfig %s: context %q names user %q, which is not in it", from.file, context, entry.AuthInfo),
			hint: choose,
		}
	}
	if cluster.Server == "" {
		return origin{}, &hintError{
			msg:  fmt.Sprintf("read kubeconfig %s: cluster %q has no server", from.file, entry.Cluster),
			hint: "set clusters[].cluster.server in it, or " + anotherFile,
		}
	}
	from.server = cluster.Server
	return from, nil
}
