# One fault, and nothing that follows from it.
clone "code" {
  repository = "."
  ref        = var.nothing # ERROR: Unknown variable
}

environment "python" {
  source       = clone.code
  requirements = "requirements.txt"
}

train "cnn" {
  source      = clone.code
  environment = environment.python
  files       = { a = clone.code, b = clone.code.path }
  command     = ["x", clone.code.path, local.broken]
  outputs     = { m = upper([]) } # ERROR: Invalid function argument
  after       = [clone.code]
}

locals { broken = 1 + "x" } # ERROR: Invalid operand

evaluate "e" {
  command = ["x", train.cnn.outputs.n]
  metrics = "m.json"
  check "c" {
    condition     = metrics.a > train.cnn.metrics.b
    error_message = "x"
  }
}
