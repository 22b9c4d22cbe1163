clone "code" {
  repository = "."
}

train "cnn" {
  command = ["true", filesha256("${clone.code.path}/x")] # ERROR: Invalid function argument
}
