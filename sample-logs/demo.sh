#!/usr/bin/env bash
# The demo: pipes the sample logs through the ingester and looks at what came of it. `make demo` calls it.
# Usage: demo.sh PATH-TO-WEIR
set -euo pipefail
weir=$1
here=$(cd "$(dirname "$0")" && pwd)
data=$(mktemp -d)/data
alerts=$(mktemp)

show() {
    printf '\n$ %s\n' "$1"
}

show 'cat sample-logs/{house,caddy,nginx,postgresql}.ndjson | weir ingest'
cat "$here"/{house,caddy,nginx,postgresql}.ndjson | "$weir" ingest --data "$data" >"$alerts"

show 'the first alerts it printed'
grep -m 3 FIRING "$alerts" | cut -c1-150
grep -m 1 'failed_logins' "$alerts" | cut -c1-150

query() {
    show "weir query '$1' ${*:2}"
    "$weir" query --data "$data" "$@"
}
query 'level:ERROR endpoint:="/api/v1/payments/charge" duration_ms:>5000' -n 2 | cut -c1-250
query '* | stats by (service) count() as n, quantile(0.95, duration_ms) as p95 | sort by (n desc) | limit 4' -o table
query 'event:login_failed client_ip:="203.0.113.7" | stats count() as failed, min(_time) as first, max(_time) as last' -o table

bytes_in=$(sort "$here"/{house,caddy,nginx,postgresql}.ndjson | sha256sum | cut -c1-16)
bytes_out=$("$weir" query --data "$data" '*' | sort | sha256sum | cut -c1-16)
show "weir query '*' | sort | sha256sum        # and of the sorted input"
echo "$bytes_out $bytes_in"
[ "$bytes_out" = "$bytes_in" ]

cat <<END

Try next, with this demo's data:
  export WEIR_DATA=$data PATH=\$PATH:$(cd "$(dirname "$weir")" && pwd)
  weir query 'timeout' -n 5
  weir query '_class:alerts' -o json
  weir stats; weir retention --dry-run; weir query --help
END
