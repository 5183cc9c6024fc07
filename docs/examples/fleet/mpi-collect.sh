#!/bin/sh
# The same with any MPI, one process a host.
#   ./mpi-collect.sh HOSTFILE [OPTIONS OF ttinspect fleet]
# mpirun breaks long lines of several hosts into each other, so every host writes a file of its own, into a
# folder that all hosts see: the current one, or TTINSPECT_FOLDER.
set -eu
hosts=$1
shift
folder=$(mktemp -d "${TTINSPECT_FOLDER:-$PWD}/snapshots.XXXXXX")
# shellcheck disable=SC2016  # the host knows its name
"${MPIRUN:-mpirun}" --hostfile "$hosts" --map-by ppr:1:node \
    sh -c 'ttinspect snapshot --quiet -o "$0/$(hostname -s).json"' "$folder" ||
    echo "mpirun ended with $?: hosts may be missing in $folder" >&2
ttinspect fleet "$folder" "$@"
