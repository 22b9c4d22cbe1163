clone "code" {
  repository = "."
}

train "cnn" {
  source  = clone.cod # ERROR: Unknown stage
  command = ["python", trian.cnn.outputs.model] # ERROR: Unknown name
}

evaluate "accuracy" {
  command = ["python", stage.cnn.outputs.model] # ERROR: Unknown stage
  metrics = "metrics.json"
}
