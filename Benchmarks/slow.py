#!/usr/bin/env python3
"""Slow HTTP clients: what they cost weir in memory, and what they cost the good clients beside them in time.

    Benchmarks/slow.py WEIR FILE [memory|latency]... [--count N]...

WEIR is a release build, FILE holds lines.

`memory`: resident memory above idle with N (10,000) connections of each kind:

    idle    connected, and silent
    kept    answered once, and silent since (keep-alive)
    head    the start of a head, a byte of it every two seconds
    body    a whole head and the start of a body of 100 kB, a byte of it every two seconds
    lines   a body of unknown length that brings a line of 20 bytes every two seconds, on N / 10 connections

`latency`: four good clients each post 1,000 lines in one request after the other: p50 and p99 of the time from the first byte
to the 200, without slow clients and with 1,000 and 10,000 of them, half `head` and half `body`. Rounds without and with them
take turns, since the machine may be shared.

The slow clients are a process of their own. Both processes need `ulimit -n` above N.
"""

import multiprocessing
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

START = {
    "idle": b"",
    "kept": b"GET /health HTTP/1.1\r\nHost: weir\r\n\r\n",
    "head": b"POST /insert/jsonline HTTP/1.1\r\nHost: weir\r\nUser-Agent: slow",
    "body": b"POST /insert/jsonline HTTP/1.1\r\nHost: weir\r\nContent-Length: 100000\r\n\r\n{",
    "lines": b"POST /insert/jsonline HTTP/1.1\r\nHost: weir\r\nTransfer-Encoding: chunked\r\n\r\n",
}
MORE = {"head": b"x", "body": b"x", "lines": b"15\r\n{\"a\":1,\"line\":\"abc\"}\n\r\n"}
PERIOD = 2.0


class Run:
    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory(prefix="weir-bench-")
        self.log = open(f"{self.folder.name}/log", "w+")
        # Slow clients are to stay: the deadlines that would end them are measured by the tests.
        command = [WEIR, "ingest", "--quiet", "--data", f"{self.folder.name}/data", "--http", "127.0.0.1:0", *options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        while not (found := re.search(r"listening on http 127.0.0.1:(\d+)", open(self.log.name).read())):
            time.sleep(0.02)
        self.port = int(found[1])

    def memory(self):
        text = open(f"/proc/{self.process.pid}/status").read()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) * 1024 / 1e6

    def cpu(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        if status != 0:
            sys.exit(open(self.log.name).read())
        self.folder.cleanup()


def slow_clients(port, kinds, count, pipe):
    """Holds `count` connections, of each kind in turn, until the other end of `pipe` says a word; answers how many are left."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    clients = []
    for index in range(count):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        kind = kinds[index % len(kinds)]
        if START[kind]:
            connection.sendall(START[kind])
        if kind == "kept":
            assert b"200" in connection.recv(4096)
        clients.append((connection, MORE.get(kind)))
    pipe.send("ready")
    lost, at = set(), 0
    while not pipe.poll():
        # A slice of all connections every hundredth of the period, as clients are that know nothing of each other.
        began = time.monotonic()
        for index in range(at, min(at + count // 100 + 1, count)):
            connection, more = clients[index]
            try:
                if more and index not in lost:
                    connection.sendall(more)
            except OSError:
                lost.add(index)
        at = at + count // 100 + 1 if at + count // 100 + 1 < count else 0
        time.sleep(max(0, PERIOD / 100 - (time.monotonic() - began)))
    for index, (connection, _) in enumerate(clients):
        connection.setblocking(False)
        try:
            if index not in lost and not connection.recv(1, socket.MSG_PEEK):
                lost.add(index)
        except BlockingIOError:
            pass
        except OSError:
            lost.add(index)
    pipe.send(count - len(lost))
    for connection, _ in clients:
        connection.close()


class Slow:
    def __init__(self, port, kinds, count):
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=slow_clients, args=(port, kinds, count, other))
        self.process.start()
        self.pipe.recv()

    def end(self):
        self.pipe.send("end")
        left = self.pipe.recv()
        self.process.join()
        return left


def memory(counts):
    for kind in START:
        for count in counts or [10_000]:
            count = count // 10 if kind == "lines" else count
            run = Run("--http-connections", str(count + 100))
            time.sleep(1)
            idle = run.memory()
            slow = Slow(run.port, [kind], count)
            time.sleep(2 * PERIOD)
            above, cpu = run.memory() - idle, run.cpu()
            time.sleep(5)
            cpu = (run.cpu() - cpu) / 5
            left = slow.end()
            print(
                f"memory   {kind:5} {count:6,} connections, {left:6,} left at the end: {above:6.1f} MB above idle "
                f"({idle:.1f}), {above * 1e6 / count:7,.0f} bytes each, {cpu * 100:.0f} % of a processor", flush=True)
            run.end()


def post(connection, body):
    head = f"POST /insert/jsonline HTTP/1.1\r\nHost: weir\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    answer = connection.recv(65536)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise OSError(answer.split(b"\r\n")[0].decode() or "closed")


def good_clients(port, bodies, requests, times, refused):
    def work():
        connection = None
        for index in range(requests):
            began = time.monotonic()
            while True:
                try:
                    if connection is None:
                        connection = socket.create_connection(("127.0.0.1", port))
                        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    post(connection, bodies[index % len(bodies)])
                    break
                except OSError as error:
                    refused[str(error)] = refused.get(str(error), 0) + 1
                    connection = None
                    if time.monotonic() - began > 20:
                        break
                    time.sleep(0.05)
            times.append(time.monotonic() - began)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def latency(counts):
    with open(FILE, "rb") as file:
        lines = file.read(20_000_000).splitlines(keepends=True)[:-1]
    bodies = [b"".join(lines[at:at + 1000]) for at in range(0, len(lines), 1000)]
    counts = [0] + (counts or [1_000, 10_000])
    times, refused = {count: [] for count in counts}, {count: {} for count in counts}
    for _ in range(ROUNDS):
        for count in counts:
            run = Run("--http-connections", str(count + 100))
            slow = Slow(run.port, ["head", "body"], count) if count else None
            good_clients(run.port, bodies, REQUESTS, times[count], refused[count])
            if slow:
                slow.end()
            run.end()
    for count, all in times.items():
        all.sort()
        print(
            f"latency  {count:6,} slow connections, {len(all)} requests of good clients: p50 {all[len(all) // 2] * 1e3:.0f} ms, "
            f"p99 {all[int(len(all) * 0.99)] * 1e3:.0f} ms, refused {refused[count] or 'none'}", flush=True)


ROUNDS, REQUESTS = 3, 40
if __name__ == "__main__":
    arguments = sys.argv[1:]
    numbers = []
    while "--count" in arguments:
        at = arguments.index("--count")
        numbers.append(int(arguments[at + 1]))
        del arguments[at:at + 2]
    WEIR, FILE, *ways = arguments
    for way in ways or ["memory", "latency"]:
        {"memory": memory, "latency": latency}[way](numbers)
