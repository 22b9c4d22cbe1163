train "a" {
  command = ["x", train.a.outputs.m] # ERROR: Cycle
  outputs = { m = "m" }
}

locals { x = local.x } # ERROR: Cycle
