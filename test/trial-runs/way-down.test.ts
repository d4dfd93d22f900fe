/** What is taken back, and what of the schemas in between is whose fault. */
import { beforeAll, expect, test } from 'vitest'
import type { MigrationScript } from '../../src/core/source.ts'
import type { SchemaObject, SchemaSnapshot } from '../../src/replay/fingerprint.ts'
import { schemaDifferenceLines } from '../../src/replay/schema-diff-text.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { alikeLines } from '../../src/trials/alike-lines.ts'
import { downDifferences } from '../../src/trials/way-down-differences.ts'
import { destroyedRows } from '../../src/trials/way-down-losses.ts'
import { planWayDown } from '../../src/trials/way-down-plan.ts'
import { leftTrials } from '../../src/trials/way-down-words.ts'
import { wantsWayDown } from '../../src/trial-runs/wants-way-down.ts'

beforeAll(loadParser)

function script(
  version: number,
  up: string,
  down?: string,
  more: Partial<MigrationScript> = {},
): MigrationScript {
  const transaction = { mode: 'file', why: 'test' } as const
  const whole = (text: string) => ({ text, start: 0, end: text.length, transaction })
  return {
    ...{ source: 'test', file: `${version}.sql`, version: String(version), title: '', repeatable: false },
    ...whole(up),
    ...(down === undefined ? {} : { down: { file: `${version}.down.sql`, ...whole(down) } }),
    ...more,
  }
}

const planOf = (...scripts: readonly MigrationScript[]): ReturnType<typeof planWayDown> =>
  planWayDown(scripts.map(parseScript))

test('goes back from the latest to the first that has no way down, over rows and repeatable scripts', () => {
  const plan = planOf(
    script(1, 'create table a ()', 'drop table a'),
    script(2, 'create table b ()', '/* irreversible */'),
    script(3, 'create table c ()', 'drop table c'),
    script(4, 'update c set n = 1', 'select 1;'),
    script(5, 'create table d ()', 'drop table d'),
    script(6, 'create view v as select 1', undefined, { repeatable: true }),
  )
  expect(plan.back.map(({ index }) => index)).toEqual([4, 2])
  expect(plan.left.map(({ index, why }) => [index, why])).toEqual([
    [0, 'behind'],
    [1, 'none'],
    [3, 'passed over'],
    [5, 'passed over'],
  ])
  expect(leftTrials(plan)).toEqual([
    {
      kind: 'way down',
      about: '2.sql',
      outcome: 'not tried',
      says: 'It has no way down. What comes before it was not taken back either: 1.sql.',
      lines: [],
    },
  ])
})

test('a tool that runs all pending migrations in one transaction goes back in one of each', () => {
  const [way] = planOf(
    script(1, 'select 1', 'drop table a', {
      down: { ...wayDown('drop table a'), transaction: { mode: 'run', why: 'x' } },
    }),
  ).back
  expect(way?.down.script.transaction).toEqual({ mode: 'file', why: 'x' })
})

function wayDown(text: string): NonNullable<MigrationScript['down']> {
  return { file: 'd', text, start: 0, end: text.length, transaction: { mode: 'file', why: 'test' } }
}

test('is wanted where remedies are replayed and something can go back', () => {
  const one = { parsed: [parseScript(script(1, 'select 1', 'drop table a'))] }
  const none = { parsed: [parseScript(script(1, 'select 1', '-- nothing'))] }
  expect(wantsWayDown({ options: { config: {} }, scripts: one })).toBe(true)
  expect(wantsWayDown({ options: { config: {} }, scripts: none })).toBe(false)
  expect(wantsWayDown({ options: { config: { down: false } }, scripts: one })).toBe(false)
  expect(wantsWayDown({ options: { config: {}, down: false }, scripts: one })).toBe(false)
  expect(wantsWayDown({ options: { config: {}, prove: false }, scripts: one })).toBe(false)
  expect(wantsWayDown({ options: { config: {}, prove: false, down: true }, scripts: one })).toBe(true)
})

const table = (name: string, facts: SchemaObject['facts'] = {}): SchemaObject => ({
  kind: 'table',
  identity: `public.${name}`,
  facts,
})
const schema = (...objects: readonly SchemaObject[]): SchemaSnapshot => ({ objects })

test('what a later migration has left is not the fault of an earlier one', () => {
  const kept = table('kept')
  const { wrong, accepted } = downDifferences({
    beforeUp: schema(table('a')),
    afterUp: schema(table('a', { 'row security': 'enabled', grants: ['x'] }), table('b')),
    beforeDown: schema(table('a', { 'row security': 'enabled', grants: ['x', 'y'] }), table('b'), kept),
    afterDown: schema(table('a', { 'row security': 'enabled', grants: ['y'] }), kept),
  })
  expect(schemaDifferenceLines(wrong)).toEqual(['~ table public.a: row security none -> enabled'])
  expect(accepted.equal).toBe(true)
})

test('labels that an enum has got, extensions that stay and comments are accepted, a lost label is not', () => {
  const mood = (...labels: readonly string[]): SchemaObject => ({
    kind: 'enum',
    identity: 'public.mood',
    facts: { labels },
  })
  const before = schema(mood('a', 'b'), table('t'))
  const around = { beforeUp: before, afterUp: before, beforeDown: before }
  const stays: SchemaObject = { kind: 'extension', identity: 'citext', facts: {} }
  const more = downDifferences({
    ...around,
    afterDown: schema(mood('a', 'n', 'b'), table('t', { comment: 'c' }), stays),
  })
  expect(more.wrong.equal).toBe(true)
  expect(more.accepted.changes).toHaveLength(3)
  const less = downDifferences({ ...around, afterDown: schema(mood('b', 'a'), table('t')) })
  expect(less.wrong.equal).toBe(false)
})

test('rows are destroyed with what held them before, not with what the way down makes for itself', () => {
  const [statement] = parseScript(script(1, 'delete from logs')).statements
  if (statement === undefined) throw new Error('no statement')
  const placed = { ...statement, transaction: 0, inTransactionBlock: false }
  const object = (name: string) => ({ kind: 'table', schema: 'public', name })
  const dropped = (name: string) =>
    ({
      kind: 'catalog',
      object: object(name),
      existedBefore: false,
      change: { type: 'drop', cascaded: false },
    }) as const
  const lost = (name: string, column: string) =>
    ({
      kind: 'catalog',
      object: object(name),
      existedBefore: true,
      change: { type: 'drop column', column },
    }) as const
  const column = (name: string): SchemaObject => ({ kind: 'column', identity: `public.${name}`, facts: {} })
  const effects = [
    dropped('audit'),
    dropped('own'),
    lost('orders', 'note'),
    lost('orders', 'made_here'),
    lost('logs', 'at'),
    lost('logs', 'by'),
  ]
  expect(
    destroyedRows(
      [{ statement: placed, effects }],
      schema(table('audit'), table('orders'), column('orders.note'), column('logs.at'), column('logs.by')),
    ),
  ).toEqual([
    'destroys table audit with its rows',
    'destroys column orders.note and what was written into it',
    'destroys columns at, by of logs and what was written into them',
    'deletes all rows of logs',
  ])
})

test('lines that differ in their table alone are one', () => {
  const lock = (name: string): { text: string; name: string } => ({
    text: `Lock on ${name} (reads wait)`,
    name,
  })
  expect(
    alikeLines([lock('a'), { text: 'reads every row of a', name: 'a' }, lock('b'), lock('c'), lock('a')]),
  ).toEqual(['Lock on a, b and c (reads wait)', 'reads every row of a'])
  expect(alikeLines([...'abcdefgh'].map(lock))).toEqual(['Lock on a, b, c, d, e, f and 2 more (reads wait)'])
  expect(alikeLines([{ text: 'empties a, b', name: 'z' }])).toEqual(['empties a, b'])
})
