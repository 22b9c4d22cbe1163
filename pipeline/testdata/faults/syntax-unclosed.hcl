train "cnn" { # ERROR: Unclosed configuration block
  command = ["true"]
