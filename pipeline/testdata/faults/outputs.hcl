output "a" { # ERROR: Missing argument
}

output "b" {
  value = train.cnn.metrics # ERROR: Metrics outside of a check
}

output "c" {
  value = 1 + "x" # ERROR: Invalid operand
}

train "cnn" {
  command = ["true"]
}
