clone "a" {
  repository = "--upload-pack=x" # ERROR: Unsuitable value
  ref        = "-x" # ERROR: Unsuitable value
}

clone "b" {
  repository = ""    # ERROR: Unsuitable value
  ref        = 1234567 # ERROR: Unsuitable value
  paths      = ["../up", "/abs", "ok"] # ERROR: Invalid path | Invalid path
}

clone "c" {
  repository = clone.d.repository # ERROR: Reference to a stage
  ref        = clone.d.commit # ERROR: Reference to a stage
  paths      = [local.where] # ERROR: Reference to a stage
}

clone "d" {
  repository = "."
}

clone "e" { # ERROR: Missing value
  repository = null
  paths      = "src" # ERROR: Unsuitable value
}

locals { where = clone.d.path }
