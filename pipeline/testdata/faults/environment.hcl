environment "a" {
  python   = 3.10 # ERROR: Unsuitable value
  packages = [
    "numpy=2.1.0",   # ERROR: Unsuitable package
    "-r other.txt",  # ERROR: Unsuitable package
    "--pre",         # ERROR: Unsuitable package
    "./lib",         # ERROR: Unsuitable package
    "numpy scipy",   # ERROR: Unsuitable package
    "torch[cuda]>=2.4,<3; python_version >= '3.10'",
    "a\nb",          # ERROR: Unsuitable value
  ]
}

environment "b" {
  python       = "3.x" # ERROR: Unsuitable value
  packages     = ["numpy"]
  requirements = "requirements.txt" # ERROR: Two lists of packages
}

environment "c" {
  source  = clone.code # ERROR: Source without requirements
  modules = ["python 3.10", "-t"] # ERROR: Unsuitable value | Unsuitable value
}

environment "d" {
  source       = clone.code.path # ERROR: Unsuitable value
  requirements = "requirements.txt"
}

environment "e" {
  requirements = "requirments.txt" # ERROR: Missing file
}

environment "f" {
  requirements = "bad-requirements.txt" # ERROR: Unsuitable requirements
}

environment "g" {
  requirements = "../x.txt" # ERROR: Unsuitable requirements
}

environment "h" {
  source       = clone.code
  requirements = "req-${clone.code.commit}.txt" # ERROR: Reference to a stage
}

environment "i" {
  packages    = ["numpy==${clone.code.commit}"] # ERROR: Reference to a stage
  index       = "pypi.org/simple"               # ERROR: Unsuitable value
  extra_index = ["file:///opt/wheels"]          # ERROR: Unsuitable value
  platform    = "x86"                           # ERROR: Unsuitable value
}

clone "code" {
  repository = "."
}
