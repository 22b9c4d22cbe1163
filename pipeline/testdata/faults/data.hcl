data "nothing" { # ERROR: Missing value
}

data "two" {
  url    = "https://host/a.tar"
  path   = "a.tar" # ERROR: Two places
  sha256 = "abc" # ERROR: Unsuitable value
}

data "ftp" {
  url    = "ftp://host/a" # ERROR: Unsuitable value
  sha256 = 12 # ERROR: Unsuitable value
}

data "place" {
  path    = "https://host/a" # ERROR: Unsuitable value
  extract = "perhaps" # ERROR: Unsuitable value
}

data "home" {
  path = "~/a" # ERROR: Unsuitable value
}

data "late" {
  url = clone.code.path # ERROR: Reference to a stage
  resources {
    gpus = 1 # ERROR: Unsupported resource
  }
}

data "typo" {
  url    = "https://host/a"
  sha265 = "abc" # ERROR: Unsupported argument
}

clone "code" {
  repository = "."
}

defaults {
  data {
    resources {
      gpus = 1 # ERROR: Unsupported resource
    }
  }
}

data "good" {
  path = "a.tar"
}

train "cnn" {
  command = ["x", data.good] # ERROR: Unsuitable value
  files   = { "set" = data.sett.path } # ERROR: Unknown stage
}
