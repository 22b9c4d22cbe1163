pipeline {
  requires = "latest" # ERROR: Unsuitable value
  name     = var.x # ERROR: Variables not allowed
}
