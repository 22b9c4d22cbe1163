# Data by its sha256: declared or pinned, whole or unpacked, from a URL or a path.
variable "mirror" {
  type    = string
  default = "https://host.example/sets"
}

data "digits" {
  url    = "${var.mirror}/mnist.npz"
  sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
}

data "images" {
  url     = "https://ada:secret@host.example/images.tar.gz?token=secret"
  extract = true
  resources {
    time = "2h"
  }
}

data "beside" {
  path = "sets/model.bin"
}

train "cnn" {
  command = ["python", "train.py", data.digits.path, "${data.images.path}/train"]
  files   = { "model.bin" = data.beside, "digits.npz" = data.digits.path }
  resources {
    gpus = 1
  }
}
