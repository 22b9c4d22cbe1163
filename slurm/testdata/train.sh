#!/bin/bash
#SBATCH --job-name=train.cnn/mnist
#SBATCH --comment=runpipe:20261123-142233-k3f9:train.cnn:1
#SBATCH --output=/home/me/.runpipe/runs/20261123-142233-k3f9/stages/train.cnn/attempt-1/log
#SBATCH --open-mode=append
#SBATCH --chdir=/home/me/.runpipe/runs/20261123-142233-k3f9/stages/train.cnn
#SBATCH --no-requeue
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=4
#SBATCH --mem=16G
#SBATCH --time=01:00:00
#SBATCH --partition=gpu
# Stage train.cnn of mnist.hcl, code pinned to keras-io 1f2e3d4.

runpipe=/home/me/.runpipe/bin/runpipe-5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9
[ "${RUNPIPE_STAGE:-}" ] || exec "$runpipe" exec \
  --sha256=6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b \
  /home/me/.runpipe/runs/20261123-142233-k3f9/stages/train.cnn/job.json "$0"

export SRUN_CPUS_PER_TASK=4
export KERAS_BACKEND='jax'
module load cuda/12.4 || exit
module load python/3.10 || exit
echo "${LOADEDMODULES:-}" > "${RUNPIPE_MODULES:-/dev/null}" # for the record
# shellcheck source=/dev/null
. /home/me/.runpipe/envs/python-77c1/bin/activate || exit
srun python src/train.py --epochs 5
