# This file is written by "runpipe lock". Commit it; do not edit it.

version = 1

clone "https://github.com/keras-team/keras-io" "02cfe8063b505adc073986c91729f22039f77ad0" {
  commit = "02cfe8063b505adc073986c91729f22039f77ad0"
  paths {
    only   = ["examples/vision/mnist_convnet.py"]
    digest = "sha256:71bf15c510ceaba75e63fcad0e1c8c99df1adb8905b9faef1f87df747a9a90f2"
  }
}
