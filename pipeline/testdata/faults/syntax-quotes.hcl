train "cnn" {
  command = ['true'] # ERROR: Invalid character
}
