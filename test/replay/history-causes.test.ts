import { describe, expect, it, test } from 'vitest'
import { failedStep, type FailedStep } from '../../src/replay/failed-step.ts'
import { causesOf } from '../../src/replay/history-causes.ts'
import { historyLimits } from '../../src/replay/history-limits.ts'
import { LostObjects } from '../../src/replay/lost-objects.ts'
import { missingObject } from '../../src/replay/missing-object.ts'
import { namesMadeAtRunTime } from '../../src/replay/run-time-names.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { migration } from './laboratory.ts'

// what tests are given is made before beforeAll()
await loadParser()

function step(sql: string, sqlstate: string, message: string): FailedStep {
  const one = migration(sql, 'statement')
  const [statement] = one.statements
  if (statement === undefined) throw new Error('no statement')
  return failedStep(one, statement, { sqlstate, message, reason: 'error' })
}

const vector = step('create extension vector', '0A000', 'extension "vector" is not available')
const items = step(
  'create table items (id bigint primary key, label text, embedding vector(3))',
  '42704',
  'type "vector" does not exist',
)

test.each([
  ['42P01', 'relation "public.items" does not exist', { kind: 'relation', name: 'items', schema: 'public' }],
  ['42703', 'column "a" of relation "t" does not exist', { kind: 'column', name: 'a', of: 't' }],
  ['42703', 'column t.a does not exist', { kind: 'column', name: 'a', schema: 't' }],
  [
    '42883',
    'function f(vector, integer) does not exist',
    { kind: 'function', name: 'f', signature: ['vector', 'integer'] },
  ],
  [
    '42883',
    'operator does not exist: vector <=> vector',
    { kind: 'operator', signature: ['vector', 'vector'] },
  ],
  [
    '42704',
    'operator class "x_ops" does not exist for access method "hnsw"',
    { kind: 'operator class', name: 'x_ops' },
  ],
  ['42704', 'constraint "c" of relation "t" does not exist', { kind: 'constraint', name: 'c', of: 't' }],
  ['42704', 'trigger "g" for table "t" does not exist', { kind: 'trigger', name: 'g', of: 't' }],
  ['3F000', 'schema "auth" does not exist', { kind: 'schema', name: 'auth' }],
  [
    '42830',
    'there is no unique constraint matching given keys for referenced table "t"',
    { kind: 'key', of: 't' },
  ],
])('reads from %s %j what is missing', (sqlstate, message, expected) => {
  expect(missingObject(sqlstate, message)).toMatchObject(expected)
})

test.each([
  ['23505', 'duplicate key value violates unique constraint "x"'],
  ['42P01', 'missing FROM-clause entry for table "x"'],
])('reads nothing from %s %j', (sqlstate, message) => {
  expect(missingObject(sqlstate, message)).toBeUndefined()
})

describe('what is lost', () => {
  const lost = new LostObjects([vector, items], undefined)
  const explain = (sql: string, sqlstate: string, message: string): string | undefined => {
    const one = migration(sql, 'statement')
    const [statement] = one.statements
    return statement === undefined ? undefined : lost.explain(one, statement, { sqlstate, message })
  }

  it.each([
    ['alter table items add a int', '42P01', 'relation "items" does not exist'],
    ['drop index items_label_idx', '42704', 'index "items_label_idx" does not exist'],
    [
      'alter table items drop constraint items_pkey',
      '42704',
      'constraint "items_pkey" of relation "items" does not exist',
    ],
    ['create table x (e halfvec)', '42704', 'type "halfvec" does not exist'],
    ['select a <=> b from x', '42883', 'operator does not exist: vector <=> vector'],
    ['create index on x using hnsw (e)', '42704', 'access method "hnsw" does not exist'],
  ])('%s may miss it', (sql, sqlstate, message) => {
    expect(explain(sql, sqlstate, message)).toBe('it builds on a step that could not be rehearsed')
  })

  it.each([
    ['alter table itmes add a int', '42P01', 'relation "itmes" does not exist'],
    ['drop index items_labell_idx', '42704', 'index "items_labell_idx" does not exist'],
    ['alter table users drop column label', '42703', 'column "label" of relation "users" does not exist'],
    ['select st_point(1, 2)', '42883', 'function st_point(integer, integer) does not exist'],
    ['select f(1)', '42883', 'function f(integer) does not exist'],
    ["select count(*) from users where emial = 'x'", '42703', 'column "emial" does not exist'],
  ])('%s is the author’s own mistake', (sql, sqlstate, message) => {
    expect(explain(sql, sqlstate, message)).toBeUndefined()
  })

  it('may be anything where code ran that nobody has read', () => {
    const why = 'it may build on V3__users.java, which is not run here'
    const one = migration('alter table itmes add a int', 'statement')
    const [statement] = one.statements
    const error = { sqlstate: '42P01', message: 'relation "itmes" does not exist' }
    expect(statement && new LostObjects([], { why }).explain(one, statement, error)).toBe(why)
  })

  it('may be a partition that is named after a date', () => {
    const text = `do $$ begin execute format('create table ev_%s partition of ev', to_char(now(), 'YYYYMM')); end $$;
      do $$ begin execute 'create table logs_p' || to_char(now(), 'YYYY') || ' partition of logs'; end $$`
    const names = namesMadeAtRunTime([text])
    expect(
      ['ev_202401', 'logs_p2024', 'ev_x', 'ev_', 'orders_202401'].map((name) => names.couldBe(name)),
    ).toEqual([true, true, false, false, false])
  })
})

describe('causes', () => {
  it('gather what follows from them, and stay apart from what does not', () => {
    const causes = causesOf([
      vector,
      items,
      step('create view v as select * from items', '42P01', 'relation "items" does not exist'),
      step('select * from v', '42P01', 'relation "v" does not exist'),
      step('create table p (g geometry)', '42704', 'type "geometry" does not exist'),
      step('create table q (a int) with oids', '42601', 'syntax error at or near "oids"'),
      step(
        'create function f() returns int language plv8 as $$ 1 $$',
        '42704',
        'language "plv8" does not exist',
      ),
      step(
        'insert into a values (1)',
        '23503',
        'insert or update on table "a" violates foreign key constraint "b"',
      ),
      step('alter table q add b int', '42P01', 'relation "q" does not exist'),
      step('create extension if not exists vector', '0A000', 'extension "vector" is not available'),
    ])
    expect(causes.map(({ kind, name, steps }) => [kind, name, steps.length])).toEqual([
      ['extension', 'vector', 5],
      ['lost', '', 1],
      ['version', '', 2],
      ['extension', 'plv8', 1],
      ['rows', '', 1],
    ])
  })

  it('tell everything to programs, and people the first places', () => {
    const many = Array.from({ length: 30 }, (_, at) =>
      step(`insert into t${at} values (1)`, '42804', `column "a${at}" is of type integer`),
    )
    const limits = historyLimits([vector, ...Array.from({ length: 12 }, () => items), ...many], {
      server: { kind: 'embedded', major: 17 },
      statementTimeoutMs: 60_000,
    })
    expect(limits).toHaveLength(10)
    expect(limits[0]).toMatchObject({
      message: expect.stringMatching(
        /the extension "vector", so 13 steps .*db\/1\.sql:1, 1, 1, 1, 1 and 8 more/,
      ),
      hint: expect.stringMatching(/pgvector\/pgvector:pg17.*--server-url.*stub: \['vector'\]/),
    })
    expect(limits[0]?.steps).toHaveLength(13)
    expect(limits.at(-1)?.steps).toHaveLength(22)
  })

  it('tell once that the triggers of foreign keys are not ours to switch off', () => {
    const steps = [18_592, 18_624].map((oid) =>
      step(
        'alter table t disable trigger all',
        '42501',
        `permission denied: "RI_ConstraintTrigger_c_${oid}" is a system trigger`,
      ),
    )
    const [limit, ...others] = historyLimits(steps, {
      server: { kind: 'embedded', major: 17 },
      statementTimeoutMs: 60_000,
    })
    expect(others).toEqual([])
    expect(limit?.message).toContain(
      '(permission denied: the trigger of a foreign key is a system trigger), so 2',
    )
  })

  it('tell extensions together that one remedy brings', () => {
    const lacks = (name: string): FailedStep =>
      step(`create extension ${name}`, '0A000', `extension "${name}" is not available`)
    const limits = historyLimits(['pg_net', 'vector', 'pg_graphql', 'supabase_vault'].map(lacks), {
      server: { kind: 'embedded', major: 17 },
      statementTimeoutMs: 60_000,
    })
    expect(limits.map(({ message }) => message.split(' did not')[0])).toEqual([
      'This server does not have the extensions "pg_net", "pg_graphql" and "supabase_vault", so 3 steps of the history',
      'This server does not have the extension "vector", so 1 step of the history',
    ])
  })
})
