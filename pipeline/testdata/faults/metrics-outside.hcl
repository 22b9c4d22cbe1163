train "cnn" {
  command = ["true", metrics.loss] # ERROR: Metrics outside of a check
  metric "loss" { pattern = "loss: (.*)" }
}

evaluate "e" {
  command = ["true", train.cnn.metrics.loss] # ERROR: Metrics outside of a check
  metrics = "metrics.json"
}

train "evaluated_last" {
  command = ["true", train.cnn.metrics.loss] # ERROR: Metrics outside of a check
}
