# OPTIONS: --var-file values/faulty.hcl --var-file values/gone.hcl
# ERROR NOWHERE: Unknown variable
# ERROR NOWHERE: Unsuitable value
# ERROR NOWHERE: Unreadable variable file
variable "epochs" {
  type    = number
  default = 1
}
