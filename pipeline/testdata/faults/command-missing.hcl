train "cnn" { # ERROR: Missing command
}

stage "both" {
  command = ["true"]
  script  = "true" # ERROR: Command and script
}

stage "blank" {
  script = "  " # ERROR: Unsuitable value
}
