train { # ERROR: Missing name for train
  command = ["true"]
}

train "a" "b" { # ERROR: Extraneous label for train
  command = ["true"]
}

train "7b" { # ERROR: Invalid name
  command = ["true"]
}

train "my model" { # ERROR: Invalid name
  command = ["true"]
}

variable "a.b" { # ERROR: Invalid name
  default = 1
}
