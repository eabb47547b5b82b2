#!/usr/bin/env bash
# Ingest and storage figures on generated lines in the house format, beside general-purpose tools on the same bytes.
# Usage: run.sh [LINES]      2,000,000 lines are about 540 MB; `make bench` calls it.
#
# Ingest is a whole process from stdin to sealed segments: scan, classes, metrics, rules, journal with fsync, segments. CPU
# seconds are user and system time of all its threads. Figures move with the machine; compare ratios within one run.
set -euo pipefail
lines=${1:-2000000}
here=$(cd "$(dirname "$0")/.." && pwd)
weir=$here/.build/release/weir
samples=$here/.build/release/weir-samples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TIMEFORMAT='%U %S %R'

# cpu COMMAND…: prints CPU seconds and wall seconds of a command.
cpu() {
    { time "$@" >/dev/null 2>"$work/stderr"; } 2>&1 | awk '{ printf "%.2f %.2f\n", $1 + $2, $3 }'
}

"$samples" --lines "$lines" --seed 42 --start 2025-01-12T00:00:00Z --end 2025-01-19T00:00:00Z \
    >"$work/house.ndjson"
bytes=$(stat -c %s "$work/house.ndjson")
megabytes=$(awk "BEGIN { print $bytes / 1e6 }")
printf '%s lines, %.1f MB\n\n' "$lines" "$megabytes"

row() { # name, cpu seconds, wall seconds, stored bytes
    awk -v n="$1" -v c="$2" -v w="$3" -v s="$4" -v m="$megabytes" \
        'BEGIN { printf "%-28s %8.2f %8.2f %10.1f %9.1f %7.1fx\n", n, c, w, m / c, s / 1e6, m * 1e6 / s }'
}
printf '%-28s %8s %8s %10s %9s %8s\n' '' 'CPU s' 'wall s' 'MB/CPU s' 'MB kept' 'ratio'

ingest() { "$weir" ingest --quiet --data "$work/data" <"$work/house.ndjson"; }
for run in 1 2 3; do
    rm -rf "$work/data"
    read -r c w < <(cpu ingest)
    row "weir ingest, run $run" "$c" "$w" "$(du -sb "$work/data/segments" | cut -f1)"
done
pack() { # name, command…
    local name=$1
    shift
    command -v "$1" >/dev/null || { echo "$name: $1 is not installed"; return; }
    read -r c w < <(cpu sh -c "$* <'$work/house.ndjson' >'$work/packed'")
    row "$name" "$c" "$w" "$(stat -c %s "$work/packed")"
}
pack 'lz4 -1' lz4 -1
pack 'zstd -3' zstd -3 --single-thread
pack 'gzip -6' gzip -6

printf '\n%-60s %8s %8s\n' 'query (whole process, warm)' 'CPU s' 'wall s'
query() { "$weir" query --data "$work/data" "$1" | cat; }
for q in '* | stats count() as n' 'level:ERROR | stats count() as n' 'timeout | stats count() as n' \
    'message:~"timeout in [0-9]+ ms" | stats count() as n' \
    '* | stats by (endpoint) count() as n, quantile(0.95, duration_ms) as p95' \
    '_time:2025-01-15T12:00Z' '*'; do
    cpu query "$q" >/dev/null
    read -r c w < <(cpu query "$q")
    printf '%-60s %8.2f %8.2f\n' "$(cut -c1-60 <<<"$q")" "$c" "$w"
done
