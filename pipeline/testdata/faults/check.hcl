variable "bound" {
  default = 0.9
}

variable "token" {
  default   = "hunter2"
  sensitive = true
}

train "cnn" {
  command = ["true"]
  metric "loss" { pattern = "loss: (.*)" }
  outputs = { m = "m" }
  check "number" {
    condition     = metrics.loss + 1 # ERROR: Unsuitable value
    error_message = "x"
  }
  check "misspelt" {
    condition     = metrics.los < var.bound # ERROR: Unknown metric
    error_message = "loss is ${metrics.loss}"
  }
  check "unknown" {
    condition     = metrics.loss < var.bond # ERROR: Unknown variable
    error_message = "x"
  }
  check "secret" {
    condition     = metrics.loss < length(var.token) # ERROR: Sensitive value
    error_message = "x"
  }
  check "message" {
    condition     = metrics.loss < 1
    error_message = { a = 1 } # ERROR: Unsuitable value
  }
  check "twice" {
    condition     = true
    error_message = "x"
  }
  check "twice" {
    condition     = false # ERROR: Invalid name
    error_message = "x"
  }
}

train "good" {
  command = ["true"]
  metric "loss" { pattern = "loss: (.*)" }
}

evaluate "e" {
  command = ["true"]
  metrics = "m.json"
  check "output" {
    condition     = train.cnn.outputs.m == "" # ERROR: Metrics expected
    error_message = "x"
  }
  check "upstream" {
    condition     = metrics.a < train.good.metrics.lss # ERROR: Unknown metric
    error_message = "x"
  }
}
