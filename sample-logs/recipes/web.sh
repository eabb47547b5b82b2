#!/bin/sh
# Runs Caddy or nginx under load and leaves the log in $RUN.
#
#     RUN=/tmp/logs-demo sh web.sh caddy|nginx SECONDS [CONNECTIONS [PAUSE_MS]]
#
# Everything listens on 127.0.0.1: 18080 Caddy, 18090 nginx, 18081 the backend.
set -eu
server=$1 seconds=$2 connections=${3:-24} pause=${4:-0}
here=$(cd "$(dirname "$0")" && pwd)
RUN=${RUN:-/tmp/logs-demo}
PATH=$PATH:/usr/sbin
mkdir -p "$RUN/site/static"
for i in 1 2 3 4 5 6 7 8 9 10 11; do
    head -c $((i * 1500)) /dev/zero | tr '\0' 'j' >"$RUN/site/static/app-$i.js"
    head -c $((i * 700)) /dev/zero | tr '\0' 'h' >"$RUN/site/static/page-$i.html"
done

python3 "$here/backend.py" 18081 &
started=$!
trap 'kill $started 2>/dev/null || true' EXIT
load() {
    if [ "$pause" = 0 ]; then
        wrk -t1 -c"$connections" -d"$1" -s "$here/load.lua" "$2"
    else
        wrk -t1 -c"$connections" -d"$1" -s "$here/load.lua" "$2" -- "$pause"
    fi
}
case $server in
caddy)
    export RUN ADMIN_HASH HOME="$RUN" XDG_DATA_HOME="$RUN" XDG_CONFIG_HOME="$RUN"
    ADMIN_HASH=$(caddy hash-password --plaintext demo)
    caddy run --config "$here/Caddyfile" --adapter caddyfile >"$RUN/caddy.out" 2>&1 &
    caddy=$!
    started="$started $caddy"
    sleep 1
    load $((seconds / 2))s http://127.0.0.1:18080
    caddy reload --force --config "$here/Caddyfile" --adapter caddyfile \
        --address 127.0.0.1:18019 >"$RUN/reload.out" 2>&1
    load $((seconds - seconds / 2))s http://127.0.0.1:18080
    kill -TERM $caddy
    wait $caddy || true
    ;;
nginx)
    printf 'admin:%s\n' "$(openssl passwd -apr1 demo)" >"$RUN/htpasswd"
    cp "$here/nginx.conf" "$RUN/nginx.conf"
    nginx -p "$RUN" -c nginx.conf -g 'daemon off;' &
    nginx=$!
    started="$started $nginx"
    sleep 1
    load "${seconds}s" http://127.0.0.1:18090
    kill -QUIT $nginx
    wait $nginx || true
    ;;
esac
