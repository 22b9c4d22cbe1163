module "m" { # ERROR: Not there yet
}

train "cnn" {
  for_each = { a = 1 } # ERROR: Not there yet
  matrix   = { lr = [1] } # ERROR: Not there yet
  command  = ["x", each.key] # ERROR: Not there yet
}
