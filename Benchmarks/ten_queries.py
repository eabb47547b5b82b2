"""The ten queries that queries.py and growth.py ask of house-format lines, and two searches of their bytes."""
import json, os, subprocess, time

expression = "returned [1-9][0-9]{3} hits"


def landmarks(lines):
    """A trace id that is there, and the day that the lines begin on."""
    for number, line in enumerate(lines):
        if number == 4:
            record = json.loads(line)
            return record["trace_id"], record["timestamp"][:10]
    raise SystemExit("too few lines to ask anything of")


def queries(trace, day):
    """Name: weir, DuckDB, chDB, ripgrep; None: not asked."""
    noon, later = f"{day}T12:00:00Z", f"{day}T14:20:00Z"
    endpoint = "/api/v1/workflows/execute"
    quantiles = ", ".join(f"quantile({q}, duration_ms)" for q in (0.5, 0.95, 0.99))
    return {
        "Q1 count": ("* | count()", "select count(*) from t", "select count() from t", ["-c", ""]),
        "Q2 one trace id": (
            f'trace_id:="{trace}"', f"select * from t where trace_id = '{trace}'",
            f"select * from t where trace_id = '{trace}'", ["-F", trace]),
        "Q3 level:ERROR": (
            "level:ERROR | count()", "select count(*) from t where level = 'ERROR'",
            "select count() from t where level = 'ERROR'", ["-c", "-F", '"level":"ERROR"']),
        "Q4 endpoint, slow": (
            f'endpoint:="{endpoint}" duration_ms:>1000',
            f"select * from t where endpoint = '{endpoint}' and duration_ms > 1000",
            f"select * from t where endpoint = '{endpoint}' and duration_ms > 1000",
            [f'"endpoint":"{endpoint}".*"duration_ms":[0-9]{{4,}}']),
        "Q5 word": (
            "timeout | count()", r"select count(*) from t where regexp_matches(message, '\btimeout\b')",
            "select count() from t where hasToken(message, 'timeout')", ["-c", "-w", "timeout"]),
        "Q6 expression": (
            f'message:~"{expression}" | count()', f"select count(*) from t where regexp_matches(message, '{expression}')",
            f"select count() from t where match(message, '{expression}')", ["-c", expression]),
        "Q7 by endpoint": (
            "* | stats by (endpoint) count()", "select endpoint, count(*) from t group by endpoint",
            "select endpoint, count() from t group by endpoint", None),
        "Q8 quantiles": (
            f"* | stats by (endpoint) {quantiles}",
            "select endpoint, approx_quantile(duration_ms, [0.5, 0.95, 0.99]) from t group by endpoint",
            "select endpoint, quantilesTDigest(0.5, 0.95, 0.99)(duration_ms) from t group by endpoint", None),
        "Q9 share by minute": (
            "* | stats by (_time:1m) count() n, count() if (status_code:>=500) bad",
            "select time_bucket(interval 1 minute, timestamp) m, count(*), count(*) filter (status_code >= 500) "
            "from t group by m",
            "select toStartOfMinute(timestamp) m, count(), countIf(status_code >= 500) from t group by m", None),
        "Q10 140 minutes": (
            f"_time:[{noon}, {later})",
            f"select * from t where timestamp >= '{noon}' and timestamp < '{later}'",
            f"select * from t where timestamp >= '{noon[:-1].replace('T', ' ')}' "
            f"and timestamp < '{later[:-1].replace('T', ' ')}'",
            [f'"timestamp":"{day}T(12|13|14:[01])']),
    }


def best(command, runs):
    """Milliseconds of the fastest of some runs of a process, and the most memory that one took, in MB."""
    fastest, peak = None, 0
    for _ in range(runs):
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(child.pid, 0)
        child.returncode = 0
        took = (time.perf_counter() - start) * 1e3
        fastest = took if fastest is None else min(fastest, took)
        peak = max(peak, usage.ru_maxrss / 1024)
    return fastest, peak
