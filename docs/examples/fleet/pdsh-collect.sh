#!/bin/sh
# The same with pdsh; -N leaves its host names away, which are in the documents.
#   ./pdsh-collect.sh 'glx-[01-16]' [OPTIONS OF ttinspect fleet]
set -eu
hosts=$1
shift
pdsh -N -R ssh -t 10 -u 120 -w "$hosts" ttinspect snapshot --quiet | ttinspect fleet - "$@"
