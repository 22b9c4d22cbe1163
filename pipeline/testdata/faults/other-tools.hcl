variable "epochs" {
  type = "number" # ERROR: Invalid type specification
}

clone "code" {
  repository = "."
  branch     = "main" # ERROR: Unsupported argument
}

train "cnn" {
  count      = 3            # ERROR: Unsupported argument
  depends_on = [clone.code] # ERROR: Unsupported argument
  command    = ["true"]
}
