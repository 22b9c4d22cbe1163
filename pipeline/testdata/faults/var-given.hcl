# OPTIONS: --var epochs=many --var sizes=[a] --var epoch=3 --var nonsense --var secret={
# ERROR NOWHERE: Unknown variable
# ERROR NOWHERE: Invalid --var
# ERROR NOWHERE: Unsuitable value
# ERROR NOWHERE: Unsuitable value
variable "epochs" {
  type = number
}

variable "sizes" {
  type = list(string)
}

variable "secret" { # ERROR: Unsuitable value
  type      = number
  sensitive = true
}
