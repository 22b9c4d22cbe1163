clone "code" {
  repository = "."
}

environment "python" {
}

train "cnn" {
  source      = environment.python # ERROR: Unsuitable value
  environment = environment.python.path # ERROR: Unsuitable value
  command     = ["true"]
  after       = ["clone.code"] # ERROR: Unsuitable value
}

train "other" {
  source      = "clone.code" # ERROR: Unsuitable value
  environment = { address = "environment.python" } # ERROR: Unsuitable value
  command     = ["true"]
  after       = clone.code # ERROR: Unsuitable value
}
