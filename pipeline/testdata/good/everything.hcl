pipeline {
  requires = "~> 0.1, != 0.1.7"
}

variable "token" {
  type        = string
  sensitive   = true
  description = "Set by RUNPIPE_VAR_token"
}

variable "sizes" {
  type    = list(number)
  default = [64, 128]
}

variable "model" {
  type = object({
    name   = string
    layers = optional(number, 2)
  })
  default = { name = "cnn" }
  validation {
    condition     = var.model.layers < 10
    error_message = "${var.model.layers} layers are too many."
  }
}

variable "fast" {
  default = false
}

locals {
  header = "Bearer ${var.token}"
  flags  = var.fast ? ["--fast"] : null
  place  = "${clone.data.path}/images"
}

locals {
  bound = 0.5 + 0.25
}

defaults {
  resources {
    gpus = 1
    time = "1h30m"
  }
  slurm {
    partition = "short"
    options   = ["--mail-type=END"]
  }
  evaluate {
    resources {
      gpus = 0
      time = "00:10:00"
    }
    slurm {
      partition = "cpu"
    }
  }
}

clone "code" {
  repository = "https://user:password@example.org/me/code.git"
  resources {
    cpus = 2
  }
}

clone "data" {
  repository = ".."
  ref        = "v1.0"
  paths      = ["images/", "./labels.csv"]
}

environment "python" {
  python       = "3"
  requirements = "requirements.txt"
}

environment "tools" {
  modules  = ["cuda/12", "gcc"]
  packages = ["numpy==2.1.0", "torch[extra]>=2.4,<3 ; python_version >= '3.10'", "tool @ https://example.org/tool-1.0-py3-none-any.whl"]
}

environment "pinned" {
  source       = clone.code
  requirements = "requirements.txt"
}

stage "prepare" {
  environment = environment.tools
  files = {
    "in/images"    = local.place
    "in/labels"    = "${clone.data.path}/labels.csv"
    "in/all"       = clone.data
    "data"         = "data"
    "nothing"      = null
    "config/a.txt" = "./data/one.txt"
  }
  script = <<-EOT
    for size in ${join(" ", var.sizes)}; do
      convert --size "$size" in/images "$${TMPDIR}/out"
    done
    echo %%{x} ${clone.data.commit}
  EOT
  outputs = {
    images = "out/./images/"
    table  = "table.csv"
  }
}

train "cnn" {
  source      = clone.code
  dir         = "src/./training"
  environment = environment.pinned
  command = [
    "python", "train.py",
    ["--layers", var.model.layers, ["--lr", 0.001]],
    local.flags, null, "--deterministic", true,
    "--images=${stage.prepare.outputs.images}",
  ]
  env = {
    NAME   = var.model.name
    DEBUG  = false
    EMPTY  = ""
    UNSET  = null
    TOKEN  = var.token
    HEADER = local.header
  }
  pass_env = ["WANDB_API_KEY", "HF_TOKEN", "HF_TOKEN"]
  outputs  = { model = "model.pt" }
  metrics  = "results/*.json"
  metric "loss" { value = metrics.results["loss,none"] }
  metric "speed" { pattern = "([0-9.]+) images/s" }
  resources {
    gpus           = 2
    gpu_type       = "a100"
    cpus           = 16
    memory         = "2T"
    nodes          = 2
    tasks_per_node = 2
    time           = "2d"
  }
  slurm {
    account     = "ml"
    qos         = "high"
    constraint  = "a100&ib"
    reservation = "course"
    exclusive   = true
    nodelist    = "n[1-4]"
    exclude     = "n5"
    nice        = -5
    options     = ["--signal=B:USR1@60", "--licenses=matlab:1"]
  }
}

train "baseline" {
  after    = [stage.prepare, train.cnn]
  command  = ["true"]
  launcher = "none"
  metric "accuracy" { pattern = "acc: ([0-9.]+)" }
}

evaluate "accuracy" {
  environment = environment.python
  command     = ["python", "-c", "print(1)\nprint(2)", train.cnn.outputs.model]
  metrics     = "metrics.json"
  check "good enough" {
    condition     = metrics.accuracy >= local.bound && var.model.layers > 1
    error_message = <<-EOT
      accuracy ${metrics.accuracy} is below ${local.bound}
    EOT
  }
  check "better" {
    condition = (
      metrics.accuracy > train.baseline.metrics.accuracy
    )
    error_message = "no better than ${train.baseline.metrics.accuracy}"
    warn          = true
  }
}

output "model" {
  value       = train.cnn.outputs.model
  description = "The trained model"
}

output "about" {
  value = { sizes = var.sizes, commit = clone.code.commit, where = clone.code.repository }
}

output "token" {
  value     = var.token
  sensitive = true
}
