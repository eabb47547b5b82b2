#!/usr/bin/env python3
"""How long an alert takes: from the moment at which an application writes a line to the one at which a webhook has it.

    Benchmarks/alerts.py WEIR [--lines N] [--load LINES_PER_SECOND]

WEIR is a release build. A rule `count(event:incident) > 0 over 1m by incident` has a webhook on loopback; its route waits for
nothing. N lines (500), each an incident of its own, go in over TCP one after the other, at random distances of up to 50 ms, among
LINES_PER_SECOND (0) other lines of the house format. Prints p50, p99 and the longest time, and how many came more than once or
not at all.
"""

import argparse
import http.server
import json
import random
import re
import socket
import subprocess
import tempfile
import threading
import time


def line(**members):
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03}Z"
    return json.dumps({"timestamp": stamp, "level": "INFO", "service": "api", **members}).encode() + b"\n"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("weir")
    options.add_argument("--lines", type=int, default=500)
    options.add_argument("--load", type=int, default=0)
    given = options.parse_args()
    received = {}

    class Webhook(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            now = time.monotonic()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            for alert in json.loads(body)["alerts"]:
                if alert["status"] == "firing":
                    received.setdefault(alert["labels"]["incident"], []).append(now)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        with open(f"{folder}/alerts.yaml", "w") as out:
            out.write(f"""
groups:
  - name: bench
    rules:
      - {{alert: incident, condition: 'count(event:incident) > 0 over 1m by incident'}}
storm: off
route: {{receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s}}
receivers:
  - {{name: hook, webhook_configs: [{{url: 'http://127.0.0.1:{server.server_port}/'}}]}}
""")
        child = subprocess.Popen(
            [given.weir, "ingest", "--data", f"{folder}/data", "--tcp", "127.0.0.1:0", "--alerts", f"{folder}/alerts.yaml"],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for said in child.stderr:
            if found := re.search(r"listening on tcp 127\.0\.0\.1:(\d+)", said):
                break
        else:
            raise SystemExit("weir does not listen")
        threading.Thread(target=child.stderr.read, daemon=True).start()
        address = ("127.0.0.1", int(found[1]))
        done = threading.Event()

        def load():
            with socket.create_connection(address) as other:
                while not done.is_set():
                    other.sendall(b"".join(
                        line(endpoint="/orders", status_code=200, duration_ms=number % 90, message="served")
                        for number in range(max(given.load // 20, 1))))
                    time.sleep(0.05)

        if given.load:
            threading.Thread(target=load, daemon=True).start()
        sent = {}
        choose = random.Random(1)
        with socket.create_connection(address) as application:
            application.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number in range(given.lines):
                time.sleep(choose.uniform(0, 0.05))
                sent[f"i{number}"] = time.monotonic()
                application.sendall(line(event="incident", incident=f"i{number}", message="it happened"))
            deadline = time.monotonic() + 30
            while len(received) < given.lines and time.monotonic() < deadline:
                time.sleep(0.05)
        done.set()
        child.terminate()
        child.wait()
    times = sorted(received[name][0] - at for name, at in sent.items() if name in received)
    if not times:
        raise SystemExit("nothing came")
    print(f"{given.lines} incidents, {given.load} other lines a second: p50 {times[len(times) // 2] * 1e3:.0f} ms, "
          f"p99 {times[min(len(times) - 1, len(times) * 99 // 100)] * 1e3:.0f} ms, longest {times[-1] * 1e3:.0f} ms; "
          f"{len(sent) - len(times)} did not come, {sum(len(all) > 1 for all in received.values())} came more than once")


if __name__ == "__main__":
    main()
