package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/kubernetes/cmd/kubeadm/app/constants"

	"spraydeck/lab/stamp"
)

// realRepository names a registry that does not exist: the images are imported, and nothing is ever pulled.
const realRepository = "registry.lab.invalid"

const realPause = constants.PauseVersion

// image is one of the archive. All share two layers: busybox, and the lab's binary under the names of its programs.
type image struct {
	name, version string // the version is the one the programs say they are
	entrypoint    []string
	busyboxOnly   bool
}

// realImageList is what kubeadm of both versions asks for.
func realImageList(from, to string) []image {
	list := []image{{name: "pause:" + realPause, entrypoint: []string{"/pause"}, busyboxOnly: true}}
	etcds := map[string]bool{}
	for _, v := range []string{from, to} {
		for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler"} {
			list = append(list, image{name: name + ":" + v, version: v})
		}
		tag := constants.SupportedEtcdVersion[uint8(version.MustParseSemantic(v).Minor())]
		if !etcds[tag] {
			etcds[tag] = true
			list = append(list, image{name: "etcd:" + tag, version: v})
		}
	}
	return append(list, image{name: "coredns:" + constants.CoreDNSVersion, version: from, entrypoint: []string{"/usr/local/bin/coredns"}})
}

// pauseScript answers -v as the real one does: kubeadm runs a Job of it to see whether Jobs end.
const pauseScript = "#!/bin/sh\n# pause of the lab, a stand-in\n[ \"$1\" != -v ] || { echo 'pause (lab)'; exit 0; }\nexec sleep 2147483647\n"

// writeImages writes the archive of all images, as docker save lays it out.
func writeImages(l Lab, list []image) error {
	out, err := os.OpenFile(l.path("images.tar"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	archive := tar.NewWriter(out)
	busybox, err := busyboxLayer()
	if err != nil {
		return err
	}
	programs, err := programsLayer(l.path("programs.tar"), l.binary())
	if err != nil {
		return err
	}
	defer os.Remove(l.path("programs.tar"))
	if err := addFile(archive, "busybox/layer.tar", 0o644, busybox); err != nil {
		return err
	}
	if err := addLarge(archive, "programs/layer.tar", 0o644, l.path("programs.tar")); err != nil {
		return err
	}
	var manifest []map[string]any
	for i, img := range list {
		layers, digests := []string{"busybox/layer.tar"}, []string{digest(busybox)}
		if !img.busyboxOnly {
			layers, digests = append(layers, "programs/layer.tar"), append(digests, programs)
		}
		config, err := json.Marshal(map[string]any{
			"architecture": "amd64", "os": "linux",
			"config": map[string]any{"Entrypoint": img.entrypoint, "Env": []string{"PATH=/usr/local/bin:/bin", stamp.Variable + "=" + img.version}},
			"rootfs": map[string]any{"type": "layers", "diff_ids": digests},
		})
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%d.json", i)
		if err := addFile(archive, name, 0o644, config); err != nil {
			return err
		}
		manifest = append(manifest, map[string]any{"Config": name, "RepoTags": []string{realRepository + "/" + img.name}, "Layers": layers})
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	if err := addFile(archive, "manifest.json", 0o644, text); err != nil {
		return err
	}
	return archive.Close()
}

func digest(b []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(b)) }

// busyboxLayer is Debian's static busybox, its shell, and pause.
func busyboxLayer() ([]byte, error) {
	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	layer := tar.NewWriter(&b)
	for _, dir := range []string{"bin/", "etc/", "tmp/"} {
		if err := layer.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755}); err != nil {
			return nil, err
		}
	}
	if err := addFile(layer, "bin/busybox", 0o755, busybox); err != nil {
		return nil, err
	}
	for _, name := range []string{"sh", "sleep", "cat", "ls"} {
		if err := addLink(layer, "bin/"+name, "busybox"); err != nil {
			return nil, err
		}
	}
	if err := addFile(layer, "pause", 0o755, []byte(pauseScript)); err != nil {
		return nil, err
	}
	return b.Bytes(), layer.Close()
}

// programsLayer writes a layer with the binary, under the names of the programs that images start, and returns its digest.
func programsLayer(path, binary string) (string, error) {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return "", err
	}
	defer out.Close()
	sum := sha256.New()
	layer := tar.NewWriter(io.MultiWriter(out, sum))
	for _, dir := range []string{"usr/", "usr/local/", "usr/local/bin/"} {
		if err := layer.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755}); err != nil {
			return "", err
		}
	}
	if err := addLarge(layer, "usr/local/bin/lab", 0o755, binary); err != nil {
		return "", err
	}
	for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "etcdctl", "etcdutl", "coredns"} {
		if err := addLink(layer, "usr/local/bin/"+name, "lab"); err != nil {
			return "", err
		}
	}
	if err := layer.Close(); err != nil {
		return "", err
	}
	return fmt.Sprintf("sha256:%x", sum.Sum(nil)), nil
}

func addFile(w *tar.Writer, name string, mode int64, data []byte) error {
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(data))}); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

func addLarge(w *tar.Writer, name string, mode int64, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}

func addLink(w *tar.Writer, name, to string) error {
	return w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: strings.TrimPrefix(to, "/"), Mode: 0o777})
}
