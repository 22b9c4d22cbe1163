train "cnn" {
  command = ["true"]
  files = {
    train.py       = "a.py"    # ERROR: Name without quotes
    data/mnist.npz = "m.npz"   # ERROR: Name without quotes
  }
}
