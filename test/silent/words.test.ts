import { beforeAll, describe, expect, test } from 'vitest'
import { lastPart, nameParts, plainName, shownName, withoutLast } from '../../src/silent/names.ts'
import { rightsChanges } from '../../src/silent/rights.ts'
import { saidBy, sayingOf, type Saying } from '../../src/silent/words.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { script } from '../sql/scripts.ts'

beforeAll(loadParser)

/** Does the script say it? */
function says(text: string, saying: Saying, ...names: readonly string[]): boolean {
  const statements = layOutTransactions([parseScript(script(text))], false).flatMap(
    (migration) => migration.statements,
  )
  return sayingOf(saidBy(statements), saying, ...names).length > 0
}

describe('what statements say', () => {
  test.each<readonly [string, Saying, readonly string[]]>([
    ['comment on column shop.orders.total is null', 'comment', ['total', 'orders']],
    ['comment on trigger t on orders is null', 'comment', ['t', 'orders']],
    ['revoke all on all tables in schema shop from app', 'grant', ['anything']],
    ['grant select (a) on orders to app', 'grant', ['a', 'orders']],
    ['drop owned by app', 'grant', ['anything']],
    ['drop policy p on shop.orders', 'drop', ['p', 'orders']],
    ['alter table orders drop constraint c', 'drop', ['c', 'orders']],
    ['alter table orders rename constraint c to d', 'drop', ['c', 'orders']],
    ['alter table orders disable trigger all', 'trigger state', ['t', 'orders']],
    ['alter table orders alter total type bigint', 'type', ['total', 'orders']],
    ['alter table orders alter name type text collate "C"', 'collation', ['name', 'orders']],
    ['reassign owned by a to b', 'owner', ['anything']],
    ["do $$ begin comment on table orders is 'x'; end $$", 'comment', ['orders']],
    ["do $$ begin execute 'comment on table orders is null'; end $$", 'comment', ['orders']],
    // words about the old name are words about the new one
    ["comment on table a_new is 'x'; alter table a_new rename to a", 'comment', ['a']],
  ])('%s', (sql, saying, names) => {
    expect(says(sql, saying, ...names)).toBe(true)
  })

  test.each<readonly [string, Saying, readonly string[]]>([
    ['comment on column shop.orders.total is null', 'comment', ['total', 'lines']],
    ['drop policy p on shop.orders', 'drop', ['p', 'lines']],
    ['alter table orders alter name type text', 'collation', ['name', 'orders']],
    ['grant select on orders to app', 'grant', ['lines']],
    [
      "do $$ declare s text := 'comment on table orders is null'; begin execute s; end $$",
      'comment',
      ['orders'],
    ],
  ])('not: %s', (sql, saying, names) => {
    expect(says(sql, saying, ...names)).toBe(false)
  })
})

test('names of a snapshot, quoted where they have to be', () => {
  expect(nameParts('public."a.b"."c""d"')).toEqual(['public', 'a.b', 'c"d'])
  expect(nameParts('public.f(integer, text)')).toEqual(['public', 'f'])
  expect([lastPart('public.orders."to"'), withoutLast('public."a.b"."to"')]).toEqual(['to', 'public."a.b"'])
  expect([shownName('public.orders'), shownName('shop.orders')]).toEqual(['orders', 'shop.orders'])
  expect(plainName('public."a.b".c')).toBe('public.a.b')
})

describe('rights', () => {
  const object = (kind: string, grants: readonly string[]): Parameters<typeof rightsChanges>[0] => ({
    kind,
    identity: 'public.numbers',
    facts: { grants },
  })
  const restored = (kind: string, was: readonly string[], is: readonly string[]): readonly string[] =>
    rightsChanges(object(kind, was), object(kind, is)).map(({ restore }) => restore)

  test('are given back as they were', () => {
    expect(restored('sequence', ['USAGE to app with grant option', 'SELECT to "The reader"'], [])).toEqual([
      'GRANT USAGE ON SEQUENCE public.numbers TO app WITH GRANT OPTION',
      'GRANT SELECT ON SEQUENCE public.numbers TO "The reader"',
    ])
    expect(restored('domain', ['no USAGE to PUBLIC'], [])).toEqual([
      'REVOKE USAGE ON DOMAIN public.numbers FROM PUBLIC',
    ])
  })

  test('that everybody has are not missed, nor those of the owner', () => {
    expect(restored('sequence', ['USAGE to app'], ['USAGE to PUBLIC'])).toEqual([])
    expect(restored('enum', ['USAGE to app'], [])).toEqual([])
    expect(restored('enum', ['USAGE to app'], ['no USAGE to PUBLIC'])).toEqual([
      'GRANT USAGE ON TYPE public.numbers TO app',
    ])
    expect(restored('sequence', ['no USAGE to owner', 'SELECT to owner'], [])).toEqual([])
  })
})
