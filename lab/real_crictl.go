package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// crictlMain is a stand-in of crictl on a real node: the few commands that runbooks and tired engineers use, asked of the
// real runtime.
func crictlMain(args []string) int {
	conn, err := grpc.NewClient("unix://"+runtimeSocket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Fprintln(os.Stderr, "crictl (lab):", err)
		return 1
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := crictlCommand(ctx, cri.NewRuntimeServiceClient(conn))
	cmd.SetArgs(args)
	if err := cmd.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "crictl (lab):", err)
		return 1
	}
	return 0
}

// crictlFilter is what pods and ps are asked to show.
type crictlFilter struct {
	quiet, all             bool
	name, namespace, state string
}

func (f crictlFilter) fits(name, namespace, state string) bool {
	ok := f.name == ""
	if !ok {
		matched, err := regexp.MatchString(f.name, name)
		ok = err == nil && matched
	}
	return ok && (f.namespace == "" || f.namespace == namespace) && (f.state == "" || strings.EqualFold(f.state, state))
}

func crictlCommand(ctx context.Context, runtime cri.RuntimeServiceClient) *cobra.Command {
	root := &cobra.Command{Use: "crictl", Short: "crictl of the lab, a stand-in that asks the real runtime", SilenceUsage: true, SilenceErrors: true}
	root.CompletionOptions.DisableDefaultCmd = true
	each := func(use string, do func(id string) error) *cobra.Command {
		cmd := &cobra.Command{Use: use, Args: cobra.MinimumNArgs(1), RunE: func(_ *cobra.Command, ids []string) error {
			for _, id := range ids {
				if err := do(id); err != nil {
					return err
				}
			}
			return nil
		}}
		return cmd
	}
	stop := func(id string) error {
		if _, err := runtime.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: id}); err != nil {
			return err
		}
		fmt.Println("Stopped sandbox", id)
		return nil
	}
	force := false
	rmp := each("rmp", func(id string) error {
		if force {
			if err := stop(id); err != nil {
				return err
			}
		}
		if _, err := runtime.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: id}); err != nil {
			return err
		}
		fmt.Println("Removed sandbox", id)
		return nil
	})
	rmp.Flags().BoolVarP(&force, "force", "f", false, "stop it first")
	root.AddCommand(each("stopp", stop), rmp, crictlExec(ctx, runtime), crictlPods(ctx, runtime), crictlPS(ctx, runtime),
		&cobra.Command{Use: "version", RunE: func(*cobra.Command, []string) error {
			v, err := runtime.Version(ctx, &cri.VersionRequest{})
			if err == nil {
				fmt.Printf("RuntimeName:  %s\nRuntimeVersion:  %s\n", v.RuntimeName, v.RuntimeVersion)
			}
			return err
		}})
	return root
}

func listFlags(cmd *cobra.Command, f *crictlFilter) *cobra.Command {
	cmd.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "ids only")
	cmd.Flags().BoolVarP(&f.all, "all", "a", false, "also what has ended")
	cmd.Flags().StringVar(&f.name, "name", "", "a regular expression")
	cmd.Flags().StringVar(&f.namespace, "namespace", "", "of pods")
	cmd.Flags().StringVarP(&f.state, "state", "s", "", "such as Running or Ready")
	return cmd
}

func crictlPods(ctx context.Context, runtime cri.RuntimeServiceClient) *cobra.Command {
	var f crictlFilter
	return listFlags(&cobra.Command{Use: "pods", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		list, err := runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
		if err != nil {
			return err
		}
		for _, p := range list.Items {
			state := strings.TrimPrefix(p.State.String(), "SANDBOX_")
			switch {
			case !f.fits(p.Metadata.Name, p.Metadata.Namespace, state):
			case f.quiet:
				fmt.Println(p.Id)
			default:
				fmt.Printf("%-13.13s %-10s %-20s %s\n", p.Id, state, p.Metadata.Namespace, p.Metadata.Name)
			}
		}
		return nil
	}}, &f)
}

func crictlPS(ctx context.Context, runtime cri.RuntimeServiceClient) *cobra.Command {
	var f crictlFilter
	return listFlags(&cobra.Command{Use: "ps", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		list, err := runtime.ListContainers(ctx, &cri.ListContainersRequest{})
		if err != nil {
			return err
		}
		for _, c := range list.Containers {
			state := strings.TrimPrefix(c.State.String(), "CONTAINER_")
			switch {
			case !f.all && f.state == "" && state != "RUNNING":
			case !f.fits(c.Metadata.Name, "", state):
			case f.quiet:
				fmt.Println(c.Id)
			default:
				fmt.Printf("%-13.13s %-10s %-3d %s\n", c.Id, state, c.Metadata.Attempt, c.Metadata.Name)
			}
		}
		return nil
	}}, &f)
}

// crictlExec runs a program in a container and waits for it. It has no terminal.
func crictlExec(ctx context.Context, runtime cri.RuntimeServiceClient) *cobra.Command {
	cmd := &cobra.Command{Use: "exec", Args: cobra.MinimumNArgs(2), RunE: func(_ *cobra.Command, args []string) error {
		r, err := runtime.ExecSync(ctx, &cri.ExecSyncRequest{ContainerId: args[0], Cmd: args[1:], Timeout: 60})
		if err != nil {
			return err
		}
		os.Stdout.Write(r.Stdout)
		os.Stderr.Write(r.Stderr)
		if r.ExitCode != 0 {
			os.Exit(int(r.ExitCode))
		}
		return nil
	}}
	cmd.Flags().SetInterspersed(false)
	cmd.Flags().BoolP("interactive", "i", false, "accepted, and without effect")
	cmd.Flags().BoolP("tty", "t", false, "accepted, and without effect")
	return cmd
}
