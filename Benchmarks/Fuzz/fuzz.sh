#!/usr/bin/env bash
# Fuzzes the scanner with libFuzzer: Benchmarks/Fuzz/fuzz.sh [seconds]
#
# Needs clang (Swift's own will do, as CLANG=…) for the fuzzer's run-time library. Any input is given to the strict
# scanner, to a plain one that is part of the fuzz target, and to every walk of the processor over a trie of two shapes that
# the input itself chooses; each must accept the same, none may read behind the memory it was given.
set -euo pipefail
cd "$(dirname "$0")/../.."
clang=${CLANG:-$(dirname "$(readlink -f "$(command -v swift)")")/clang}
work=${WORK:-$(mktemp -d)}
mkdir -p "$work/corpus"
"$clang" -O2 -g -fsanitize=fuzzer -DWEIR_JOINT_SURE=1 \
    -ISources/CLogKernels/include Benchmarks/Fuzz/walk_fuzzer.c \
    Sources/CLogKernels/walk.c Sources/CLogKernels/utf8.c Sources/CLogKernels/time.c \
    -o "$work/walk_fuzzer"
exec nice -n 10 "$work/walk_fuzzer" -max_total_time="${1:-60}" -max_len=128 -timeout=5 \
    -dict=Benchmarks/Fuzz/json.dict "$work/corpus"
