#!/usr/bin/env bash
# Measures the scanner against simdjson: Benchmarks/scanner.sh FILE… (house.ndjson caddy.ndjson … by their first word)
#
# SIMDJSON names simdjson's sources: the folder of simdjson.h and simdjson.cpp (`singleheader` of a checkout, or the two files
# of a release: https://github.com/simdjson/simdjson/releases) or a checkout. Without it only weir is measured.
# RUNS (5) runs each, the best one counts, by CPU time of one thread; each file goes to one side right after the other.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
runs=${RUNS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

bench=${WEIR_BENCH:-}
if [ -z "$bench" ]; then
    (cd "$root" && ${SWIFT:-swift} build -c release --product weir-bench)
    bench=$root/.build/release/weir-bench
fi
if [ -n "${SIMDJSON:-}" ]; then
    ${CXX:-g++} -std=c++20 -O3 -march=native -DNDEBUG -I"$SIMDJSON" -I"$SIMDJSON/include" \
        -I"$SIMDJSON/src" "$here/Scanner/simdjson_lines.cpp" -o "$work/simdjson_lines"
fi
"$bench" lines 7 220000000 >"$work/random.ndjson"

for file in "$@" "$work/random.ndjson"; do
    name=$(basename "$file")
    kind=${name%%[-.]*}
    "$bench" speed "$runs" "$file"
    [ -z "${SIMDJSON:-}" ] || "$work/simdjson_lines" "$runs" "$kind" "$file" 2>/dev/null
done | awk -F '\t' '
    {
        # Both sides call their first work "five".
        work = $2
        if (work == "five" && ($1, work) in value) { work = "ondemand" }
        if (!($1 in seen)) { seen[$1] = 1; order[++n] = $1 }
        value[$1, work] = $3
        note[$1, work] = $4
    }
    function ratio(f, ours, theirs) {
        return (f, theirs) in value ? sprintf("%.2f", value[f, ours] / value[f, theirs]) : "-"
    }
    END {
        print "GB/s, one thread, best run by CPU time; x is weir divided by the column before it"
        form = "%-24s %6s %6s | %6s %9s %5s | %6s %6s %5s %9s %5s %6s | %s\n"
        printf form, "file", "copy", "lines", "five", "On-Demand", "x", "tape", "values", "x",
            "raw views", "x", "DOM", "heap blocks"
        for (i = 1; i <= n; i++) {
            f = order[i]
            printf form, f, value[f, "copy"], value[f, "newlines"], value[f, "five"],
                value[f, "ondemand"], ratio(f, "five", "ondemand"), value[f, "tape"],
                value[f, "values"], ratio(f, "tape", "values"), value[f, "visit"],
                ratio(f, "tape", "visit"), value[f, "dom"],
                value[f, "allocations"] " in " note[f, "allocations"]
        }
    }'
