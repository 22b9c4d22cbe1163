train "cnn" {
  command = ["true"]
  resources {
    gpus   = "two"  # ERROR: Unsuitable value
    cpus   = 0      # ERROR: Unsuitable value
    memory = "16GB" # ERROR: Unsuitable value
    time   = "1 h"  # ERROR: Unsuitable value
    nodes  = 1.5    # ERROR: Unsuitable value
  }
}

train "more" {
  command = ["true"]
  resources {
    gpu_type = "a100:2" # ERROR: Unsuitable value
    memory   = 16       # ERROR: Unsuitable value
    time     = 30       # ERROR: Unsuitable value
  }
}

train "mixed" {
  command = ["true"]
  resources {
    gpu_type       = "a100" # ERROR: Type without GPUs
    cpus           = 6 # ERROR: Unsuitable value
    tasks_per_node = 4
  }
}
