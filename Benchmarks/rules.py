#!/usr/bin/env python3
"""What alert rules cost on the way in: CPU time and memory of an ingest with 100 rules of up to 1,000 groups each, beside one
without rules.

    Benchmarks/rules.py WEIR [--lines N] [--rounds N] [--mix apart|sparse|selective|dense]... [--file FILE]
    Benchmarks/rules.py WEIR --memory

WEIR is a release build. N lines (1,500,000) in the house format are generated from a fixed seed: 10 minutes of 8 services and
1,000 users. Rules group by user:

    apart       100 rules, each on one of 100 actions: every line counts in one rule
    sparse      12 rules a service that one to three in a hundred of its requests count in: failures, events
    selective   12 rules a service, two of which count every request (error_rate, p99), the others as above
    dense       12 rules a service that every request of the service counts in

the last three with four rules over everything, by endpoint. Runs without and with rules take turns; figures are medians of CPU seconds (user and
system, all threads), nanoseconds a line, and the most memory that was resident. `groups` is what the rules held at the end.

`--memory`: the most that is resident with 10,000 derived series (20 services, 100 endpoints, 5 statuses) and 100,000 groups (100
rules that count by 1,000 users), beside as many lines of the same sizes with one series and 100 groups.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import tempfile

SERVICES = ["brainops-api", "auth-service", "search-service", "document-store", "workflow-engine", "billing", "gateway",
            "mailer"]
USERS = 1_000

SELECTIVE = [
    "error_rate where service:{s} > 50% over 5m by user_id",
    "p99(duration_ms) where service:{s} > 60s over 5m by user_id",
    "count(service:{s} status_code:>=500) >= 500 over 10m by user_id",
    "count(service:{s} level:error) >= 500 over 10m by user_id",
    "count(service:{s} status_code:=429) > 200 over 10m by user_id",
    "count(service:{s} event:login_failed) >= 500 over 10m by user_id",
    "count(service:{s} status_code:in(401, 403)) > 1000 over 10m by user_id",
    "count(service:{s} duration_ms:>2000) >= 500 over 10m by user_id",
    "count(service:{s} event:circuit_breaker_opened) > 300 over 10m by user_id",
    "avg(tokens) where service:{s} event:completion > 100000 over 10m by user_id",
    "count(service:{s} level:warning endpoint:=\"/api/v1/workflows/execute\") > 500 over 10m by user_id",
    "distinct(client_ip) where service:{s} event:login_failed > 300 over 10m by user_id",
]
SPARSE = SELECTIVE[2:] + [
    "max(duration_ms) where service:{s} status_code:>=500 > 600s over 10m by user_id",
    "p99(duration_ms) where service:{s} event:completion > 600s over 10m by user_id",
]
DENSE = [
    "error_rate where service:{s} > 50% over 5m by user_id",
    "p99(duration_ms) where service:{s} > 60s over 5m by user_id",
    "p95(duration_ms) where service:{s} > 50s over 1m by user_id",
    "avg(duration_ms) where service:{s} > 50s over 5m by user_id",
    "max(duration_ms) where service:{s} > 500s over 5m by user_id",
    "rate(service:{s}) > 500 over 1m by user_id",
    "request_rate where service:{s} > 500 over 5m by user_id",
    "count(service:{s}) > 100000 over 10m by user_id",
    "sum(duration_ms) where service:{s} > 1000000000 over 5m by user_id",
    "success_rate where service:{s} < 1% over 5m by user_id",
    "min(duration_ms) where service:{s} > 500s over 5m by user_id",
    "distinct(endpoint) where service:{s} > 500 over 5m by user_id",
]
MIXES = {"apart": [], "sparse": SPARSE, "selective": SELECTIVE, "dense": DENSE}
GLOBAL = [
    "error_rate > 50% over 5m by endpoint",
    "p99(duration_ms) > 60s over 5m by endpoint",
    "rate(*) > 100000 over 1m by endpoint",
    "count(level:error) > 100000 over 5m by endpoint",
]


def mix(name):
    """The rules of a mix."""
    if name == "apart":
        return [f"count(action:=action_{number:02}) >= 1000000 over 10m by user_id" for number in range(100)]
    return [rule.format(s=service) for service in SERVICES for rule in MIXES[name]] + GLOBAL


def generate(path, lines):
    choose = random.Random(42)
    endpoints = [f"/api/v1/{noun}/{verb}" for noun in ("workflows", "documents", "auth", "search", "invoices", "mails",
                                                       "users", "teams", "exports", "hooks")
                 for verb in ("execute", "get", "list", "delete")]
    size = 0
    with open(path, "w") as out:
        for number in range(lines):
            millis = number * 600_000 // lines
            time = f"2025-01-12T12:{millis // 60_000:02}:{millis // 1000 % 60:02}.{millis % 1000:03}Z"
            service = SERVICES[min(int(choose.expovariate(0.45)), 7)]
            user = choose.randrange(USERS)
            endpoint = endpoints[min(int(choose.expovariate(0.15)), 39)]
            trace = f"{choose.getrandbits(128):032x}"
            dice = choose.random()
            status, level, event = 200, "INFO", ""
            if dice < 0.02:
                status, level = 500 + choose.randrange(4), "ERROR"
            elif dice < 0.04:
                status, level, event = 401, "WARNING", "login_failed"
            elif dice < 0.05:
                status, level = 429, "WARNING"
            elif dice < 0.06:
                event = "circuit_breaker_opened"
            elif dice < 0.08:
                event = "completion"
            elif dice < 0.11:
                level = "WARNING"
            duration = round(choose.lognormvariate(3.5, 1.2), 2)
            extra = ""
            if event == "login_failed":
                extra = f',"event":"login_failed","client_ip":"10.0.{choose.randrange(4)}.{choose.randrange(250)}"'
            elif event == "completion":
                extra = f',"event":"completion","tokens":{choose.randrange(4000)}'
            elif event:
                extra = f',"event":"{event}"'
            line = (f'{{"timestamp":"{time}","level":"{level}","service":"{service}","trace_id":"{trace}",'
                    f'"user_id":"user_{user}","action":"action_{number * 7919 % 100:02}","endpoint":"{endpoint}","duration_ms":{duration},"status_code":{status}'
                    f'{extra},"message":"Request {number} of user_{user} took {duration} ms"}}\n')
            size += len(line)
            out.write(line)
    return size


def alerts(path, rules):
    with open(path, "w") as out:
        out.write("groups:\n  - name: bench\n    rules:\n" if rules else "groups: []\n")
        for number, rule in enumerate(rules):
            out.write(f"      - {{alert: rule_{number}, condition: {json.dumps(rule)}}}\n")
        out.write("route: {receiver: none}\nreceivers: [{name: none}]\n")


def ingest(weir, lines, file, folder):
    """CPU seconds of one ingest, the most MiB that it had resident, and the groups of its rules."""
    data = f"{folder}/data"
    subprocess.run(["rm", "-rf", data], check=True)
    metrics = f"{folder}/metrics"
    with open(lines) as source:
        child = subprocess.Popen(
            [weir, "ingest", "--quiet", "--data", data, "--alerts", file, "--metrics-file", metrics],
            stdin=source, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"weir ended with {child.returncode}")
    with open(metrics) as text:
        found = re.findall(r"^weir_rule_groups (\d+)$", text.read(), re.M)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, found[0] if found else "?"


def series(path, is_wide):
    """2,000,000 lines: all combinations of service, endpoint and status, or the same one; of 1,000 users, or the same one."""
    choose = random.Random(42)
    with open(path, "w") as out:
        for number in range(2_000_000):
            service, endpoint, status = number % 20, number // 20 % 100, number // 2000 % 5
            user = choose.randrange(USERS)
            if not is_wide:
                service, endpoint, status, user = 10, 10, 2, 100
            millis = number * 600_000 // 2_000_000
            time = f"2025-01-12T12:{millis // 60_000:02}:{millis // 1000 % 60:02}.{millis % 1000:03}Z"
            out.write(f'{{"timestamp":"{time}","level":"INFO","service":"service-{service:02}","user_id":"user_{user:03}",'
                      f'"endpoint":"/api/v1/resource-{endpoint:02}","duration_ms":{choose.lognormvariate(3.5, 1.2):.2f},'
                      f'"status_code":{status + 1}00,"trace_id":"{choose.getrandbits(128):032x}"}}\n')


def memory(weir, folder):
    alerts(f"{folder}/rules", [f"count(duration_ms:>{number}) > 1000000 over 10m by user_id" for number in range(100)])
    resident = {}
    for name, is_wide in (("narrow", False), ("wide", True)):
        series(f"{folder}/lines", is_wide)
        _, resident[name], groups = ingest(weir, f"{folder}/lines", f"{folder}/rules", folder)
        with open(f"{folder}/metrics") as text:
            count = len(re.findall(r"^http_request_duration_seconds_count", text.read(), re.M))
        print(f"{name:7} {count} series, {groups} groups: {resident[name]:.0f} MiB resident")
    print(f"difference: {resident['wide'] - resident['narrow']:.0f} MiB")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("weir")
    options.add_argument("--lines", type=int, default=1_500_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--mix", action="append", choices=list(MIXES))
    options.add_argument("--file", help="lines to use instead of generated ones")
    options.add_argument("--memory", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        if given.memory:
            memory(given.weir, folder)
            return
        lines = given.file or f"{folder}/lines"
        if not given.file:
            generate(lines, given.lines)
        size = os.path.getsize(lines)
        with open(lines, "rb") as source:
            count = sum(1 for _ in source)
        print(f"{count} lines, {size / 1e6:.0f} MB")
        alerts(f"{folder}/none", [])
        for name_of_mix in given.mix or MIXES:
            rules = mix(name_of_mix)
            alerts(f"{folder}/{name_of_mix}", rules)
            times, sizes, groups = {"none": [], name_of_mix: []}, {"none": [], name_of_mix: []}, "?"
            for _ in range(given.rounds):
                for name in times:
                    cpu, resident, groups = ingest(given.weir, lines, f"{folder}/{name}", folder)
                    times[name].append(cpu)
                    sizes[name].append(resident)
            base, cost = (statistics.median(times[name]) for name in ("none", name_of_mix))
            low, high = (statistics.median(sizes[name]) for name in ("none", name_of_mix))
            print(f"{name_of_mix:10} {len(rules)} rules, {groups} groups: {base:.2f} s without, {cost:.2f} s with, "
                  f"{(cost - base) / count * 1e9:.0f} ns a line, {(cost - base) / cost:.1%} of the ingest; "
                  f"{size / base / 1e6:.0f} -> {size / cost / 1e6:.0f} MB per CPU second; "
                  f"{low:.0f} -> {high:.0f} MiB resident")


if __name__ == "__main__":
    main()
