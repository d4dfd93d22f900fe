import { describe, expect, it } from 'vitest'
import { knownNames } from '../../src/replay/names-before.ts'
import { valueFree } from '../../src/replay/value-free-error.ts'

const canary = 'canary@example.com'
const known = knownNames(['public', 'users', 'email', 'age', 'orders', 'user_id', 'mood', 'Über', 'app'])

function told(code: string, message: string, more: object = {}, sql = 'ALTER TABLE users …'): string {
  const { sqlstate, message: text, table } = valueFree({ code, message, ...more }, known, sql)
  return [sqlstate, text, table].filter((part) => part !== undefined).join(' | ')
}

describe('an error of a server with production’s data', () => {
  it.each([
    ['23505', 'could not create unique index "users_email_key"'],
    ['23505', 'duplicate key value violates unique constraint "users_email_key1"'],
    ['23502', 'column "email" of relation "users" contains null values'],
    ['23502', 'null value in column "email" of relation "users" violates not-null constraint'],
    ['23503', 'insert or update on table "orders" violates foreign key constraint "orders_user_id_fkey"'],
    ['23514', 'check constraint "users_age_check" of relation "users" is violated by some row'],
    ['23505', 'could not create unique index "users_age_age1_email_idx2"'],
    ['23514', 'no partition of relation "orders" found for row'],
    ['22001', 'value too long for type character varying(10)'],
    ['22003', 'integer out of range'],
    ['22P02', 'invalid input syntax for type json'],
    ['55P03', 'canceling statement due to lock timeout'],
    ['57014', 'canceling statement due to statement timeout'],
    ['42703', 'column "email" of relation "users" does not exist'],
    ['42501', 'permission denied for table users'],
    ['42P07', 'relation "Über" already exists'],
  ])('%s keeps its words and the names of the schema: %s', (code, message) => {
    expect(told(code, message)).toBe(`${code} | ${message}`)
  })

  it.each([
    [
      '22P02',
      `invalid input syntax for type integer: "${canary}"`,
      'invalid input syntax for type integer: "…"',
    ],
    ['22P02', 'invalid input syntax for type integer: "users"', 'invalid input syntax for type integer: "…"'],
    ['22P02', `invalid input value for enum mood: "${canary}"`, 'invalid input value for enum mood: "…"'],
    [
      '22003',
      'value "8005551234" is out of range for type integer',
      'value "…" is out of range for type integer',
    ],
    ['22008', 'date/time field value out of range: "1999-13-24"', 'date/time field value out of range: "…"'],
    ['22P02', `malformed array literal: "${canary}"`, 'malformed array literal: "…"'],
    ['42P01', `relation "${canary}" does not exist`, 'relation "….…" does not exist'],
    ['23505', `could not create unique index "${canary}"`, 'could not create unique index "…"'],
    [
      '23514',
      `value for domain ${canary} violates check constraint "age"`,
      'value for domain … violates check constraint "age"',
    ],
    [
      '54000',
      'index row size 2720 exceeds btree version 4 maximum 2704 for index "users_email_idx"',
      'index row size … exceeds btree version … maximum … for index "users_email_idx"',
    ],
  ])('%s never shows a value: %s', (code, message, shown) => {
    expect(told(code, message)).toBe(`${code} | ${shown}`)
  })

  it.each([
    ['P0001', `the user ${canary} is bad`, 'P0001 | an error that the migration raises itself'],
    ['23505', `the user ${canary} is there twice`, '23505 | unique violation'],
    ['22023', `unknown thing ${canary}`, '22023 | a parameter has an invalid value'],
    ['CAN4R', canary, 'an error that the migration raises itself'],
    ['toString', canary, 'an error that the migration raises itself'],
    [
      '23505',
      'doppelter Schlüsselwert verletzt Unique-Constraint »users_email_key«',
      '23505 | unique violation',
    ],
    ['XX000', `cache lookup failed for ${canary}`, 'XX000 | internal error'],
    ['42601', `syntax error at or near "${canary}"`, '42601 | syntax error'],
  ])('%s in words that are not Postgres’ own is its condition alone', (code, message, shown) => {
    expect(told(code, message)).toBe(shown)
  })

  it('keeps what RAISE says literally in the migration', () => {
    const sql = "DO $$ BEGIN RAISE EXCEPTION 'users without an email are left.'; END $$"
    expect(told('P0001', 'users without an email are left.', {}, sql)).toBe(
      'P0001 | users without an email are left',
    )
    // a value may be a short word of the migration by chance
    expect(told('P0001', 'users', {}, sql)).toBe('P0001 | an error that the migration raises itself')
  })

  it('leaves out DETAIL, CONTEXT and HINT, and names that are none of the schema', () => {
    const detail = `Key (email)=(${canary}) is duplicated.`
    const more = { detail, where: canary, hint: canary, schema: 'public', table: 'users', constraint: canary }
    expect(
      JSON.stringify(valueFree({ code: '23505', message: canary, ...more }, known, canary.slice(0, 5))),
    ).toBe('{"sqlstate":"23505","message":"unique violation","table":"public.users"}')
    const forged = { schema: 'public', table: canary }
    expect(told('23505', 'deadlock detected', forged)).toBe('23505 | deadlock detected')
  })

  it('knows names that Postgres makes of others', () => {
    expect(known.has('orders_user_id_fkey')).toBe(true)
    expect(known.has('users_email_key12')).toBe(true)
    expect(known.has('users_bob_key')).toBe(false)
  })
})

describe('a name that a migration makes', () => {
  // the words of `format('users_%s', …)` and of an index on lower(email), lower(age)
  const names = knownNames(['users', 'users_', 'email', 'lower', '42'])

  it.each([
    ['users_email_key', true],
    ['users_email_key1', true],
    ['users_lower_lower1_idx', true],
    ['users_42', false],
    ['users_17', false],
    ['users_email17', false],
    ['users_email17_idx', false],
    ['17_idx', false],
    ['users_canary_idx', false],
    ['email_users', false],
    ['idx', false],
  ])('%s is known: %s', (name, isKnown) => {
    expect(names.has(name)).toBe(isKnown)
  })
})
