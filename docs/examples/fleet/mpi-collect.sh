#!/bin/sh
# The same with any MPI: one process a host, one JSON document a line.
#   ./mpi-collect.sh HOSTFILE [OPTIONS OF ttinspect fleet]
set -eu
hosts=$1
shift
"${MPIRUN:-mpirun}" --hostfile "$hosts" --map-by ppr:1:node ttinspect snapshot --quiet | ttinspect fleet - "$@"
