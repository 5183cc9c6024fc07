#!/bin/sh
# Snapshots of all nodes of an allocation as one answer.
#   salloc -N 16 ./slurm-collect.sh [OPTIONS OF ttinspect fleet]
# srun breaks long lines of several nodes into each other, so every node writes a file of its own, into a
# folder that all nodes see: the current one, or TTINSPECT_FOLDER.
set -eu
folder=$(mktemp -d "${TTINSPECT_FOLDER:-$PWD}/snapshots.XXXXXX")
# shellcheck disable=SC2016  # the node knows its name
srun --ntasks-per-node=1 --wait=0 --kill-on-bad-exit=0 \
    sh -c 'ttinspect snapshot --quiet -o "$0/${SLURMD_NODENAME:-$(hostname -s)}.json"' "$folder" ||
    echo "srun ended with $?: nodes may be missing in $folder" >&2
ttinspect fleet "$folder" "$@"
