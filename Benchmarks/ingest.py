#!/usr/bin/env python3
"""Ingest of lines into a store, beside the loading of other stores, on the same bytes in turn.

Usage: ingest.py FILE [ROUNDS]      FILE holds generated lines of the house format (weir-samples).

CPU seconds are user and system time of all threads of a whole process that does nothing else, from its start to its end:
weir from standard input to sealed segments, with journal, fsync, metrics and its standard rules; DuckDB's read_json and
chDB's JSONEachRow into a table of native columns (MergeTree ordered by time); clp-s into an archive; VictoriaLogs (the
process, once everything is flushed) from requests of 4 MB by HTTP. What is not installed is left out: PyPI `duckdb`,
`chdb`, `yscope-clp-core` (CLP_S names clp-s); VICTORIA names a victoria-logs binary, WEIR weir's.
"""
import http.client, os, shutil, statistics, subprocess, sys, tempfile, time

here = os.path.dirname(os.path.abspath(__file__))
weir = os.environ.get("WEIR", os.path.join(here, "..", ".build", "release", "weir"))
file = sys.argv[1]
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
work = tempfile.mkdtemp()
megabytes = os.path.getsize(file) / 1e6

DUCKDB = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1] + "/duck.db")
connection.execute("set threads = 2")
connection.execute("create table t as select * replace (timestamp::timestamp as timestamp) "
                   f"from read_json('{sys.argv[2]}', format = 'newline_delimited')")
connection.close()
"""
CHDB = """
import sys
from chdb import session
store = session.Session(sys.argv[1] + "/ch")
store.query("create database if not exists d")
fields = ("timestamp DateTime64(3), level String, service String, trace_id String, user_id Nullable(String), "
          "endpoint String, duration_ms Float64, status_code UInt16, message String")
typed = fields
for name in ("level", "service", "endpoint"):
    typed = typed.replace(name + " String", name + " LowCardinality(String)")
store.query(f"create table d.t ({typed}) engine = MergeTree order by timestamp")
store.query(f"insert into d.t select * from file('{sys.argv[2]}', 'JSONEachRow', '{fields}') settings max_threads = 2, "
            "input_format_skip_unknown_fields = 1, date_time_input_format = 'best_effort'")
store.close()
"""


def ended(process, start):
    """CPU seconds, wall seconds since `start` and peak memory (MB) of a process that is waited for."""
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{process.args[0]} ended with status {status}")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - start, usage.ru_maxrss / 1e3


def whole(arguments, directory, lines=None):
    start = time.perf_counter()
    process = subprocess.Popen(
        [argument.replace("DIRECTORY", directory) for argument in arguments],
        stdin=open(lines) if lines else subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return ended(process, start)


def victoria(binary, directory):
    port = 9428
    start = time.perf_counter()
    process = subprocess.Popen(
        [binary, f"-storageDataPath={directory}", f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(100):
        try:
            connection.connect()
            break
        except OSError:
            time.sleep(0.1)
    target = "/insert/jsonline?_stream_fields=service&_time_field=timestamp&_msg_field=message"
    with open(file, "rb") as lines:
        while batch := lines.read(4_000_000):
            connection.request("POST", target, batch + lines.readline())
            connection.getresponse().read()
    process.terminate()
    return ended(process, start)


stores = {"weir ingest": lambda directory: whole([weir, "ingest", "-q", "--data", "DIRECTORY"], directory, file)}
for name, program in (("duckdb", DUCKDB), ("chdb", CHDB)):
    if subprocess.run([sys.executable, "-c", f"import {name}"], stderr=subprocess.DEVNULL).returncode == 0:
        stores[name] = lambda directory, program=program: whole(
            [sys.executable, "-c", program, "DIRECTORY", file], directory)
if clp := os.environ.get("CLP_S") or shutil.which("clp-s"):
    stores["clp-s"] = lambda directory: whole([clp, "c", "DIRECTORY/clp", file], directory)
if binary := os.environ.get("VICTORIA"):
    stores["VictoriaLogs"] = lambda directory: victoria(binary, directory)

figures = {name: [] for name in stores}
for _ in range(rounds):
    for name, run in stores.items():
        # Whoever comes first would read the file from the disk where the others before it left no room for it in memory.
        with open(file, "rb") as lines:
            while lines.read(1 << 22):
                pass
        directory = os.path.join(work, "store")
        shutil.rmtree(directory, ignore_errors=True)
        os.mkdir(directory)
        cpu, wall, memory = run(directory)
        stored = sum(
            os.path.getsize(os.path.join(path, entry)) for path, _, entries in os.walk(directory) for entry in entries)
        figures[name].append((cpu, wall, memory, stored / 1e6))
shutil.rmtree(work, ignore_errors=True)

print(f"{os.path.basename(file)}, {megabytes:.1f} MB, medians of {rounds}")
print(f"{'':14}{'CPU s':>8}{'wall s':>8}{'MB/CPU s':>10}{'peak MB':>9}{'stored MB':>11}{'weir x':>8}")
ours = statistics.median(figure[0] for figure in figures["weir ingest"])
for name, rows in figures.items():
    cpu, wall, memory, stored = (statistics.median(row[column] for row in rows) for column in range(4))
    print(f"{name:14}{cpu:>8.2f}{wall:>8.2f}{megabytes / cpu:>10.0f}{memory:>9.0f}{stored:>11.1f}{cpu / ours:>8.2f}")
