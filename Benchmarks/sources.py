#!/usr/bin/env python3
"""What the ways into weir cost: TCP, Unix stream, UDP, beside standard input.

    Benchmarks/sources.py WEIR FILE [tcp] [tls] [unix] [stdin] [udp] [connections] [tls-connections]

WEIR is a release build, FILE newline-delimited lines. Each way prints MB per CPU-second of weir, from the start of the process to its
end: read, journaled and sealed. `udp` sends lines of 200 bytes at full speed, weir pinned to one processor, and accounts for
each of them. `connections` holds nearly 10,000 idle and slow connections and sends a line of 1 GiB without a newline;
`tls-connections` holds 5,000 with TLS, each of which sends 200 KB, beside as many plain ones.

Another way is a function below and an entry of WAYS.
"""

import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

WEIR, FILE = sys.argv[1], sys.argv[2]
MB = 1_000_000


class Run:
    """A `weir ingest` over a fresh data directory."""

    def __init__(self, *options, stdin=subprocess.DEVNULL, pinned=False):
        self.folder = tempfile.mkdtemp(prefix="weir-bench-")
        self.log = open(f"{self.folder}/log", "w+")
        self.metrics = f"{self.folder}/metrics"
        command = [WEIR, "ingest", "--data", f"{self.folder}/data", "--metrics-file", self.metrics]
        before = os.times()
        self.before = before.children_user + before.children_system
        self.start = time.monotonic()
        if pinned:
            command = ["taskset", "-c", "0"] + command
        self.process = subprocess.Popen(
            command + list(options), stdin=stdin, stdout=self.log, stderr=self.log)

    def address(self):
        """Waits until it listens; host and port, or a path."""
        while True:
            found = re.search(r"listening on \S+ (\S+)", open(f"{self.folder}/log").read())
            if found:
                break
            time.sleep(0.02)
        if found[1].startswith("/"):
            return found[1]
        host, port = found[1].rsplit(":", 1)
        return host, int(port)

    def memory(self):
        """Its resident memory now, in MB."""
        text = open(f"/proc/{self.process.pid}/status").read()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1000

    def counted(self, name):
        """The sum of a counter at the end."""
        lines = open(self.metrics).read().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    def end(self, stop=True):
        """Ends it; CPU seconds and seconds."""
        if stop:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait()
        after = os.times()
        if status != 0:
            sys.exit(open(f"{self.folder}/log").read())
        return (
            after.children_user + after.children_system - self.before,
            time.monotonic() - self.start,
        )

    def remove(self):
        shutil.rmtree(self.folder)


def figure(name, run, cpu, seconds):
    size = os.path.getsize(FILE)
    lines = run.counted("weir_lines_total")
    print(
        f"{name:12} {size / MB / cpu:7.0f} MB per CPU-second  {size / MB / seconds:7.0f} MB/s  "
        f"{lines:.0f} lines", flush=True)
    run.remove()


def send(connection):
    with open(FILE, "rb") as file:
        connection.sendfile(file)
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)
    connection.close()


def tcp():
    run = Run("--tcp", "127.0.0.1:0")
    send(socket.create_connection(run.address()))
    figure("tcp", run, *run.end())


def certificate(folder):
    """Options for a certificate of its own for this machine, and what trusts it."""
    subprocess.run(
        "umask 077; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem",
        shell=True, check=True, cwd=folder, stderr=subprocess.DEVNULL)
    trust = ssl.create_default_context(cafile=f"{folder}/cert.pem")
    return ["--tls-cert", f"{folder}/cert.pem", "--tls-key", f"{folder}/key.pem"], trust


def tls():
    folder = tempfile.mkdtemp(prefix="weir-bench-")
    options, trust = certificate(folder)
    run = Run("--tcp", "127.0.0.1:0", *options)
    connection = trust.wrap_socket(
        socket.create_connection(run.address()), server_hostname="localhost")
    with open(FILE, "rb") as file:
        while block := file.read(1 << 20):
            connection.sendall(block)
    connection.unwrap().close()
    figure("tls", run, *run.end())
    shutil.rmtree(folder)


def unix():
    path = f"{tempfile.gettempdir()}/weir-bench-{os.getpid()}.sock"
    run = Run("--unix", path)
    run.address()
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    send(connection)
    figure("unix", run, *run.end())


def stdin():
    """A pipe, as other sources have somebody who writes, too."""
    reader, writer = os.pipe()
    run = Run("-", stdin=reader)
    os.close(reader)
    with open(FILE, "rb") as file:
        while block := file.read(1 << 20):
            view = memoryview(block)
            while view:
                view = view[os.write(writer, view):]
    os.close(writer)
    figure("stdin", run, *run.end(stop=False))


UDP_SENDER = r"""
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
// sender PORT LINES RATE: numbered lines of 200 bytes, each a datagram, 32 a call, at most RATE a second (0: as fast as it goes).
// The kernel cuts one buffer into datagrams, so that one processor can send more than one can receive.
int main(int argc, char **argv) {
    long total = atol(argv[2]), rate = atol(argv[3]), sent = 0;
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(s, (void *)&to, sizeof to)) return 1;
    static char text[32 * 200 + 1];
    int size = 200;
    if (setsockopt(s, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size)) { perror("UDP_SEGMENT"); return 1; }
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (sent < total) {
        int count = total - sent < 32 ? total - sent : 32;
        for (int i = 0; i < count; i++) {
            char *line = text + i * 200;
            int head = sprintf(line, "{\"timestamp\":\"2025-01-18T12:00:00.%06ldZ\",\"level\":\"INFO\",\"service\":\"api\",\"n\":%ld,\"message\":\"", (sent + i) % 1000000, sent + i);
            memset(line + head, 'x', 198 - head);
            memcpy(line + 198, "\"}", 2);
        }
        if (send(s, text, count * 200, 0) < 0) { perror("send"); return 1; }
        int done = count;
        sent += done;
        if (rate) do {
            clock_gettime(CLOCK_MONOTONIC, &now);
        } while ((now.tv_sec - start.tv_sec) + (now.tv_nsec - start.tv_nsec) / 1e9 < (double)sent / rate);
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%f\n", (now.tv_sec - start.tv_sec) + (now.tv_nsec - start.tv_nsec) / 1e9);
    return 0;
}
"""


def udp():
    folder = tempfile.mkdtemp(prefix="weir-bench-")
    source = f"{folder}/sender.c"
    open(source, "w").write(UDP_SENDER)
    subprocess.run(["cc", "-O2", "-o", f"{folder}/sender", source], check=True)
    for rate in (300_000, 0):
        lines = 3_000_000
        run = Run("--udp", "127.0.0.1:0", pinned=True)
        _, port = run.address()
        output = subprocess.run(
            ["taskset", "-c", "1", f"{folder}/sender", str(port), str(lines), str(rate)],
            stdout=subprocess.PIPE, check=True, text=True).stdout
        run.end()
        received = run.counted("weir_lines_total")
        dropped = run.counted("weir_datagrams_dropped_total")
        print(
            f"udp          sent {lines} at {lines / float(output):,.0f} a second: received "
            f"{received:.0f}, counted as dropped {dropped:.0f}, unexplained "
            f"{lines - received - dropped:.0f}; weir on one processor", flush=True)
        run.remove()
    shutil.rmtree(folder)


def connections():
    resource.setrlimit(resource.RLIMIT_NOFILE, (20_000, 20_000))
    run = Run("--tcp", "127.0.0.1:0")
    address = run.address()
    time.sleep(1)
    idle = run.memory()

    def say(what):
        time.sleep(1)
        print(f"connections  {what}: {run.memory() - idle:.1f} MB above idle ({idle:.1f})", flush=True)

    many = [socket.create_connection(address) for _ in range(9_990)]
    say("9,990 idle")
    for connection in many:
        connection.sendall(b"x" * 200)
    say("each has sent 200 bytes")
    big = socket.create_connection(address)
    block = b"y" * (1 << 20)
    for _ in range(1024):
        big.sendall(block)
    say("and a line of 1 GiB")
    for connection in many[:2000]:
        connection.sendall(b"z" * 1_000_000)
    say("and 2,000 have sent 1 MB each")
    good = socket.create_connection(address)
    good.sendall(b"a good client\n")
    good.close()
    run.end()
    run.remove()


def tls_connections():
    resource.setrlimit(resource.RLIMIT_NOFILE, (20_000, 20_000))
    count = 5_000
    burst = (b"x" * 199 + b"\n") * 1_000
    folder = tempfile.mkdtemp(prefix="weir-bench-")
    certified, trust = certificate(folder)

    def plain(address):
        return socket.create_connection(address)

    def secure(address):
        return trust.wrap_socket(plain(address), server_hostname="localhost")

    for name, options, connect in (("plain", [], plain), ("tls", certified, secure)):
        run = Run("--tcp", "127.0.0.1:0", *options)
        address = run.address()
        time.sleep(1)
        idle = run.memory()
        many = [connect(address) for _ in range(count)]
        time.sleep(3)
        print(f"{name:12} {count} idle: {(run.memory() - idle) * 1000 / count:.1f} KB each", flush=True)
        for connection in many:
            connection.sendall(burst)
        time.sleep(3)
        print(
            f"{name:12} and each has sent {len(burst)} bytes: "
            f"{(run.memory() - idle) * 1000 / count:.1f} KB each", flush=True)
        run.end()
        run.remove()
    shutil.rmtree(folder)


WAYS = {
    "stdin": stdin, "tcp": tcp, "tls": tls, "unix": unix, "udp": udp, "connections": connections,
    "tls-connections": tls_connections,
}
for name in sys.argv[3:] or WAYS:
    WAYS[name]()
