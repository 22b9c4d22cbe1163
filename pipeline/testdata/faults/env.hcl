train "cnn" {
  command = ["true"]
  env = {
    "MY-VAR"       = "x" # ERROR: Invalid variable name
    SLURM_JOB_ID   = 1   # ERROR: Reserved variable name
    RUNPIPE_STAGE  = 1   # ERROR: Reserved variable name
    LIST           = [1] # ERROR: Unsuitable value
    TOKEN          = "x"
    NOTHING        = null
  }
  pass_env = [
    "TOKEN",   # ERROR: Duplicate variable
    "A B",     # ERROR: Invalid variable name
    "SLURM_X", # ERROR: Reserved variable name
    "HF_TOKEN",
  ]
}

train "list" {
  command  = ["true"]
  env      = ["A=1"] # ERROR: Unsuitable value
  pass_env = "TOKEN" # ERROR: Unsuitable value
}
