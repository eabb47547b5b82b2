#!/usr/bin/env bash
# Stored bytes of real and generated lines: fresh segments, compacted ones, and other tools on the same bytes.
# Usage: storage.sh FILE…      CLP_S names clp-s if it is not on PATH (PyPI: yscope-clp-core).
#
# Each file is ingested, compacted and given back; the SHA-256 of its sorted lines is compared.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
weir=$here/.build/release/weir
clp=${CLP_S:-$(command -v clp-s || true)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TIMEFORMAT='%U %S %R'
export LC_ALL=C

size() { find "$@" -type f -printf '%s\n' | awk '{ s += $1 } END { printf "%d", s }'; }
cpu() { { time "$@" >/dev/null 2>"$work/stderr"; } 2>&1 | awk '{ printf "%.2f", $1 + $2 }'; }
row() { # name, bytes, cpu seconds
    awk -v n="$1" -v b="$2" -v c="$3" -v r="$raw" -v g="$gzip" -v p="$clp_bytes" 'BEGIN {
        printf "  %-24s %12d  %7.1fx  %8s", n, b, r / b, c
        if (p > 0) { printf "  %5.2f x clp-s", b / p }
        printf "  %5.2f x gzip -6\n", b / g
    }'
}

for file in "$@"; do
    raw=$(stat -c %s "$file")
    printf '%s, %d bytes\n  %-24s %12s  %8s  %8s\n' "$(basename "$file")" "$raw" '' bytes ratio 'CPU s'
    gzip=$(gzip -6 <"$file" | wc -c)
    zstd=$(command -v zstd >/dev/null && zstd -3 -q --single-thread <"$file" | wc -c || echo 0)
    clp_bytes=0
    if [ -n "$clp" ]; then
        rm -rf "$work/clp"
        clp_cpu=$(cpu "$clp" c "$work/clp" "$file")
        clp_bytes=$(size "$work/clp")
    fi
    rm -rf "$work/data"
    ingest() { "$weir" ingest -q --data "$work/data" <"$file"; }
    compact() { "$weir" compact --data "$work/data"; }
    ingest_cpu=$(cpu ingest)
    row 'weir, fresh' "$(size "$work/data")" "$ingest_cpu"
    compact_cpu=$(cpu compact)
    row 'weir, compacted' "$(size "$work/data")" "$compact_cpu"
    [ -n "$clp" ] && row 'clp-s' "$clp_bytes" "$clp_cpu"
    [ "$zstd" -gt 0 ] && row 'zstd -3' "$zstd" -
    row 'gzip -6' "$gzip" -
    given=$("$weir" query --data "$work/data" '*' -o raw | sort | sha256sum)
    [ "$given" = "$(sort "$file" | sha256sum)" ] && echo '  every line comes back byte for byte' ||
        echo '  LINES DIFFER'
done
