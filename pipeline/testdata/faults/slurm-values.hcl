train "cnn" {
  command = ["true"]
  slurm {
    partition = "gpu\n#SBATCH --wrap=x" # ERROR: Unsuitable value
    account   = ""                      # ERROR: Unsuitable value
    exclusive = "maybe"                 # ERROR: Unsuitable value
    nice      = 0.5                     # ERROR: Unsuitable value
    options   = "--mail-type=END"       # ERROR: Unsuitable value
  }
}
