import { describe, expect, it } from 'vitest'
import type { SchemaObject } from '../../src/replay/fingerprint.ts'
import { withoutVersionTables } from '../../src/record/version-objects.ts'
import { versionsAdded, wentBack } from '../../src/record/went-back.ts'

const rows = (...versions: readonly string[]): ReadonlySet<string> => new Set(versions)

describe('how far a way down has gone', () => {
  it.each([
    ['as before', ['1'], ['1', '2'], ['1']],
    ['less far', ['1'], ['1', '2', '3'], ['1', '2']],
    ['further', ['1', '2'], ['1', '2', '3'], ['1']],
    ['further', ['1'], ['1', '2'], []],
    // one row that is changed (Alembic, golang-migrate)
    ['less far', ['1'], ['3'], ['3']],
    ['elsewhere', ['2'], ['4'], ['1']],
    // written down as another row (Flyway)
    ['unknown', ['1'], ['1', '2'], ['1', '2', 'undone 2']],
    ['unknown', [], [], []],
  ])('%s', (expected, before, left, after) => {
    expect(wentBack(rows(...before), rows(...left), rows(...after))).toBe(expected)
  })
})

it.each([
  [3, ['t {1}'], ['t {1}', 't {2}', 't {3}', 't {4}', 'other {1}']],
  [undefined, ['t {1}'], ['t {2}']],
  [undefined, ['t {1}'], ['t {1}']],
])('counts %s versions that the way up has written down', (count, before, left) => {
  expect(versionsAdded(rows(...before), rows(...left))).toBe(count)
})

it('leaves out what tools keep for themselves', () => {
  const object = (kind: string, identity: string, facts = {}): SchemaObject => ({ kind, identity, facts })
  const kept = [object('table', 'public.users'), object('index', 'public.i', { table: 'on public.users' })]
  const objects = [
    ...kept,
    object('table', 'public."SequelizeMeta"'),
    object('column', 'public."SequelizeMeta".name'),
    object('constraint', 'public."SequelizeMeta"."SequelizeMeta_pkey"'),
    object('table', 'public.knex_migrations'),
    object('index', 'public.j', { table: 'on public.knex_migrations' }),
    object('sequence', 'public.knex_migrations_id_seq', { 'owned by': 'public.knex_migrations.id' }),
    object('schema', 'drizzle'),
    object('table', 'drizzle.__drizzle_migrations'),
  ]
  expect(withoutVersionTables({ objects }).objects).toEqual(kept)
})
