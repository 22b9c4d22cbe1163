#!/bin/bash
#SBATCH --job-name=stage.x
#SBATCH --no-requeue

srun bash -c "exec -- compare 'a b' : c"
