train "cnn" {
  command   = ["true"]
  gpus      = 1     # ERROR: Unsupported argument
  partition = "gpu" # ERROR: Unsupported argument
  resources = { gpus = 1 } # ERROR: Unsupported argument
  env { # ERROR: Unsupported block type
  }
  metric "loss" {
    patern = "x" # ERROR: Unsupported argument
  }
}
