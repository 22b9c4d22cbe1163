# A check is judged in the job, where nothing that stands beside the pipeline is.
evaluate "accuracy" {
  command = ["true"]
  metrics = "metrics.json"
  check "good enough" {
    condition     = metrics.accuracy >= jsondecode(file("bound.json")).accuracy # ERROR: Invalid function argument
    error_message = "too low"
  }
}
