#!/bin/sh
# slurm.conf:  HealthCheckProgram=/usr/local/sbin/slurm-health-check.sh
#              HealthCheckInterval=300
#              HealthCheckNodeState=IDLE
# or as Prolog, where a node that fails is drained and the job requeued. The reason is the last line of
# the check, its verdict; what could not be checked (exit 11) does not drain a node.
set -u
SITE=${TTINSPECT_SITE:-/etc/ttinspect/site.yaml}
NODE=${SLURMD_NODENAME:-$(hostname -s)}
answer=$(ttinspect check "$SITE" --from "${TTINSPECT_FROM:-host}" 2>&1)
code=$?
[ "$code" -ne 10 ] && exit 0
reason=$(printf '%s\n' "$answer" | tail -n 1 | cut -c 1-100)
scontrol update "NodeName=$NODE" State=DRAIN "Reason=ttinspect: $reason"
exit "${TTINSPECT_DRAIN_EXIT:-0}"
