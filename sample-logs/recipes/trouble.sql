-- Statements that fail, wait or say something: run by postgresql.sh with psql.
SELECT 1 / 0;
SELEC balance FROM accounts;
SELECT * FROM invoices_2019 WHERE id = 7;
SELECT missing_column FROM accounts;
INSERT INTO accounts (id, owner, balance) VALUES (1, 'Zoé "Z" O''Neil', 10);
INSERT INTO accounts (id, owner, balance) VALUES (9001, 'nobody', -5);
INSERT INTO accounts (id, owner, balance) VALUES (9002, NULL, 5);
INSERT INTO orders (id, account) VALUES (1, 424242);
SELECT 'not a number'::integer;
SELECT 'café € 日本'::date;
SELECT book(1, 1000000);
SELECT book(2, 5);
DO $$ BEGIN RAISE WARNING 'balance of account % looks odd: "%"', 17, 'C:\temp\é.csv'; END $$;
DO $$ BEGIN RAISE LOG 'nightly import finished: % rows in % ms', 18230, 412.75; END $$;
SET statement_timeout = '150ms';
SELECT pg_sleep(5);
RESET statement_timeout;
SELECT pg_sleep(0.35);
SELECT pg_sleep(0.12), count(*)
  FROM accounts
 WHERE owner LIKE '%é%'
    OR balance > 100;
BEGIN;
UPDATE accounts SET balance = balance - 1 WHERE id = 2;
SELECT no_such_function(2);
SELECT 'ignored until the end of the block';
ROLLBACK;
SELECT a.id, b.id FROM generate_series(1, 60000) AS a(id)
  JOIN generate_series(1, 60000) AS b(id) ON md5(a.id::text) = md5(b.id::text)
 ORDER BY md5(a.id::text) OFFSET 59999;
COPY accounts FROM '/does/not/exist.csv';
DROP TABLE IF EXISTS never_there;
VACUUM accounts;
CHECKPOINT;
