environment "a" {
  project  = "projects/whole"
  extras   = ["gpu", "gpus", "dev"] # ERROR: Unknown extra | Unknown extra
  groups   = ["test"]               # ERROR: Unknown dependency group
  packages = null
}

environment "b" {
  project  = "projects/whole" # ERROR: Two lists of packages
  packages = ["numpy"]
}

environment "c" {
  project = "projects/whole/uv.lock" # ERROR: Unsuitable value
}

environment "d" {
  requirements = "projects/whole/pyproject.toml" # ERROR: Unsuitable value
}

environment "e" {
  packages = ["numpy"]
  extras   = ["gpu"] # ERROR: No project
  groups   = ["dev"] # ERROR: No project
}

environment "f" {
  project = "projects/unlocked" # ERROR: Missing file
}

environment "g" {
  project = "." # ERROR: Missing file
}

environment "h" {
  project = "projects/workspace" # ERROR: Unsuitable project
}

environment "i" {
  project = "projects/newer" # ERROR: Unsuitable project
}

environment "j" {
  project = "projects/broken" # ERROR: Unsuitable project
}

environment "k" {
  project = "../project" # ERROR: Invalid path
}

environment "l" {
  source  = clone.code
  project = "."
  extras  = ["a b", 7, clone.code.commit] # ERROR: Reference to a stage
}

environment "m" {
  project = clone.code # ERROR: Reference to a stage
}

environment "n" {
  project = "projects/whole"
  extras  = ["--all-extras"] # ERROR: Unsuitable value
  groups  = "dev"            # ERROR: Unsuitable value
}

clone "code" {
  repository = "."
}
