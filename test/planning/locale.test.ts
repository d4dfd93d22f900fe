import { describe, expect, test } from 'vitest'
import type { Production } from '../../src/core/production.ts'
import { InflatedCopy } from '../../src/planning/inflated-copy.ts'
import { PlanningServer } from '../../src/planning/planning-server.ts'
import { localeSql, type DatabaseLocale } from '../../src/postgres/locale.ts'
import { planNodes } from '../../src/planning/plan.ts'
import { madeUpProduction, madeUpTable } from './made-up.ts'
import { planningRequest, query } from './truth.ts'

const schema = 'create table words (word text primary key, other int);'
// in the order of a dictionary: capitals between the others
const column = { width: 6, histogram: '{a,B,c,D,e,F,g,H,i,J,k}', correlation: 0 }
const { planner, ...known } = madeUpProduction([madeUpTable('words', 1_000_000, { word: column })])

interface Planned {
  readonly prefix: string
  readonly rows: number
  readonly limits: readonly string[]
}

async function planned(
  major: 14 | 18,
  locale: Partial<NonNullable<Production['planner']>>,
): Promise<Planned> {
  if (planner === undefined) throw new Error('no facts')
  const production = { ...known, planner: { ...planner, ...locale } }
  const request = await planningRequest(major, schema, '', production, [])
  const endsAt = performance.now() + 60_000
  await using planning = await PlanningServer.open(request, endsAt)
  await using copy = await InflatedCopy.open(planning, { ...request, endsAt })
  const prefix = await copy.explain(query('prefix', "select * from words where word like 'ab%'"), 'after')
  const range = await copy.explain(query('range', "select * from words where word < 'a'"), 'after')
  if ('error' in prefix || 'error' in range) throw new Error('no plan')
  return {
    // workers may read together
    prefix: planNodes(prefix.root).at(-1)?.['Node Type'] ?? '',
    rows: range.root['Plan Rows'],
    limits: planning.limits.map(({ code }) => code),
  }
}

describe.each([18, 14] as const)('PostgreSQL %i', (major) => {
  test('the collation C uses a plain index for LIKE', async () => {
    const { prefix, limits } = await planned(major, { collation: 'C', ctype: 'C', localeProvider: 'libc' })
    expect(prefix).toMatch(/^(?:Index|Bitmap Index) Scan/)
    expect(limits).toEqual([])
  })

  test('a locale that is not there is said, and histograms are sorted anew', async () => {
    const { prefix, rows, limits } = await planned(major, {
      collation: 'xx_YY.UTF-8',
      ctype: 'xx_YY.UTF-8',
      localeProvider: 'libc',
    })
    expect(prefix).toBe('Seq Scan')
    // in C.UTF-8 all five capitals of eleven bounds come before a
    expect(rows).toBeGreaterThan(400_000)
    expect(limits).toEqual(['planned-in-another-collation'])
  })
})

test('names of locales are not trusted, and a major has the providers that it has', () => {
  const evil = "C' owner postgres; drop table words; --"
  const of = (locale: Partial<DatabaseLocale>, major: number): string =>
    localeSql({ provider: 'libc', collation: 'C', ctype: 'C', ...locale }, major)
  expect(of({}, 14)).toBe(" encoding 'UTF8' lc_collate 'C' lc_ctype 'C'")
  expect(of({ provider: 'icu', locale: 'de-u-kn' }, 15)).toContain("locale_provider icu icu_locale 'de-u-kn'")
  for (const one of [{ collation: evil }, { ctype: '' }, { provider: 'icu', locale: evil } as const]) {
    expect(() => of(one, 18)).toThrow(/name of a locale/)
  }
  expect(() => of({ provider: 'icu', locale: 'de' }, 14)).toThrow(/no collations of icu/)
  expect(() => of({ provider: 'builtin', locale: 'C' }, 16)).toThrow(/no collations of builtin/)
})

test('ICU and the builtin provider', async () => {
  const icu = await planned(18, {
    collation: 'C.UTF-8',
    ctype: 'C.UTF-8',
    localeProvider: 'icu',
    locale: 'de',
  })
  expect(icu).toMatchObject({ prefix: 'Seq Scan', limits: [] })
  expect(icu.rows).toBeLessThan(10_000)
  const builtin = await planned(18, {
    collation: 'C.UTF-8',
    ctype: 'C.UTF-8',
    localeProvider: 'builtin',
    locale: 'C.UTF-8',
  })
  expect(builtin).toMatchObject({ limits: [] })
  expect(builtin.prefix).toMatch(/^(?:Index|Bitmap Index) Scan/)
})
