locals {
  a = 1
}

locals {
  a = 2 # ERROR: Duplicate name
}

variable "x" {
  default = 1
}

variable "x" { # ERROR: Duplicate name
  default = 2
}

train "cnn" {
  command = ["true"]
}

train "cnn" { # ERROR: Duplicate name
  command = ["false"]
}

output "o" {
  value = 1
}

output "o" { # ERROR: Duplicate name
  value = 2
}

pipeline {
}

pipeline { # ERROR: Duplicate block
}

defaults {
}

defaults { # ERROR: Duplicate block
}
