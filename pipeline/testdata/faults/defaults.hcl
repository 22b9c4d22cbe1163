defaults {
  resources {
    time = "soon" # ERROR: Unsuitable value
  }
  clone {
    resources {
      gpus = 1 # ERROR: Unsupported resource
    }
  }
  slurm {
    partition = train.cnn.outputs.m # ERROR: Reference to a stage
  }
  dataset { # ERROR: Unsupported block type
  }
}

train "cnn" {
  command = ["true"]
  outputs = { m = "m" }
}

train "other" {
  command = ["true"]
}
