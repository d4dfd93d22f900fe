import { beforeAll, expect, it } from 'vitest'
import type { Effect, RewriteCause } from '../../src/core/model.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { rewriteCauseText } from '../../src/sql/rewrite-cause.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { script } from './scripts.ts'

beforeAll(loadParser)

it('leaves out the schema of types in public, as of tables', () => {
  const effect: Effect = {
    kind: 'catalog',
    object: { kind: 'table', schema: 'public', name: 't' },
    existedBefore: true,
    change: { type: 'change type', column: 'm', from: 'public.mood', to: 'other.mood' },
  }
  expect(causeOf('alter table t alter m type other.mood', 'column type', [effect])).toBe(
    'm changes from mood to other.mood',
  )
})

function causeOf(
  sql: string,
  cause: RewriteCause = 'column default',
  effects: readonly Effect[] = [],
): string {
  const statement = layOutTransactions([parseScript(script(sql))], false)[0]?.statements[0]
  if (statement === undefined) throw new Error('no statement')
  return rewriteCauseText(statement, effects, cause)
}

it.each([
  [
    "add a int, add b date default current_date, add c text default 'x' || 'y', add d uuid default gen_random_uuid()",
    'the default of d is evaluated for each row',
  ],
  ['add a timestamptz default now(), add b bigserial', 'b gets a value in each row'],
  ['add a int, add b posint', 'a gets a value in each row, b gets a value in each row'],
  [
    'add a int generated always as (b * 2) stored, add c int generated always as identity',
    'the stored column a is computed for each row, the identity column c numbers each row',
  ],
])('names the new columns that cause the rewrite: %s', (actions, cause) => {
  expect(causeOf(`alter table t ${actions}`)).toBe(cause)
})
