clone "code" {
  repository = "."
}

clone "part" {
  repository = "."
  paths      = ["src"]
}

clone "enough" {
  repository = "."
  paths      = ["src", "pyproject.toml"]
}

environment "a" {
  install = clone.code # ERROR: Unsuitable value
}

environment "b" {
  install = [
    clone.code.path, # ERROR: Unsuitable value
    "./code",        # ERROR: Unsuitable value
    train.cnn,       # ERROR: Unsuitable value
    clone.code,
    clone.code,   # ERROR: Installed twice
    clone.part,   # ERROR: Part of a checkout
    clone.enough,
    clone.cod,    # ERROR: Unknown stage
    null,
  ]
}

environment "c" {
  source  = clone.code # ERROR: Source without requirements
  install = [clone.code]
}

train "cnn" {
  command = ["true"]
}

environment "d" {
  conda   = "conda.lock"
  install = [clone.code] # ERROR: Not there yet
}
