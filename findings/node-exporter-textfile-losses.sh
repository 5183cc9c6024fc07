#!/usr/bin/env bash
# Package:  prometheus-node-exporter 1.5.0-1+b6 (Debian 12, amd64; unpacked, not installed), curl
# Guess:    node_textfile_scrape_error is 1 whenever something in the directory could not be taken, as its name says;
#           and a file whose name begins with a dot is no input, as everywhere.
# Behaves:  the alarm is about files that cannot be parsed. Samples that contradict another file (another help text,
#           another type, the same series twice) are dropped one by one behind it: the alarm stays 0, the collector is a
#           success, the other samples of the file are there. And .half.prom is read like any other.
# Matters:  two versions of an exporter on one host lose the second one's metrics with every light green; and who writes
#           to .name.prom first and renames then has his half-written file collected.
set -euo pipefail
d=$(mktemp -d); pid=; trap '[[ -z $pid ]] || kill "$pid" 2>/dev/null; rm -rf "$d"' EXIT
(cd "$d" && apt-get -qq download prometheus-node-exporter=1.5.0-1+b6 2>/dev/null && dpkg -x ./*.deb x)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$d/t"
"$d/x/usr/bin/prometheus-node-exporter" --collector.disable-defaults --collector.textfile \
    --collector.textfile.directory="$d/t" --web.listen-address="127.0.0.1:$port" 2>"$d/log" & pid=$!
shows() { curl -s --retry 20 --retry-connrefused --retry-delay 1 "127.0.0.1:$port/metrics" | grep -E '^(power|temp|late|node_textfile_scrape_error|node_scrape_collector_success)' | tr '\n' ' '; }
printf '# HELP power Watts\n# TYPE power gauge\npower{chip="0"} 10\n' >"$d/t/a.prom"
printf '# HELP power W\n# TYPE power gauge\npower{chip="1"} 20\ntemp 5\n' >"$d/t/b.prom"
help=$(shows); echo "another help: $help"
printf '# HELP power Watts\n# TYPE power counter\npower{chip="1"} 20\ntemp 5\n' >"$d/t/b.prom"
type=$(shows); echo "another type: $type"
printf '# HELP power Watts\n# TYPE power gauge\npower{chip="0"} 20\ntemp 5\n' >"$d/t/b.prom"
twice=$(shows); echo "series twice: $twice"
rm "$d/t/b.prom"; printf 'late 1\n' >"$d/t/.half.prom"
hidden=$(shows); echo "hidden file:  $hidden"
lost='node_scrape_collector_success{collector="textfile"} 1 node_textfile_scrape_error 0 power{chip="0"} 10 temp 5 '
[[ $help == "$lost" && $type == "$lost" && $twice == "$lost" && $hidden == "late 1 "* ]]
# Seen: another help: node_scrape_collector_success{collector="textfile"} 1 node_textfile_scrape_error 0 power{chip="0"} 10 temp 5
#       (the same of another type and of a series that is there twice)
#       hidden file:  late 1 node_scrape_collector_success{collector="textfile"} 1 node_textfile_scrape_error 0 power{chip="0"} 10
