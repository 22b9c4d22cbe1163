train "cnn" {
  command = ["true"]
  resources { gpus = 1, cpus = 4 } # ERROR: Several arguments on one line
}
