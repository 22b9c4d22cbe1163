# A pipeline of four stages. A reference from one stage to another, such as
# clone.code, makes it wait for that stage; the order of the blocks is free.
#
#   runpipe validate FILE   says whether it is well-formed
#   runpipe plan FILE       what would run, and why
#   runpipe apply FILE      runs it: on Slurm where there is one, else right here

pipeline {
  description = "Train a small network and check its accuracy"
}

# Set with --var epochs=10, or RUNPIPE_VAR_epochs=10 in the environment.
variable "epochs" {
  type        = number
  default     = 5
  description = "Passes over the training set"
  validation {
    condition     = var.epochs > 0
    error_message = "epochs must be positive."
  }
}

# The code. The lock file beside this one pins the commit that ref names now;
# "runpipe lock --upgrade" moves on. "." is the repository that this file is in.
clone "code" {
  repository = "." # or "https://github.com/you/project.git", "git@host:you/project.git"
}

# A virtual environment, built once for its list of packages. On a cluster you
# may have to load a module first: modules = ["python/3.10"].
environment "python" {
  packages = ["numpy==2.1.3"] # or requirements = "requirements.txt"
}

# The job starts in a private copy of the checkout.
train "model" {
  source      = clone.code
  environment = environment.python
  command     = ["python", "train.py", "--epochs", var.epochs, "--out", "model.npz"]
  outputs     = { model = "model.npz" } # kept, and handed on as train.model.outputs.model

  resources {
    gpus   = 1
    cpus   = 4
    memory = "16G"
    time   = "1h"
  }
}

# metrics.json is a JSON object that the command writes, such as {"accuracy": 0.98}.
evaluate "accuracy" {
  source      = clone.code
  environment = environment.python
  command     = ["python", "evaluate.py", train.model.outputs.model]
  metrics     = "metrics.json"

  check "good enough" {
    condition     = metrics.accuracy >= 0.95
    error_message = "accuracy ${metrics.accuracy} is below 0.95"
  }
}

output "model" {
  value       = train.model.outputs.model
  description = "The trained model"
}
