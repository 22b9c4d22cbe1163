#!/bin/bash
#SBATCH --job-name=train.cnn
#SBATCH --output='/home/o\'brien/my runs/100%%/log'
#SBATCH --open-mode=append
#SBATCH --chdir='/home/o\'brien/my runs'
#SBATCH --requeue
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --gres=gpu:a100:2
#SBATCH --cpus-per-task=2
#SBATCH --mem=1500M
#SBATCH --time=2-01:00:02
#SBATCH --partition=gpu
#SBATCH --account=dept
#SBATCH --qos=normal
#SBATCH --constraint=a100&(ib|nvlink)
#SBATCH --reservation='class monday'
#SBATCH --nodelist=gpu[01-04]
#SBATCH --exclude=gpu03
#SBATCH --exclusive
#SBATCH --nice=100
#SBATCH --mail-type=END,FAIL
#SBATCH --mail-user=me@example.org
#SBATCH --licenses='matlab # 1'
#SBATCH --contiguous

runpipe="/home/o'brien/my runs/runpipe"
[ "${RUNPIPE_STAGE:-}" ] || exec "$runpipe" exec "/home/o'brien/my runs/job.json" "$0"

export SRUN_CPUS_PER_TASK=2
srun --kill-on-bad-exit=1 "$runpipe" task -- python -m llm.train --model meta-llama/Llama-3.1-8B \
  --prompt "It costs \$5, it's \"cheap\"" --layers q_proj k_proj v_proj --learning-rate=1e-4 \
  --output out/adapter --note 'two words'
