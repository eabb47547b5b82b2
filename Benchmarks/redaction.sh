#!/usr/bin/env bash
# The cost of redaction: the processor time of `weir ingest` over the same lines without rules and with more and more of them.
# Usage: redaction.sh FILE [ROUNDS]   (FILE: lines as `weir-samples` makes them; WEIR names the binary)
set -euo pipefail
file=${1:?usage: redaction.sh FILE [ROUNDS]}
rounds=${2:-5}
weir=${WEIR:-"$(dirname "${BASH_SOURCE[0]}")/../.build/release/weir"}
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-redaction.XXXXXX")
trap 'rm -rf "$work"' EXIT
bytes=$(stat -c %s "$file")

seconds() { # processor seconds of one ingest with the rules "$1"
    local options=(ingest --data "$work/data" --quiet --alerts "$work/none.yaml")
    [ "$1" = none ] || options+=(--redact "$1")
    rm -rf "$work/data"
    local TIMEFORMAT='%U %S'
    { time "$weir" "${options[@]}" <"$file" >/dev/null 2>"$work/errors"; } 2>&1 |
        awk '{ printf "%.3f", $1 + $2 }'
}

printf 'groups: []\n' >"$work/none.yaml"
printf '%-34s %10s %10s\n' rules "CPU s" "MB/CPU s"
for rules in none email card secret ip field:user_id email,card,secret,ip; do
    best=
    for _ in $(seq "$rounds"); do
        now=$(seconds "$rules")
        best=$(awk -v a="${best:-$now}" -v b="$now" 'BEGIN { print (a < b) ? a : b }')
    done
    awk -v r="$rules" -v s="$best" -v b="$bytes" \
        'BEGIN { printf "%-34s %10.2f %10.0f\n", r, s, b / 1e6 / s }'
done
