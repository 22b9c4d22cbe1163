epochs = "many"
epoch  = 3
