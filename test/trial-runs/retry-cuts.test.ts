import { beforeAll, expect, test } from 'vitest'
import type { Migration, TransactionMode } from '../../src/core/model.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { chosenCuts, cutsOf, isLone, mayChange, mostCuts, type Changes } from '../../src/trials/retry-cuts.ts'
import { script } from '../sql/scripts.ts'

beforeAll(() => loadParser())

const changes: Changes = (statement) => mayChange(statement, () => false)

function migrationOf(text: string, mode: TransactionMode): Migration {
  const [migration] = layOutTransactions([parseScript(script(text, mode))], false)
  if (migration === undefined) throw new Error('no migration')
  return migration
}

/** `after 0`, `inside 1` */
const cuts = (text: string, mode: TransactionMode = 'statement'): readonly string[] =>
  cutsOf(migrationOf(text, mode), changes).map(({ kind, statement }) => `${kind} ${statement.index}`)

test('what commits together is broken off nowhere', () => {
  const text = 'create table a (); insert into a default values; create table b ()'
  expect(cuts(text, 'file')).toEqual([])
  expect(cuts(text, 'simple query')).toEqual([])
  expect(cuts(`begin; ${text}; commit`)).toEqual([])
  expect(cuts(text, 'run')).toEqual([])
})

test('behind each transaction that leaves something, but the last', () => {
  expect(cuts('set x.y = 1; create table a (); select 1; create table b (); show x.y')).toEqual(['after 1'])
  expect(
    cuts('create table a (); begin; create table b (); create table c (); commit; create table d ()'),
  ).toEqual(['after 0', 'after 4'])
})

test('inside of what commits in its middle', () => {
  expect(cuts('create index concurrently on a (b)', 'simple query')).toEqual(['inside 0'])
  expect(cuts('drop index concurrently a; reindex table concurrently b; vacuum c')).toEqual([
    'after 0',
    'inside 0',
    'inside 1',
  ])
  expect(cuts('do $$ begin commit; end $$; call p()')).toEqual(['after 0', 'inside 0', 'inside 1'])
  expect(cuts("do $$ begin perform 'commit;'; end $$")).toEqual([])
})

test('a statement alone is alone beside settings', () => {
  const alone = (text: string): boolean => isLone(migrationOf(text, 'statement'), changes)
  expect(alone("set lock_timeout = '2s'; create index concurrently on a (b); reset lock_timeout")).toBe(true)
  expect(alone('create index concurrently on a (b); create index concurrently on a (c)')).toBe(false)
})

test('of too many, those are tried that write rows, in their order', () => {
  const tables = Array.from({ length: mostCuts + 3 }, (_, at) => `create table t${at} ()`)
  const all = cutsOf(
    migrationOf(`${tables.join(';')}; insert into t0 default values; reset all; drop table t1`, 'statement'),
    changes,
  )
  const chosen = chosenCuts(all.map((cut) => ({ cut })))
  expect(all).toHaveLength(mostCuts + 4)
  expect(chosen).toHaveLength(mostCuts)
  expect(chosen.at(-1)?.cut.statement.tag).toBe('InsertStmt')
  expect(chosen[0]?.cut.statement.index).toBe(0)
})
