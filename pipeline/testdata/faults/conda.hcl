environment "a" {
  conda    = "conda-lists/environment.yml" # ERROR: Unsuitable conda list
  platform = "linux_x86_64"
}

environment "b" {
  conda = "conda-lists/conda-lock.yml" # ERROR: Unsuitable conda list
}

environment "c" {
  conda    = "conda-lists/good.lock"
  packages = ["numpy"] # ERROR: Two lists of packages
}

environment "d" {
  conda = "conda-lists/good.lock"
  index = "https://pypi.example.org/simple" # ERROR: Two lists of packages
}

environment "e" {
  conda    = "conda-lists/good.lock" # ERROR: Unsuitable conda list
  python   = "3.11"
  platform = "linux_x86_64"
}

environment "f" {
  conda    = "conda-lists/good.lock" # ERROR: Unsuitable conda list
  platform = "linux_aarch64"
}

environment "g" {
  conda = "conda-lists/password.lock" # ERROR: Unsuitable conda list
}

environment "h" {
  conda = "conda-lists/local.lock" # ERROR: Unsuitable conda list
}

environment "i" {
  conda = "conda-lists/pip.lock" # ERROR: Unsuitable conda list
}

environment "j" {
  requirements = "conda-lists/good.lock" # ERROR: Unsuitable requirements
}

environment "k" {
  requirements = "conda-lists/environment.yml" # ERROR: Unsuitable requirements
}

environment "l" {
  conda = "myenv" # ERROR: Missing file
}

environment "m" {
  conda = ["numpy", "pytorch"] # ERROR: Unsuitable value
}

environment "n" {
  conda = "../conda-linux-64.lock" # ERROR: Unsuitable conda list
}

environment "o" {
  source = clone.code
  conda  = "conda-${clone.code.commit}.lock" # ERROR: Reference to a stage
}

environment "p" {
  conda    = "conda-lists/good.lock"
  python   = "3.10"
  platform = "linux_x86_64"
  prefetch = true
}

clone "code" {
  repository = "."
}
