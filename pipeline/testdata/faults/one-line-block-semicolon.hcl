train "cnn" {
  command = ["true"]
  slurm { partition = "gpu"; account = "me" } # ERROR: Invalid character
}
