import { beforeAll, expect, test } from 'vitest'
import { sortKey, wantedBy } from '../../src/planning/recommend-conditions.ts'
import { loadParser } from '../../src/sql/parse.ts'

beforeAll(loadParser)

const own = new Set(['o'])

/** `how key [predicate]` for each condition. */
function read(text: string, aliases: ReadonlySet<string> = own): readonly string[] {
  return wantedBy(text, aliases).map(({ how, key, predicate }) =>
    [how, key?.sql, predicate === undefined ? undefined : `[${predicate}]`].filter(Boolean).join(' '),
  )
}

// as EXPLAIN (VERBOSE) prints them
test.each([
  ['(o.customer_id = $1)', ['equal customer_id']],
  ['(o.customer_id = 5)', ['equal customer_id [customer_id = 5]']],
  [
    `((o.status = 'new'::order_status) AND (o.total > $1))`,
    [`equal status [status = 'new'::order_status]`, 'range total'],
  ],
  ['($1 < o.total)', ['range total']],
  ['(o.customer_id = c.id)', ['join customer_id']],
  ['(c.id = o.customer_id)', ['join customer_id']],
  ['((o.sku)::text = $1)', ['equal sku']],
  ['(lower(o.email) = lower($1))', ['equal lower(email)']],
  [
    `(((o.created_at AT TIME ZONE 'UTC'::text))::date = $1)`,
    [`equal (((created_at AT TIME ZONE 'UTC'::text))::date)`],
  ],
  [`(o.id = ANY ('{1,2}'::bigint[]))`, [`one of id [id = ANY ('{1,2}'::bigint[])]`]],
  ['(o.deleted_at IS NULL)', ['equal deleted_at [deleted_at IS NULL]']],
  ['(o.coupon IS NOT NULL)', ['is true [coupon IS NOT NULL]']],
  ['o.active', ['is true [active]']],
  ['(NOT o.active)', ['is true [NOT active]']],
  [`(o.note ~~ '%x%'::text)`, [`pattern note [note ~~ '%x%'::text]`]],
  [`(o.note ~~ 'x%'::text)`, [`prefix note [note ~~ 'x%'::text]`]],
  ['(o.note ~~* $1)', ['pattern note']],
  ['(o.payload @> $1)', ['contains payload']],
  ['(o.id = (InitPlan 1).col1)', ['equal id']],
  ['((o.a = 1) OR (o.b = $1))', []],
  ['(o.total = (o.paid + c.credit))', []],
  ['(NOT (ANY (o.id = (hashed SubPlan 1).col1)))', []],
  ['this is (no SQL', []],
] as const)('%s', (text, expected) => {
  expect(read(text)).toEqual(expected)
})

test('quoted names stay quoted, and only the own alias goes', () => {
  expect(read(`("My Orders"."Customer Id" = 'My Orders.x'::text)`, new Set(['My Orders']))).toEqual([
    `equal "Customer Id" ["Customer Id" = 'My Orders.x'::text]`,
  ])
})

test('sort keys have their order', () => {
  expect(sortKey('o.created_at DESC NULLS LAST', own)).toEqual({
    key: { sql: 'created_at', column: 'created_at' },
    order: ' DESC NULLS LAST',
  })
  expect(sortKey('(lower(o.email))', own)).toEqual({ key: { sql: 'lower(email)' }, order: '' })
  expect(sortKey('(count(*)) DESC', own)).toBeUndefined()
  expect(sortKey('c.name', own)).toBeUndefined()
})
