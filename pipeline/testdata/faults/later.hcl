module "m" { # ERROR: Not there yet
}

data "set" { # ERROR: Not there yet
}

train "cnn" {
  for_each = { a = 1 } # ERROR: Not there yet
  matrix   = { lr = [1] } # ERROR: Not there yet
  command  = ["x", each.key, data.set.path] # ERROR: Not there yet | Not there yet
}
