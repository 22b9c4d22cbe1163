// Command runpipe runs reproducible training pipelines: one HCL file becomes a
// chain of Slurm jobs, or of processes of the machine at hand.
package main

import "os"

func main() { os.Exit(Main()) }
