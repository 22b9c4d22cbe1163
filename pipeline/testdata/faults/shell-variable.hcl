train "cnn" {
  # ERROR+3: Variable of the shell
  # ERROR+3: Variable of the shell
  script = <<-EOT
    echo $HOME $${HOME} ${HOME}
    cp x ${SLURM_TMPDIR}/x
  EOT
}
