clone "code" {
  repository = "."
}

train "cnn" {
  command = ["true"]
  files = {
    "a"     = "requirement.txt" # ERROR: Missing file
    "../b"  = "bad-requirements.txt" # ERROR: Invalid path
    "/c"    = "bad-requirements.txt" # ERROR: Invalid path
    "d"     = 5 # ERROR: Unsuitable value
    "e"     = train.first # ERROR: Unsuitable value
    "f"     = "~/data" # ERROR: Missing file
    "g"     = clone.code
    "g/sub" = "bad-requirements.txt" # ERROR: Files overlap
  }
}

train "first" {
  command = ["true"]
  outputs = { m = "m" }
}

train "list" {
  command = ["true"]
  files   = ["x"] # ERROR: Unsuitable value
}
