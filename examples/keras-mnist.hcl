# The tutorial "Simple MNIST convnet" of keras.io, unmodified, on one GPU.
#
# The script both trains and evaluates, saves nothing, and only prints its
# results: the metrics are read from its log. On its first run it downloads MNIST
# (11 MB) to ~/.keras/datasets. Where compute nodes have no internet, do that once
# on the login node: python -c "import keras; keras.datasets.mnist.load_data()"

pipeline {
  description = "Simple MNIST convnet, as in the tutorial of keras.io"
}

clone "keras_io" {
  repository = "https://github.com/keras-team/keras-io"
  ref        = "02cfe8063b505adc073986c91729f22039f77ad0"
  paths      = ["examples/vision/mnist_convnet.py"] # the repository is over 900 MB
}

environment "tensorflow" {
  modules  = ["python/3.10"]
  python   = "3.10"
  packages = ["tensorflow[and-cuda]==2.19.1", "keras==3.12.4", "numpy==2.1.3"]
}

train "convnet" {
  source      = clone.keras_io
  environment = environment.tensorflow
  command     = ["python", "examples/vision/mnist_convnet.py"] # runpipe puts srun in front

  # The last line of the log that matches counts.
  metric "loss" { pattern = "Test loss: (\\S+)" }
  metric "accuracy" { pattern = "Test accuracy: (\\S+)" }

  check "as the tutorial says" {
    condition     = metrics.accuracy >= 0.985
    error_message = "The tutorial reaches about 0.99, this run ${metrics.accuracy}."
  }

  resources {
    gpus   = 1
    cpus   = 4
    memory = "16G"
    time   = "30m"
  }
}
