// Command private-slurm starts a private Slurm on this machine, for trying
// runpipe on Slurm without having one:
//
//	go run ./slurm/slurmtest/cmd/private-slurm
//
// It prints the line to evaluate in another shell, and ends the cluster, with
// all its jobs, at Ctrl-C.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/runpipe/runpipe/slurm/slurmtest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "private-slurm:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	var config slurmtest.Config
	flag.IntVar(&config.Nodes, "nodes", 4, "number of nodes")
	flag.IntVar(&config.CPUs, "cpus", 8, "CPUs of each node, whether or not the machine has them")
	flag.IntVar(&config.GPUs, "gpus", 2, "pretended GPUs of each node (needs root; -1 for none)")
	flag.BoolVar(&config.Cgroup, "cgroup", false, "track processes by control groups (needs root)")
	flag.Parse()

	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)

	dir, err := os.MkdirTemp("/tmp", "private-slurm-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cluster, err := slurmtest.New(dir, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Close()) }()

	for _, pair := range cluster.Env() {
		if strings.HasPrefix(pair, "SLURM_CONF=") {
			fmt.Println("export", pair)
		}
	}
	fmt.Fprintln(os.Stderr, "The cluster is up. Paste the line above into another shell; Ctrl-C here ends it.")
	<-interrupted
	return nil
}
