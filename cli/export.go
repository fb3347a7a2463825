package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"spraydeck/report"
	"spraydeck/runbook"
	"spraydeck/transcript"
)

func exportCommand(o *options) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "export [T]", Short: "Export a run as a report, a recording or JSON",
		Long: "Write a run to stdout. T is the id of a run, its directory or its transcript (default: the newest run).\n\n" +
			"  md     a report in Markdown\n" +
			"  html   the same as one file that needs no network: summary, timeline, nodes, commands, decisions, differences\n" +
			"  cast   a terminal recording (asciicast v3) with a marker for each step\n" +
			"  cast2  the same as asciicast v2, for asciinema before 3.0\n" +
			"  txt    what replay --text --output prints\n" +
			"  json   everything as one JSON document; docs/export.md describes it\n" +
			"  jsonl  the transcript as one file, spooled output included, to replay or rehearse elsewhere\n\n" +
			"A transcript that does not verify is exported too: the export says NOT VERIFIED, and the exit code is 5.",
		Example: "  spraydeck export --format html > report.html\n  spraydeck export 20261120 --format md --lang ja > report.md\n" +
			"  spraydeck export --format cast2 > run.cast && asciinema play run.cast",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: completeSession,
		RunE: func(cmd *cobra.Command, args []string) error {
			if formats := append(report.Formats(), oneFile); !slices.Contains(formats, format) {
				return &runbook.UsageError{Message: fmt.Sprintf("--format cannot be %q", format), Way: "it is one of " + strings.Join(formats, ", ")}
			}
			path, err := find(args)
			if err != nil {
				return err
			}
			if format == oneFile {
				return inline(cmd.OutOrStdout(), path)
			}
			src, file, err := report.Open(path)
			if err != nil {
				return usage(err)
			}
			defer file.Close()
			err = report.Write(cmd.OutOrStdout(), format, src, o.lang)
			if !src.Check.Verified() {
				var unwritten *report.WriteError
				if errors.As(err, &unwritten) {
					return err
				}
				return &coded{exitNotVerified, &runbook.UsageError{Message: src.Check.String(), Way: "the export is complete as far as the transcript can be read, and says so in its first lines"}}
			}
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", "md", "the format: md, html, cast, cast2, txt, json or jsonl")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(append(report.Formats(), oneFile), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// oneFile is the format that is no report but a transcript again.
const oneFile = "jsonl"

// inline writes a transcript as one file. One that does not hold is refused: its copy would look as if it did.
func inline(out io.Writer, path string) error {
	check, err := transcript.Verify(path)
	if err != nil {
		return usage(err)
	}
	if !check.Verified() {
		return &coded{exitNotVerified, &runbook.UsageError{Message: check.String(), Way: "the copy would get a chain of its own; export it in another format, which says that it is not verified"}}
	}
	r, err := transcript.Read(path)
	if err != nil {
		return usage(err)
	}
	defer r.Close()
	w := bufio.NewWriter(out)
	if err := transcript.Inline(w, r.Header(), r.Entries()); err != nil {
		return err
	}
	return w.Flush()
}
