// Package slurmtest starts a real, private Slurm on one machine: its own munge,
// controller and nodes, with GPUs that are only device files, in a temporary
// folder and on ports of its own, beside any other Slurm there may be. It needs
// no systemd and no configuration, only the distribution's packages (on Debian
// slurm-wlm and munge), and leaves no process behind.
//
// A test calls Start, or Shared where one cluster can serve a whole package; a
// program calls New and Close. Nothing here imitates Slurm.
package slurmtest
