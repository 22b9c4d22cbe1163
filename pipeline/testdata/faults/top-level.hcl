name = "mnist" # ERROR: Unsupported argument

stages "x" { # ERROR: Unsupported block type
}
