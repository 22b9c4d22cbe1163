train "cnn" {
  command = ["true"]
  metric "a" { pattern = "no group" }   # ERROR: Invalid pattern
  metric "b" { pattern = "(one)(two)" } # ERROR: Invalid pattern
  metric "c" { pattern = "([0-9" }      # ERROR: Invalid pattern
  metric "d" { value = metrics.x }      # ERROR: Value without a metrics file
  metric "val loss" { pattern = "(x)" } # ERROR: Invalid name
  metric "f" { pattern = "(x)" }
  metric "f" { pattern = "(y)" }        # ERROR: Duplicate metric
  metric "h" {
    pattern = "(x)"
    value   = metrics.x # ERROR: Pattern and value
  }
}

train "empty" { # ERROR: Missing value
  command = ["true"]
  metric "g" {}
}

train "scope" {
  command = ["true"]
  metrics = "m.json"
  metric "a" { value = local.x }      # ERROR: Unknown name
  metric "b" { value = [metrics.x] } # ERROR: Unsuitable value
}

locals { x = 1 }
