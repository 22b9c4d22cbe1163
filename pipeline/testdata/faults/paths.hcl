clone "code" {
  repository = "."
}

train "cnn" {
  source  = clone.code
  dir     = "../x" # ERROR: Invalid path
  command = ["true"]
  outputs = {
    a     = "/tmp/x" # ERROR: Invalid path
    b     = "../x"   # ERROR: Invalid path
    c     = "."      # ERROR: Invalid path
    "d e" = "x"      # ERROR: Invalid name
    f     = "out"
    g     = "out/sub" # ERROR: Outputs overlap
    h     = ["x"] # ERROR: Unsuitable value
  }
  metrics = "/m.json" # ERROR: Invalid path
}

train "dir" {
  dir     = "x" # ERROR: Folder without a source
  command = ["true"]
  metrics = "m[.json" # ERROR: Invalid path
}
