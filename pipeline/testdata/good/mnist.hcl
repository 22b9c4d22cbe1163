pipeline {
  name        = "mnist"
  description = "Train a small network on MNIST and check its accuracy"
  requires    = ">= 0.1.0"
}

variable "epochs" {
  type        = number
  default     = 5
  description = "Passes over the training set"
  validation {
    condition     = var.epochs > 0
    error_message = "epochs must be positive."
  }
}

locals { seed = 7 }

defaults {
  slurm { partition = "gpu" }
  train {
    resources { time = "30m" }
  }
}

clone "code" {
  repository = "https://github.com/me/mnist.git"
  ref        = "main"
  paths      = ["src"]
}

environment "python" {
  modules      = ["python/3.10"]
  python       = "3.10"
  source       = clone.code
  requirements = "requirements.txt"
}

train "cnn" {
  source      = clone.code
  environment = environment.python
  files       = { "data/mnist.npz" = "mnist.npz" }
  command     = ["python", "src/train.py", "--epochs", var.epochs]
  env         = { KERAS_BACKEND = "jax" }
  outputs     = { model = "out/model.keras" }
  metric "loss" { pattern = "final loss: ([0-9.]+)" }
  resources {
    gpus   = 1
    cpus   = 4
    memory = "16G"
    time   = "1h"
  }
}

evaluate "accuracy" {
  source      = clone.code
  environment = environment.python
  command     = ["python", "src/evaluate.py", train.cnn.outputs.model]
  metrics     = "metrics.json"
  check "good enough" {
    condition     = metrics.accuracy >= 0.98
    error_message = "accuracy ${metrics.accuracy} is below 0.98"
  }
}
