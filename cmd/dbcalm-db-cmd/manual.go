package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/manual"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/pager"
	"dbcalm-db-cmd/cmd/dbcalm-db-cmd/screen"
	"dbcalm-db-cmd/machine/definition"
)

// machinesPage is the page that is no file: what it says is declared elsewhere.
const machinesPage = "machines"

// pageView is what manual --json prints of a page.
type pageView struct {
	Page    string `json:"page"`
	Subject string `json:"subject"`
}

func manualCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "manual [PAGE]",
		Short: "List the pages of the manual, or print one",
		Long: `manual lists the pages of the manual; manual PAGE prints one. On a terminal
that is done with $PAGER, else with less.

Once installed, man has the pages in section 7: man 7 dbcalm-db-cmd-restore.`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return fmt.Errorf("name one page, not %d", len(args))
			case len(args) == 1 && asJSON:
				return errors.New("--json is for the list of pages")
			case len(args) == 1:
				_, err := findPage(args[0])
				return err
			}
			return nil
		},
		ValidArgsFunction: once(completePage),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listPages(a.screen, asJSON)
			}
			page, err := findPage(args[0])
			if err != nil {
				return err
			}
			return showPaged(a, page.Text(program+" manual"))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// manualPages returns every page, in the order of their names.
func manualPages() ([]manual.Page, error) {
	pages, err := manual.Pages()
	if err != nil {
		return nil, err
	}
	machines, err := pageOfMachines()
	if err != nil {
		return nil, err
	}
	pages = append(pages, machines)
	slices.SortFunc(pages, func(x, y manual.Page) int { return strings.Compare(x.Name, y.Name) })
	return pages, nil
}

// pageOfMachines is what machine show prints, of all machines.
func pageOfMachines() (manual.Page, error) {
	var b strings.Builder
	b.WriteString("# The definitions of all machines\n\n" +
		"What the states and keys mean is in [operations](operations.md).\n" +
		"`" + program + " machine graph NAME` draws one of them.\n")
	for _, name := range definition.Names() {
		source, err := definition.Source(name)
		if err != nil {
			return manual.Page{}, fmt.Errorf("show machine %s: %w", name, err)
		}
		fmt.Fprintf(&b, "\n## %s\n\n```yaml\n%s\n```\n", name, strings.TrimRight(source, "\n"))
	}
	fmt.Fprintf(&b, "\n## What the keys mean\n\n```yaml\n%s\n```\n", strings.Trim(definition.Legend(), "\n"))
	return manual.New(machinesPage, b.String()), nil
}

func findPage(name string) (manual.Page, error) {
	pages, err := manualPages()
	if err != nil {
		return manual.Page{}, err
	}
	names := make([]string, len(pages))
	for i, page := range pages {
		if page.Name == name {
			return page, nil
		}
		names[i] = page.Name
	}
	return manual.Page{}, fmt.Errorf("the manual has no page %q: use one of %s", name, strings.Join(names, ", "))
}

func listPages(s *screen.Screen, asJSON bool) error {
	pages, err := manualPages()
	if err != nil {
		return err
	}
	t := screen.Table{Header: []string{"PAGE", "SUBJECT"}}
	views := make([]pageView, len(pages))
	for i, page := range pages {
		t.Add(page.Name, page.Title)
		views[i] = pageView{Page: page.Name, Subject: page.Title}
	}
	if asJSON {
		return s.JSON(views)
	}
	return s.Print(t.String())
}

// showPaged prints a long text: to a reader at a terminal, a screen at a time.
func showPaged(a *app, text string) error {
	command := a.source.env("PAGER")
	if command == "" {
		command, _ = a.source.host.Program("less")
	}
	if command == "" || !screen.IsTerminal(a.screen.Out) || a.source.env("TERM") == "dumb" {
		return a.screen.Print(text)
	}
	err := pager.Show(command, text, a.screen.Out, a.screen.Err)
	if errors.Is(err, pager.ErrNoPager) {
		a.screen.Note("%s: %s", program, err)
		return a.screen.Print(text)
	}
	return err
}

func completePage(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	pages, err := manualPages()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var offers []cobra.Completion
	for _, page := range pages {
		if strings.HasPrefix(page.Name, begun) {
			offers = append(offers, offer(page.Name, page.Title))
		}
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}
