train "a" {
  command = ["x", train.b.outputs.m] # ERROR: Cycle
  outputs = { m = "m" }
}

train "b" {
  command = ["x", local.c]
  outputs = { m = "m" }
}

locals { c = train.a.outputs.m }

# Nothing is said of what only follows.
evaluate "of_b" {
  command = ["x", train.b.outputs.nothing]
  metrics = "m.json"
}
