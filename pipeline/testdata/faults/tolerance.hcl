train "cnn" {
  command   = ["true"]
  tolerance = { los = 0.1 } # ERROR: Unknown metric
  metric "loss" { pattern = "(x)" }
}

train "unit" {
  command   = ["true"]
  metrics   = "metrics.json"
  tolerance = { loss = "2 percent", accuracy = -1 } # ERROR: Unsuitable value | Unsuitable value
}

train "two" {
  command   = ["true"]
  tolerance = { loss = 0.1 }
  metric "loss" {
    pattern   = "(x)"
    tolerance = 0.2 # ERROR: Two tolerances
  }
}
