train "cnn" {
  comand = ["true"] # ERROR: Unsupported argument
  command = ["true"]
  resources {
    gpu = 1 # ERROR: Unsupported argument
  }
  slurm {
    partion = "gpu" # ERROR: Unsupported argument
  }
}
