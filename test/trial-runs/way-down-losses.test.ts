import { expect, it } from 'vitest'
import type { Effect, Statement } from '../../src/core/model.ts'
import { destroyedRows } from '../../src/trials/way-down-losses.ts'

it('knows tables and columns that are called as keywords are', () => {
  const dropped = (name: string, change: object): Effect =>
    ({ kind: 'catalog', object: { kind: 'table', schema: 'public', name }, change }) as unknown as Effect
  const effects = [
    dropped('order', { type: 'drop column', column: 'limit' }),
    dropped('user', { type: 'drop' }),
  ]
  const objects = [
    { kind: 'column', identity: 'public."order"."limit"', facts: {} },
    { kind: 'table', identity: 'public."user"', facts: {} },
  ]
  expect(destroyedRows([{ statement: { tag: 'DropStmt' } as Statement, effects }], { objects })).toEqual([
    'destroys table user with its rows',
    'destroys column order.limit and what was written into it',
  ])
})
