locals {
  a = 1 + "x"            # ERROR: Invalid operand
  b = [1, 2][7]          # ERROR: Invalid index
  c = true ? 1 : [2]     # ERROR: Inconsistent conditional result types
  d = "a${[1]}"          # ERROR: Invalid template interpolation value
  e = file("nothing.txt") # ERROR: Invalid function argument
  f = local.a + 1
  g = { x = { y = 1 } }
  h = local.g.x.z # ERROR: Unknown attribute
  i = try(local.g.x.z, 5)
}
