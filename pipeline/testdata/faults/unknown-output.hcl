train "cnn" {
  command = ["true"]
  outputs = { model = "out/model.keras", log = "log.csv" }
}

train "bare" {
  command = ["true"]
}

evaluate "accuracy" {
  command = [
    "python",
    train.cnn.outputs.modle, # ERROR: Unknown output
    train.cnn.outputs.xyzzy, # ERROR: Unknown output
    train.cnn.model,         # ERROR: Unknown attribute
    train.bare.outputs.a,    # ERROR: Unknown output
    train.cnn.stdout,        # ERROR: Unknown attribute
  ]
  metrics = "metrics.json"
}
