evaluate "accuracy" { # ERROR: Missing metrics
  command = ["true"]
}
