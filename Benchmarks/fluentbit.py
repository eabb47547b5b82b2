#!/usr/bin/env python3
"""Weir beside Fluent Bit: a file that is followed, and TCP over loopback, each to the disk.

    Benchmarks/fluentbit.py WEIR FLUENT_BIT FILE [MB [ROUNDS]]

WEIR and FLUENT_BIT are release builds, FILE newline-delimited JSON of which the first MB megabytes are taken (100). Prints MB of
input per CPU-second of the whole process for both, round by round in turn, and the median of the ratios. Fluent Bit writes with
its output `file`: lines that it has parsed as JSON, and, in the ways `raw`, lines as they are (no parser, tcp in its format
`none`). Weir does the same work in all of them: it scans, measures, evaluates its standard rules, journals and seals. That Fluent
Bit has written all lines is checked by counting them. WAYS, a comma between them, names some of tail, tcp, "tail raw", "tcp raw".
"""

import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

WEIR, FLUENT_BIT, FILE = sys.argv[1:4]
SIZE = int(sys.argv[4] if len(sys.argv) > 4 else 100) * 1_000_000
ROUNDS = int(sys.argv[5] if len(sys.argv) > 5 else 3)


def sample(folder):
    """The first SIZE bytes of FILE, whole lines, as a file of their own."""
    with open(FILE, "rb") as source:
        data = source.read(SIZE)
    data = data[: data.rindex(b"\n") + 1]
    path = f"{folder}/input.log"
    with open(path, "wb") as out:
        out.write(data)
    return path, len(data), data.count(b"\n")


def settle(path):
    """Neither side pays for what the other has left to be written, or for reading from the disk what it has pushed out of memory."""
    os.sync()
    with open(path, "rb") as file:
        while file.read(1 << 20):
            pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def send(port, path):
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port))
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    with connection, open(path, "rb") as source:
        connection.sendfile(source)


def cpu_of(process):
    """Ends `process` well; its CPU seconds, those of its children included."""
    process.send_signal(signal.SIGTERM)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    return usage.ru_utime + usage.ru_stime


def lines_of(folder):
    count = 0
    for name in os.listdir(folder):
        with open(f"{folder}/{name}", "rb") as file:
            while block := file.read(1 << 20):
                count += block.count(b"\n")
    return count


def weir(way, path, lines, folder):
    metrics = f"{folder}/metrics"
    port = free_port()
    source = ["--file", path] if way.startswith("tail") else ["--tcp", f"127.0.0.1:{port}"]
    command = [WEIR, "ingest", "--data", f"{folder}/data", "--metrics-file", metrics, "--quiet"]
    with open(f"{folder}/log", "w") as log:
        process = subprocess.Popen(command + source, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    if way.startswith("tcp"):
        send(port, path)
    # Its own metrics say when all is in; they come every ten seconds.
    while True:
        try:
            found = re.search(r"^weir_lines_total (\d+)", open(metrics).read(), re.MULTILINE)
        except FileNotFoundError:
            found = None
        if found and int(found[1]) >= lines:
            return cpu_of(process)
        time.sleep(0.2)


def fluent_bit(way, path, lines, folder):
    out = f"{folder}/out"
    os.mkdir(out)
    port = free_port()
    parsers = f"{folder}/parsers.conf"
    with open(parsers, "w") as file:
        file.write("[PARSER]\n    Name json\n    Format json\n")
    if way.startswith("tail"):
        source = ["-i", "tail", "-p", f"path={path}", "-p", "read_from_head=true"]
        source += [] if way.endswith("raw") else ["-p", "parser=json"]
    else:
        form = "none" if way.endswith("raw") else "json"
        source = ["-i", "tcp", "-p", f"port={port}", "-p", f"format={form}", "-p", "chunk_size=1024"]
    command = [FLUENT_BIT, "-q", "-f", "1", "-R", parsers] + source + ["-o", "file", "-p", f"path={out}", "-m", "*"]
    with open(f"{folder}/log", "w") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    if way.startswith("tcp"):
        send(port, path)
    deadline = time.monotonic() + 300
    while lines_of(out) < lines:
        if process.poll() is not None or time.monotonic() > deadline:
            print(f"fluent-bit {way}: {lines_of(out)} of {lines} lines written", flush=True)
            break
        time.sleep(1)
    return cpu_of(process)


def main():
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as root:
        path, size, lines = sample(root)
        for way in os.environ.get("WAYS", "tail,tcp,tail raw,tcp raw").split(","):
            ratios = []
            for _ in range(ROUNDS):
                rates = []
                for run in (weir, fluent_bit):
                    folder = tempfile.mkdtemp(dir=root)
                    settle(path)
                    rates.append(size / 1e6 / run(way, path, lines, folder))
                    shutil.rmtree(folder)
                ratios.append(rates[0] / rates[1])
                print(f"{way}  weir {rates[0]:.0f}  fluent-bit {rates[1]:.1f} MB per CPU-second", flush=True)
            print(f"{way}  {statistics.median(ratios):.1f} times")


main()
