clone "code" {
  repository = "."
}

train "cnn" {
  command = [
    "python",
    { epochs = 5 }, # ERROR: Unsuitable value
    clone.code,     # ERROR: Unsuitable value
    ["--fast", null, true, 1.5],
  ]
}

train "empty" {
  command = [null, []] # ERROR: Unsuitable value
}

train "blank" {
  command = ["", "x"] # ERROR: Unsuitable value
}
