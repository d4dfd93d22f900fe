import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { majors, openMajor } from '../replay/servers.ts'
import { check, lines } from './laboratory.ts'

const shop = `
  CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, name text);
  CREATE TABLE orders (
    id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, status varchar(20) NOT NULL DEFAULT 'new',
    note text, total numeric(10,2) NOT NULL DEFAULT 0);
  CREATE UNIQUE INDEX users_email_key ON users (email);
  CREATE FUNCTION vat(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'select $1 * 0.19';
  CREATE TYPE mood AS ENUM ('sad', 'fine');
`

describe.each(majors)('on PostgreSQL %i', (major) => {
  let server: PostgresServer
  beforeAll(async () => {
    await loadParser()
    server = await openMajor(major)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('finds the statement of a transaction after which queries fail', async () => {
    const found = await check(
      server,
      {
        setup: shop,
        review: [
          `SET LOCAL lock_timeout = '2s';
           ALTER TABLE orders ADD COLUMN channel text;
           ALTER TABLE orders DROP COLUMN note;
           ALTER TABLE users RENAME TO accounts;
           DROP FUNCTION vat(numeric);`,
          'DROP TYPE mood; DROP INDEX users_email_key;',
        ],
      },
      {
        by_column: 'SELECT o.id, o.note FROM orders o WHERE o.user_id = $1',
        by_table: 'SELECT name FROM users WHERE id = $1',
        by_function: 'SELECT vat(total) FROM orders WHERE id = $1',
        by_type: 'SELECT $1::mood',
        upsert: 'INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) DO NOTHING',
        untouched: 'SELECT status FROM orders WHERE id = $1',
        star: 'SELECT * FROM orders WHERE id = $1',
      },
    )
    console.log(lines(found), found.limits)
  })
})
