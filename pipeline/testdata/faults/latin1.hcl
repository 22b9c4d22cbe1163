# ERROR+1: Not UTF-8
command = ["café"]
