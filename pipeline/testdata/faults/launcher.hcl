train "a" {
  command  = ["true"]
  launcher = "sruns" # ERROR: Unsuitable value
}

train "b" {
  command  = ["true"]
  launcher = "torchrun" # ERROR: Not there yet
}

train "c" {
  command  = ["true"]
  launcher = srun # ERROR: Unknown name
}
