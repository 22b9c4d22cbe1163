train "cnn" {
  command = ["true"]
  slurm {
    options = [
      "--mail-type=END",
      "--mail-type END",    # ERROR: Invalid option
      "-p gpu",             # ERROR: Invalid option
      "mail-user=me@x.org", # ERROR: Invalid option
      "--output=x.log",     # ERROR: Option set by runpipe
      "--out=x.log",        # ERROR: Option set by runpipe
      "--dependency=afterok:1", # ERROR: Option set by runpipe
      "--time=1:00",        # ERROR: Option set by runpipe
      "--partition=gpu",    # ERROR: Option set by runpipe
      "--gres=gpu:2",       # ERROR: Option set by runpipe
      "--no-requeue",       # ERROR: Option set by runpipe
      "--comment=a\nb",     # ERROR: Unsuitable value
    ]
  }
}

train "gres" {
  command = ["true"]
  resources {
    gpus = 1
  }
  slurm {
    options = ["--gres=tmpfs:10G"] # ERROR: Option set by runpipe
  }
}
