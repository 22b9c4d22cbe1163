trian "cnn" { # ERROR: Unsupported block type
}

train "cnn" {
  command = ["true"]
  resource { # ERROR: Unsupported block type
    gpus = 1
  }
}
