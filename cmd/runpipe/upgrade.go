package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/pipeline"
	"github.com/runpipe/runpipe/stages"
)

// upgrade is --upgrade[=ADDR].
type upgrade struct{ addresses []string }

// everything is the value of --upgrade without an address.
const everything = "everything"

func (u *upgrade) flag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&u.addresses, "upgrade", nil, "pin anew what refs and requirements stand for now; with =`ADDR` only that clone, environment or data; may be given again")
	cmd.Flags().Lookup("upgrade").NoOptDefVal = everything
}

// wants reports whether the clone or environment with this address is to be pinned anew.
func (u *upgrade) wants(address string) bool {
	return slices.Contains(u.addresses, everything) || slices.Contains(u.addresses, address)
}

// check refuses addresses that name nothing that is pinned.
func (u *upgrade) check(p *pipeline.Pipeline) error {
	var known []string
	for _, c := range p.Clones() {
		known = append(known, c.Address.String())
	}
	for _, s := range p.Environments() {
		known = append(known, s.Address.String())
	}
	for _, d := range p.Data() {
		if d.SHA256 == "" {
			known = append(known, d.Address.String())
		}
	}
	for _, address := range u.addresses {
		if address == everything || slices.Contains(known, address) {
			continue
		}
		hint := stages.DidYouMean(address, known)
		if hint == "" && len(known) > 0 {
			hint = " It has " + strings.Join(known, ", ") + "."
		}
		return errors.New(fmt.Sprintf("--upgrade names %s, and the pipeline has no such clone, environment or data without a sha256.", address) + hint)
	}
	return nil
}
