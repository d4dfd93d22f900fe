/** Rows in the tables of rules' examples, for what must work on tables that hold some. */
export const remedyRows: Readonly<Record<string, string>> = {
  'avoid-blocking-partition-change': `
    INSERT INTO readings VALUES (1, '2026-05-01'); INSERT INTO readings_2025 VALUES (1, '2025-05-01');
    INSERT INTO visits VALUES ('/', '2026-05-01'), ('/', '2025-05-01');`,
  'avoid-required-column': `INSERT INTO orders SELECT n, n FROM generate_series(1, 5) n;`,
  'avoid-locking-referenced-table': `
    INSERT INTO customers VALUES (1, 'a'); INSERT INTO products VALUES (1); INSERT INTO orders VALUES (1, 1, 1);`,
  'avoid-slow-work-under-lock': `INSERT INTO customers VALUES (1, 'a'); INSERT INTO orders VALUES (1, 1, 1, 'done');`,
  'avoid-table-rewrite': `
    INSERT INTO orders (id, code, total, placed_at, shipped_at)
    SELECT n, 'c' || n, n, now(), CASE WHEN n > 1 THEN now() END FROM generate_series(1, 5) n;
    INSERT INTO sales VALUES ('a', 1);`,
  'require-batched-backfill': `
    INSERT INTO users (id, email) SELECT n, 'a' FROM generate_series(1, 5) n;
    INSERT INTO logs VALUES ('2026-01-01', 'debug 1'), ('2026-01-02', 'info');`,
  'require-checked-not-null': `INSERT INTO users VALUES (1, 'a', 'b');`,
  'require-concurrent-index': `
    INSERT INTO orders VALUES (1, 1, now()); INSERT INTO readings VALUES (1, '2026-05-01'), (1, '2027-05-01');`,
  'require-constraint-using-index': `
    INSERT INTO accounts VALUES (1, 'a', null), (2, 'b', null); INSERT INTO imports VALUES (1, 1), (2, 1);`,
  'require-not-valid-constraint': `
    INSERT INTO customers VALUES (1, 'a'); INSERT INTO orders VALUES (1, 1, 1); INSERT INTO discounts VALUES (1, 5);`,
}
