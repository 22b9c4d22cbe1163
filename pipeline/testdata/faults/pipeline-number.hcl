pipeline {
  requires = 0.10 # ERROR: Unsuitable value
}
