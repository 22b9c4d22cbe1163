train "cnn" {
  command = ["true"
} # ERROR: Missing item separator
