stage "a" {
  command = ["x"]
  after   = [stage.b] # ERROR: Cycle
}

stage "b" {
  command = ["x"]
  after   = [stage.a]
}
