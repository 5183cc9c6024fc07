#!/usr/bin/env bash
# Is this machine fit for work? Run at boot, after a reset, and before a job starts.
#
#   bring-up.sh [SITE_FILE]
#
# SITE_FILE is what the machine should be (ttinspect check --init writes one); without it every chip is held
# against its product. What was found is kept in $BRING_UP_DIR: check.xml for a CI system, and a snapshot of
# the whole host, which answers every question later. Exit code 0: fit, 1: not, 2: could not be checked.
#
# TTINSPECT_ARGS are options for taking the snapshot, such as --from and --timeout; all else is asked of it.
set -uo pipefail
unset TTINSPECT_FROM TT_VISIBLE_DEVICES # what somebody tried out in this shell is not this machine

folder=${BRING_UP_DIR:-/var/lib/ttinspect}
read -ra options <<<"${TTINSPECT_ARGS:-}"

say() { printf 'bring-up: %s\n' "$*"; }

# What is in the folder afterwards tells of this run: nothing of an earlier one may be taken for it.
mkdir -p "$folder" && rm -f "$folder/check.xml" || exit 2
if [[ -f $folder/snapshot.json ]]; then
    mv -f "$folder/snapshot.json" "$folder/snapshot.last.json" || exit 2
fi

if (($# > 1)) || [[ ${1:-} == - ]]; then
    say 'NOT CHECKED: give it one site file, or none'
    exit 2
fi

# One document with everything, before anything else touches the machine.
ttinspect snapshot "${options[@]}" --quiet -o "$folder/snapshot.json" >/dev/null
code=$?
[[ -f $folder/snapshot.json || $code -eq 3 ]] || code=2
case $code in
0) ;;
3)
    say 'NOT FIT: no devices'
    exit 1
    ;;
5) say 'some chips could not be read; checking the others' ;;
*)
    say 'NOT CHECKED: no snapshot could be taken'
    exit 2
    ;;
esac

# From here on everything is asked of the snapshot: the machine is free, and all answers are of one moment.
from=(--from "$folder/snapshot.json")
expected=(--product)
if (($#)); then
    expected=(-- "$1") # what looks like an option is a file too
fi
ttinspect check "${from[@]}" --strict --format junit -o "$folder/check.xml" "${expected[@]}"
code=$?
[[ -f $folder/check.xml || $code -ne 0 ]] || code=2
if [[ -f $folder/snapshot.last.json ]]; then
    ttinspect diff "$folder/snapshot.last.json" "$folder/snapshot.json"
    case $? in
    0) ;;
    10) say 'it is not what it was at the last bring-up' ;;
    *) say 'it could not be compared with the last bring-up' ;;
    esac
fi
case $code in
0) say 'FIT' ;;
10)
    ttinspect check "${from[@]}" --strict "${expected[@]}"
    say 'NOT FIT'
    exit 1
    ;;
3)
    say 'NOT FIT: no devices'
    exit 1
    ;;
2 | 7)
    say 'NOT CHECKED: the site file is wrong'
    exit 2
    ;;
*)
    ttinspect check "${from[@]}" "${expected[@]}"
    say 'NOT CHECKED: some facts are unknown'
    exit 2
    ;;
esac
