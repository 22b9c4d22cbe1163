#!/bin/bash
#SBATCH --job-name=stage.prepare
#SBATCH --output=/w/log
#SBATCH --open-mode=append
#SBATCH --no-requeue
#SBATCH --cpus-per-task=2

runpipe=/w/runpipe
[ "${RUNPIPE_STAGE:-}" ] || exec "$runpipe" exec /w/job.json "$0"

export SRUN_CPUS_PER_TASK=2
# shellcheck disable=all
srun bash -euo pipefail -c 'echo "rank $SLURM_PROCID"
echo '\''done'\'''
