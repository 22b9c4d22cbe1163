train "cnn" {
  command = ["true"]
  resources {
    gpus = 1
  }
  resources { # ERROR: Duplicate resources block
    cpus = 2
  }
}
