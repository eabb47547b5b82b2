#!/usr/bin/env python3
"""What `weir ingest --http` takes: megabytes of lines for each CPU-second of weir, and the time to an answer.

Usage: post.py FILE [MEGABYTES]      FILE holds lines, e.g. of `weir-samples`; about so many megabytes of it are sent.

1. The lines in requests of 4 MB over two connections, and the same over stdin. CPU is user and system time of the whole
   process up to its end, sealing included.
2. Requests of 1,000 lines, one after the other, over four connections: the time from the first byte to the 200.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

weir = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".build", "release", "weir")
weir = os.environ.get("WEIR", weir)


def start(directory, *arguments):
    log = open(os.path.join(directory, "log"), "w+")
    process = subprocess.Popen(
        [weir, "ingest", "--quiet", "--data", directory + "/data", "--http", "127.0.0.1:0", *arguments],
        stderr=log, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while True:
        log.seek(0)
        match = re.search(r"listening on http 127.0.0.1:(\d+)", log.read())
        if match:
            return process, int(match[1])
        time.sleep(0.01)


def end(process):
    """CPU seconds of the process, from start to end."""
    process.terminate()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, status
    return usage.ru_utime + usage.ru_stime


def post(connection, body):
    head = f"POST /insert/jsonline HTTP/1.1\r\nHost: weir\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200"), answer


def parallel(count, port, work):
    def run(number):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            work(number, connection)
    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def slices(data, size):
    start = 0
    while start < len(data):
        stop = data.find(b"\n", min(start + size, len(data) - 1)) + 1 or len(data)
        yield data[start:stop]
        start = stop


with open(sys.argv[1], "rb") as file:
    data = file.read((int(sys.argv[2]) if len(sys.argv) > 2 else 500) * 1_000_000)
data = data[: data.rfind(b"\n") + 1]
megabytes = len(data) / 1e6

for run in range(3):
    with tempfile.TemporaryDirectory() as directory:
        process, port = start(directory)
        bodies = list(slices(data, 4_000_000))
        began = time.time()
        parallel(2, port, lambda n, c: [post(c, body) for body in bodies[n::2]])
        wall = time.time() - began
        cpu = end(process)
        print(f"http   {megabytes / cpu:6.1f} MB/CPU-s  {cpu:6.2f} CPU s  {megabytes / wall:6.1f} MB/s")
    with tempfile.TemporaryDirectory() as directory:
        path = directory + "/lines"
        with open(path, "wb") as file:
            file.write(data)
        process = subprocess.Popen(
            [weir, "ingest", "--quiet", "--data", directory + "/data"], stdin=open(path, "rb"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        cpu = usage.ru_utime + usage.ru_stime
        print(f"stdin  {megabytes / cpu:6.1f} MB/CPU-s  {cpu:6.2f} CPU s")

lines = data[:50_000_000].splitlines(keepends=True)
bodies = [b"".join(lines[at:at + 1000]) for at in range(0, len(lines), 1000)]
with tempfile.TemporaryDirectory() as directory:
    process, port = start(directory)
    times = []

    def send(number, connection):
        for index in range(50):
            began = time.time()
            post(connection, bodies[(number * 50 + index) % len(bodies)])
            times.append(time.time() - began)

    parallel(4, port, send)
    end(process)
    times.sort()
    middle, late = times[len(times) // 2], times[int(len(times) * 0.99)]
    print(f"1,000 lines a request, commit interval 200 ms: p50 {middle * 1e3:.0f} ms, p99 {late * 1e3:.0f} ms")
