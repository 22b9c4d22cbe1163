data "address" {
  huggingface = "https://huggingface.co/meta/llama/tree/main" # ERROR: Unsuitable value
}

data "revision" {
  huggingface = "meta/llama@main" # ERROR: Unsuitable value
  revision    = 1234567 # ERROR: Unsuitable value
}

data "deep" {
  huggingface = "meta/llama/config.json" # ERROR: Unsuitable value
}

data "one_file" {
  huggingface = "meta/llama"
  path        = "config.json" # ERROR: Two places
}

data "others" {
  huggingface = "datasets/ylecun/mnist"
  ref         = "main" # ERROR: Unsuitable argument
  sha256      = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" # ERROR: Unsuitable argument
  extract     = true # ERROR: Unsuitable argument
}

data "patterns" {
  huggingface = "meta/llama"
  files       = "*.json" # ERROR: Unsuitable value
}

data "rooted" {
  huggingface = "meta/llama"
  files = [
    "/config.json", # ERROR: Unsuitable value
    "[z-a]",        # ERROR: Unsuitable value
  ]
}

data "none" {
  huggingface = "meta/llama"
  files       = [] # ERROR: Unsuitable value
}

data "token" {
  huggingface = "meta/llama"
  token_env   = "hf_ThisIsNobodysToken0123" # ERROR: Token in the file
  endpoint    = "hub.example.org" # ERROR: Unsuitable value
}

data "page" {
  url = "https://huggingface.co/meta/llama/blob/main/config.json" # ERROR: Unsuitable value
}

data "repository" {
  url      = "https://huggingface.co/datasets/ylecun/mnist" # ERROR: Unsuitable value
  revision = "main" # ERROR: Unsuitable argument
}

data "whole" {
  repository = "https://github.com/me/models.git" # ERROR: Missing value
  revision   = "main" # ERROR: Unsuitable argument
}

data "outside" {
  repository = "https://github.com/me/models.git"
  path       = "../weights.bin" # ERROR: Invalid path
  sha256     = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" # ERROR: Unsuitable argument
}

data "top" {
  repository = "."
  path       = "." # ERROR: Invalid path
}

clone "code" {
  repository = "."
  lfs        = "perhaps" # ERROR: Unsuitable value
}

data "late" {
  huggingface = clone.code.repository # ERROR: Reference to a stage
}

data "archive" {
  path   = "a.tar"
  unpack = true # ERROR: Unsupported argument
}
