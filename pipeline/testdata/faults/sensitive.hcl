variable "token" {
  sensitive = true
  default   = "hunter2"
}

locals { header = "Bearer ${var.token}" }

clone "code" {
  repository = "https://x:${var.token}@example.org/a.git" # ERROR: Sensitive value
}

train "cnn" {
  command = ["curl", "-H", local.header] # ERROR: Sensitive value
  files   = { "a" = var.token } # ERROR: Sensitive value
  env     = { TOKEN = var.token, HEADER = local.header }
}

train "script" {
  script = "echo ${var.token}" # ERROR: Sensitive value
  outputs = { m = var.token } # ERROR: Sensitive value
  slurm {
    account = var.token # ERROR: Sensitive value
    options = ["--mail-user=${var.token}"] # ERROR: Sensitive value
  }
}

train "function" {
  command = ["cat", file(var.token)] # ERROR: Error in function call
  env     = { TOKEN = [var.token] } # ERROR: Unsuitable value
}

output "o" {
  value = local.header # ERROR: Sensitive value
}
