train "cnn" {
  command = ["true"]
  command = ["false"] # ERROR: Duplicate argument
}
