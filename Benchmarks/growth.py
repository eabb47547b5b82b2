#!/usr/bin/env python3
"""How the ten queries grow with the lines: milliseconds of whole processes over 2, 4, 8 and 16 million compacted lines.

Usage: growth.py [MILLIONS…]   (default: 2 4 8 16; the last takes some 4 GB of lines at a time, and a few minutes)

Each figure is the best of five runs. Behind them: what a further million lines costs, by the largest two, and how much of the
first time is spent whatever there is. WEIR and SAMPLES name the binaries (else .build/release), BENCH_DIR a directory for the
data, which is kept for the next run.
"""
import datetime, os, subprocess, sys

import ten_queries

here = os.path.dirname(os.path.abspath(__file__))
release = os.path.join(here, "..", ".build", "release")
weir = os.environ.get("WEIR", os.path.join(release, "weir"))
samples = os.environ.get("SAMPLES", os.path.join(release, "weir-samples"))
work = os.environ.get("BENCH_DIR", "/tmp/weir-growth")
sizes = [int(size) for size in sys.argv[1:]] or [2, 4, 8, 16]
os.makedirs(work, exist_ok=True)


def lines_of(millions):
    """The lines, a week of them for each two million."""
    start = datetime.datetime(2025, 1, 12)
    end = start + datetime.timedelta(days=3.5 * millions)
    return subprocess.Popen(
        [samples, "house", "--lines", str(millions * 1_000_000), "--start", start.isoformat() + "Z",
         "--end", end.isoformat() + "Z"], stdout=subprocess.PIPE)


def questions(millions):
    """The arguments of each query of so many lines."""
    with lines_of(millions) as lines:
        trace, day = ten_queries.landmarks(lines.stdout)
        lines.kill()
    asked = {name: [query] for name, (query, *_) in ten_queries.queries(trace, day).items()}
    asked["-g rare string"] = ["-g", trace]
    asked["-g expression, -c"] = ["-g", ten_queries.expression + '"', "-c"]
    return asked


def made(millions):
    """A data directory of so many compacted lines; what it takes, in bytes."""
    directory = os.path.join(work, f"{millions}M")
    if not os.path.isdir(directory):
        lines = lines_of(millions)
        subprocess.run([weir, "ingest", "-q", "--data", directory], stdin=lines.stdout, check=True)
        lines.wait()
        subprocess.run([weir, "compact", "--data", directory], check=True, stdout=subprocess.DEVNULL)
    files = (os.path.join(path, name) for path, _, names in os.walk(directory) for name in names)
    return directory, sum(os.path.getsize(name) for name in files)


stores = [made(size) for size in sizes]
print(f"{'millions of lines':20}" + "".join(f"{size:>9}" for size in sizes) + f"{'a million':>11}{'fixed':>8}{'MB':>6}")
print(f"{'MB stored':20}" + "".join(f"{size / 1e6:>9.1f}" for _, size in stores))
asked = [questions(size) for size in sizes]
for name in asked[0]:
    figures = [
        ten_queries.best([weir, "query", "--data", directory, *arguments[name]], 5)
        for (directory, _), arguments in zip(stores, asked)
    ]
    times = [took for took, _ in figures]
    text = f"{name:20}" + "".join(f"{took:>9.1f}" for took in times)
    if len(sizes) > 1:
        slope = (times[-1] - times[-2]) / (sizes[-1] - sizes[-2])
        text += f"{slope:>11.2f}{times[-1] - slope * sizes[-1]:>8.1f}"
    print(text + f"{max(peak for _, peak in figures):>6.0f}", flush=True)
