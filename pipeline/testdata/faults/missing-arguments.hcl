clone "code" { # ERROR: Missing argument
}

train "cnn" {
  command = ["true"]
  check "x" { # ERROR: Missing argument
    condition = metrics.a > 1
  }
}
