pipeline {
  name     = "my pipeline" # ERROR: Invalid name
  requires = ">= 99" # ERROR: Another version required
  version  = 1 # ERROR: Unsupported argument
}
