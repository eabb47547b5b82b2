#!/bin/sh
# Runs PostgreSQL 15 under load with JSON logging; the log is $RUN/data/log/postgresql.json.
#
#     RUN=/tmp/logs-demo sh postgresql.sh TRANSACTIONS_PER_CLIENT
#
# Not as root: PostgreSQL refuses that. Listens on 127.0.0.1:15499 and on a socket in $RUN.
set -eu
transactions=$1
here=$(cd "$(dirname "$0")" && pwd)
RUN=${RUN:-/tmp/logs-demo}
PATH=/usr/lib/postgresql/15/bin:$PATH
export PGHOST=$RUN PGPORT=15499 PGUSER=admin PGDATABASE=shop PGCONNECT_TIMEOUT=5
cd "$RUN"
initdb -D data -U admin --auth-local=trust --auth-host=scram-sha-256 -E UTF8 --locale=C.UTF-8 \
    >initdb.out
cat "$here/postgresql.conf" >>data/postgresql.conf
echo "unix_socket_directories = '$RUN'" >>data/postgresql.conf
pg_ctl -D data -w start >start.out
trap 'pg_ctl -D data -m fast -w stop >stop.out' EXIT

createdb shop
psql -q <<'SQL'
CREATE ROLE app LOGIN PASSWORD 'right';
CREATE TABLE accounts (id integer PRIMARY KEY, owner text NOT NULL,
    balance integer NOT NULL CHECK (balance >= 0));
INSERT INTO accounts SELECT i, 'owner ' || i, i % 500 FROM generate_series(1, 5000) AS i;
CREATE TABLE orders (id integer, account integer REFERENCES accounts);
CREATE FUNCTION book(account integer, amount integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounts SET balance = balance - amount WHERE id = account;
    RETURN amount;
END $$;
SQL
pgbench -q -i -s 2 >pgbench.out 2>&1

trouble() { psql -q -f "$here/trouble.sql" >trouble.out 2>&1 || true; }
refused() {
    for i in 1 2 3 4 5 6 7 8; do
        PGPASSWORD=wrong-$i psql -h 127.0.0.1 -U app -c 'SELECT 1' >refused.out 2>&1 || true
    done
    PGPASSWORD=x psql -h 127.0.0.1 -U intruder -c 'SELECT 1' >refused.out 2>&1 || true
    psql -d nowhere -c 'SELECT 1' >refused.out 2>&1 || true
}
deadlock() {
    psql -q -c 'BEGIN; UPDATE accounts SET balance = 1 WHERE id = 10; SELECT pg_sleep(0.5);
        UPDATE accounts SET balance = 1 WHERE id = 11; COMMIT' >lock1.out 2>&1 &
    psql -q -c 'BEGIN; UPDATE accounts SET balance = 2 WHERE id = 11; SELECT pg_sleep(0.5);
        UPDATE accounts SET balance = 2 WHERE id = 10; COMMIT' >lock2.out 2>&1 || true
    wait
}

# First with only slow statements logged, then with every statement.
trouble
refused
psql -q -c 'ALTER SYSTEM SET log_min_duration_statement = 0' -c 'SELECT pg_reload_conf()' >set.out
sleep 1
pgbench -n -c 4 -j 1 -t "$transactions" >bench1.out 2>&1
deadlock
trouble
pgbench -n -c 4 -j 1 -t "$transactions" -M extended >bench2.out 2>&1
pgbench -n -S -c 4 -j 1 -t "$((transactions / 4 + 1))" -M prepared >bench3.out 2>&1
refused
trouble
