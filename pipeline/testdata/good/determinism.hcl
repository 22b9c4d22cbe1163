variable "seed" { default = 7 }

train "seeded" {
  command = ["true"]
  seed    = var.seed
  metric "loss" {
    pattern   = "loss: ([0-9.]+)"
    tolerance = "2%"
  }
}

train "strict" {
  command     = ["true"]
  determinism = "strict"
  metrics     = "metrics.json"
  tolerance   = { accuracy = 0.005, loss = "${1 + 1}%" }
  resources { cpus = 4 }
}

stage "none" {
  command     = ["true"]
  determinism = "none"
}
