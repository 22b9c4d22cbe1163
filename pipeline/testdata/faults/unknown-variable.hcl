variable "epochs" {
  default = 5
}

locals { seed = 7 }

train "cnn" {
  command = [
    "python",
    var.epoch,    # ERROR: Unknown variable
    local.epochs, # ERROR: Unknown local
    var.seed,     # ERROR: Unknown variable
    epochs,       # ERROR: Unknown name
    local,        # ERROR: Incomplete reference
    var["epochs"], # ERROR: Incomplete reference
    var.epochs,
  ]
}
