clone "code" {
  repository = "."
  resources {
    gpus = 1 # ERROR: Unsupported resource
  }
}

environment "e" {
  resources {
    nodes = 2 # ERROR: Unsupported resource
  }
}
