train "degree" {
  command     = ["true"]
  determinism = "srict" # ERROR: Unsuitable value
}

train "nowhere" {
  command     = ["true"]
  determinism = "none"
  seed        = 3 # ERROR: Seed without determinism
}

train "large" {
  command = ["true"]
  seed    = 4294967296 # ERROR: Unsuitable value
}

train "half" {
  command = ["true"]
  seed    = 0.5 # ERROR: Unsuitable value
}

clone "code" {
  repository = "."
  seed       = 3 # ERROR: Unsupported argument
}
