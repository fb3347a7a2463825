package kubespray

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Export writes the tree of a revision below dir, which exists. The working tree is not touched.
func (c *Checkout) Export(ctx context.Context, rev, dir string) error {
	out, err := git(ctx, c.dir, nil, "archive", "--format=tar", rev+"^{tree}")
	if err != nil {
		return fmt.Errorf("read the tree of %s: %w", rev, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	r := tar.NewReader(bytes.NewReader(out))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = exportOne(root, h, r)
		}
		if err != nil {
			return fmt.Errorf("write the tree of %s: %w", rev, err)
		}
	}
}

// exportOne writes one entry of an archive. The root keeps it below the directory.
func exportOne(root *os.Root, h *tar.Header, r io.Reader) error {
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(filepath.Clean(h.Name), 0o700)
	case tar.TypeSymlink:
		return root.Symlink(h.Linkname, h.Name)
	case tar.TypeReg:
		f, err := root.OpenFile(h.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600|os.FileMode(h.Mode)&0o100)
		if err != nil {
			return err
		}
		if _, err := io.Copy(f, r); err != nil {
			f.Close()
			return err
		}
		return f.Close()
	}
	return nil
}
