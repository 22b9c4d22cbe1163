clone "code" {
  repository = "https://example.org/me/code.git"
}

clone "fork" {
  repository = "https://example.org/me/fork.git"
  paths      = ["pyproject.toml", "src"]
}

environment "python" {
  source  = clone.code
  project = "."
  extras  = ["gpu", "cli"]
  groups  = ["train"]
  install = [clone.fork, clone.code]
}

environment "bare" {
  install = [clone.code]
}

train "cnn" {
  source      = clone.code
  environment = environment.python
  command     = ["train", "--with", environment.python.path]
}

stage "other" {
  environment = environment.bare
  command     = ["true"]
}
