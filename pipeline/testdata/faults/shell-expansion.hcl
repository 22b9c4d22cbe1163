train "cnn" {
  # ERROR+2: Variable of the shell
  script = <<-EOT
    echo ${HOME:-/root}
    echo %{x}
  EOT
}
