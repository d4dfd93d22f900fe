import { describe, expect, it } from 'vitest'
import { secretsIn } from '../../src/sql/secrets.ts'

const found = (sql: string): readonly string[] =>
  secretsIn(sql).map(({ kind, text, offset }) => {
    expect(sql.slice(offset, offset + text.length)).toBe(text)
    return `${kind} ${text}`
  })

describe('secrets in SQL', () => {
  it.each([
    ["CREATE ROLE app LOGIN PASSWORD 'hunter2'", 'password hunter2'],
    ["ALTER USER app ENCRYPTED PASSWORD E'a\\'b'", "password a\\'b"],
    [
      "ALTER USER app PASSWORD 'md5a3556571e93b0d20722ba62be61e8c2d'",
      'password md5a3556571e93b0d20722ba62be61e8c2d',
    ],
    ["CREATE USER MAPPING FOR app SERVER s OPTIONS (user 'x', password 'y1')", 'password y1'],
    [
      "CREATE SUBSCRIPTION s CONNECTION 'host=db password=geheim dbname=x' PUBLICATION p",
      'connection geheim',
    ],
    [
      "CREATE SUBSCRIPTION s CONNECTION 'host=db password=''ge heim'' port=1' PUBLICATION p",
      'connection ge heim',
    ],
    ["SELECT dblink_connect('postgresql://u:pw@h/db')", 'connection pw'],
    ["DO $$ BEGIN EXECUTE 'CREATE ROLE a PASSWORD ''geheim'''; END $$", 'password geheim'],
    ["DO $x$ BEGIN ALTER ROLE a PASSWORD 'geheim'; END $x$", 'password geheim'],
    ["CREATE ROLE a PASSWORD ''\n  'geheim'", 'password geheim'],
    ["DO $$ BEGIN EXECUTE format('ALTER ROLE %I PASSWORD %L', 'app', 'geheim'); END $$", 'password geheim'],
    ["DO $$ BEGIN EXECUTE format('ALTER ROLE x PASSWORD %2$L', 'app', 'geheim'); END $$", 'password geheim'],
    ["DO $$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ' || quote_literal('geheim'); END $$", 'password geheim'],
    ["INSERT INTO keys VALUES ('AKIAIOSFODNN7QWERTYU')", 'token AKIAIOSFODNN7QWERTYU'],
    ['SELECT 1 /* glpat-x9Kq2LmN4pR7sT1vW3yZ */', 'token glpat-x9Kq2LmN4pR7sT1vW3yZ'],
  ])('%s', (sql, secret) => expect(found(sql)).toEqual([secret]))

  it.each([
    'CREATE ROLE app PASSWORD NULL',
    "CREATE ROLE app PASSWORD ''",
    "CREATE ROLE app PASSWORD '${app_password}'",
    "CREATE ROLE app PASSWORD 'SCRAM-SHA-256$4096:abc$def:ghi'",
    "UPDATE users SET password = 'x' WHERE user = 'y'",
    "INSERT INTO users (password) VALUES ('$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy')",
    "COMMENT ON COLUMN users.password IS 'the user''s password ''hashed'''",
    "ALTER TABLE users ADD CHECK (length(password) > 5 AND password <> 'secret')",
    "INSERT INTO links VALUES ('https://example.com/a:b@c', 'mailto:a@b')",
    "INSERT INTO docs VALUES ('AKIAIOSFODNN7EXAMPLE', 'password=abc')",
    "DO $$ BEGIN EXECUTE format('ALTER ROLE %I PASSWORD %L', 'app', given); PERFORM 'geheim'; END $$",
    "DO $$ BEGIN RAISE EXCEPTION 'no password %', 'given'; END $$",
  ])('none in %s', (sql) => expect(found(sql)).toEqual([]))
})

it.each([
  ['settings', `SELECT 'host=x password ${'a='.repeat(50_000)}'''`],
  ['tokens', `SELECT 'eyJ${'-eyJ'.repeat(20_000)}'`],
  ['passwords', `DO $$ ${"x password ''a'' ".repeat(5000)} $$`],
  ['schemes', `SELECT '${'a://b:'.repeat(20_000)}'`],
  ['literals', `SELECT ${"'password', ".repeat(20_000)}1`],
])('many %s take no long time', (_, sql) => {
  expect(secretsIn(sql).every(({ kind }) => kind === 'password')).toBe(true)
})
