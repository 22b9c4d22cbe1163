#!/bin/bash
#SBATCH --job-name=stage.x
#SBATCH --no-requeue

exec test -e out/model.keras
