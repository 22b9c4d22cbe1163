#!/bin/bash
#SBATCH --job-name=train.cnn
#SBATCH --no-requeue

# shellcheck source=/dev/null
. "/w/o'brien/venv/bin/activate" || exit
layer="/w/o'brien/layer"
export PYTHONPATH="$layer${PYTHONPATH:+:$PYTHONPATH}" PATH="$layer/bin:$PATH"
train
