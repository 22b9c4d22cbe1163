train "cnn" {
  command = ["python", uper("x")] # ERROR: Unknown function
  env     = { A = join(",") } # ERROR: Error in function call
}
