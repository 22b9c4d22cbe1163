#!/bin/bash
#SBATCH --job-name=train.cnn
#SBATCH --output=/w/log
#SBATCH --open-mode=append
#SBATCH --no-requeue

module load cuda/12.4 || exit
echo "${LOADEDMODULES:-}" > "${RUNPIPE_MODULES:-/dev/null}" # for the record
CONDA_PREFIX=$(readlink -ev "/home/o'brien/my \$runs/store/77c1/outputs/venv") || exit
export CONDA_PREFIX CONDA_DEFAULT_ENV="$CONDA_PREFIX" CONDA_SHLVL=1 PATH="$CONDA_PREFIX/bin:$PATH"
for activate in "$CONDA_PREFIX"/etc/conda/activate.d/*.sh; do
  # shellcheck source=/dev/null
  if [ -r "$activate" ]; then . "$activate"; fi
done
srun python train.py
