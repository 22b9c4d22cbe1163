# Data of many files, and one that a repository has in Git LFS.
data "llama" {
  huggingface = "meta/llama"
  files       = ["*.safetensors", "*.json"]
  token_env   = "MY_TOKEN"
}

data "mnist" {
  huggingface = "datasets/ylecun/mnist"
  revision    = "v1"
  endpoint    = "https://hub.example.org/"
}

data "weights" {
  repository = "https://ada:secret@github.com/me/models.git"
  ref        = "v2"
  path       = "weights/model.tar.gz"
  extract    = true
}

clone "pointers" {
  repository = "https://github.com/me/models.git"
  lfs        = false
}

train "cnn" {
  command = ["python", "train.py", data.llama.path, "${data.mnist.path}/train.csv", data.weights.path, clone.pointers.path]
}
