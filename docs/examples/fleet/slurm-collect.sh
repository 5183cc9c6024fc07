#!/bin/sh
# Snapshots of all nodes of an allocation, one JSON document a line, as one answer.
#   salloc -N 16 ./slurm-collect.sh [OPTIONS OF ttinspect fleet]
set -eu
srun --ntasks-per-node=1 --wait=0 --kill-on-bad-exit=0 ttinspect snapshot --quiet |
    ttinspect fleet - "$@"
