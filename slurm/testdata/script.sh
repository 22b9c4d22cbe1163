#!/bin/bash
#SBATCH --job-name=stage.prepare
#SBATCH --output=/w/log
#SBATCH --open-mode=append
#SBATCH --no-requeue
# Stage stage.prepare
# SBATCH --time=99:00:00
# #SBATCH --exclusive
# - shellcheck disable=all

runpipe=/w/runpipe
[ "${RUNPIPE_STAGE:-}" ] || exec "$runpipe" exec /w/job.json "$0"

set -euo pipefail
for f in data/*.gz; do
  gunzip --keep "$f"
done
