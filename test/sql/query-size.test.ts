import { expect, it } from 'vitest'
import type { QueryTable } from '../../src/core/model.ts'
import { isReadInFull } from '../../src/sql/query-size.ts'

const events: QueryTable = { schema: 'public', name: 'events', kind: 'table', columns: [], indexes: [] }

it.each([
  ['Seq Scan public.events', true],
  ['Index Only Scan public.events by btree(happened_at)', true],
  ['Index Scan public.events by btree(happened_at)', true],
  ['Index Scan public.events by btree(user_id): user_id', false],
  [`Index Scan public.events by btree(id) WHERE (state = 'new'::text)`, false],
  ['Bitmap Heap Scan public.events by gin(tags): tags', false],
  ['Seq Scan public.users', false],
])('%s reads all of events: %s', (line, isAll) => {
  expect(isReadInFull({ cost: 1, rows: 1, text: '', shape: [line] }, events)).toBe(isAll)
})

it('is not known without a plan', () => {
  expect(isReadInFull(undefined, events)).toBeUndefined()
})
