variable "a" {
  type    = numbr # ERROR: Invalid type specification
  default = 1
}

variable "b" {
  type    = number
  default = "five" # ERROR: Unsuitable value
}

variable "c" { # ERROR: Missing value
  type = string
}

variable "d" {
  default = var.b # ERROR: Variables not allowed
}

variable "e" {
  default   = 1
  sensitive = "maybe" # ERROR: Unsuitable value
}

variable "f" {
  default = 0
  validation {
    condition     = var.f > 0 # ERROR: Invalid value for a variable
    error_message = "f must be positive, not ${var.f}."
  }
  validation {
    condition     = local.x # ERROR: Unknown name
    error_message = "x"
  }
  validation {
    condition     = "yes please" # ERROR: Unsuitable value
    error_message = "x"
  }
}

variable "g" {
  defalt = 1 # ERROR: Unsupported argument
}

locals { x = true }

# What uses them says nothing more.
train "cnn" {
  command = ["true", var.a, var.b + 1, var.c, var.d, var.e, var.g]
  resources {
    gpus = var.b
    time = var.c
  }
}
