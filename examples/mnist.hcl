# Trains a small network on MNIST and checks its accuracy: runpipe apply examples/mnist.hcl
#
# Needs Python 3.9 or newer with its venv module, about ten seconds on one CPU, and no GPU.

pipeline {
  description = "Train a small network on MNIST and check its accuracy"
}

variable "epochs" {
  type        = number
  default     = 15
  description = "Passes over the training images"

  validation {
    condition     = var.epochs >= 1 && floor(var.epochs) == var.epochs
    error_message = "epochs must be a whole number, at least 1."
  }
}

variable "hidden" {
  type        = number
  default     = 128
  description = "Units of the hidden layer"
}

variable "seed" {
  type        = number
  default     = 7
  description = "Start of the random numbers"
}

variable "accuracy" {
  type        = number
  default     = 0.94
  description = "What the trained network must reach"
}

# The code is what is committed in this repository, not what is being edited:
# the lock file pins the commit.
clone "code" {
  repository = ".."
  paths      = ["examples/mnist"]
}

environment "python" {
  source       = clone.code
  requirements = "examples/mnist/requirements.txt"
}

train "mlp" {
  source      = clone.code
  dir         = "examples/mnist"
  environment = environment.python
  command     = ["python", "train.py", "--epochs", var.epochs, "--hidden", var.hidden, "--seed", var.seed]
  env         = { OPENBLAS_NUM_THREADS = 1 } # sums are rounded alike on every machine only in one order
  outputs     = { model = "model.npz" }

  resources {
    cpus   = 1
    memory = "1G"
    time   = "10m"
  }
}

evaluate "accuracy" {
  source      = clone.code
  dir         = "examples/mnist"
  environment = environment.python
  command     = ["python", "evaluate.py", train.mlp.outputs.model]
  env         = { OPENBLAS_NUM_THREADS = 1 }
  metrics     = "metrics.json"

  check "good enough" {
    condition     = metrics.accuracy >= var.accuracy
    error_message = "The accuracy is ${metrics.accuracy}, below ${var.accuracy}: are ${var.epochs} epochs enough?"
  }

  resources {
    cpus   = 1
    memory = "1G"
    time   = "5m"
  }
}

output "model" {
  value       = train.mlp.outputs.model
  description = "Weights of the network, as numpy saves them"
}
