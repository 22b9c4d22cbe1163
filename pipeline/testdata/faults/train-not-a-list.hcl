train "cnn" {
  command = "python train.py --epochs 5" # ERROR: Unsuitable value
}

train "quoted" {
  command = "python -c 'print(1)'" # ERROR: Unsuitable value
}
